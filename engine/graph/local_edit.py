"""The graph that paints one region of a picture anew, made from the user's own graph. Pure.

The picture comes in by LoadImage; a mask says what may change; that part is cut out with its surroundings, enlarged to
the size that the model paints well, encoded, sampled by the user's own sampler from a late step on, decoded and put
back. Model, LoRAs, prompt and everything else that steers the sampler stay the user's. docs/design-notes.md, 19.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

from .detectors import WITHIN, InstalledDetector, add_detector
from .graph_view import GraphView
from .local_edit_parts import INPAINT, SPLIT, EditParts, find_edit_parts
from .loop_nodes import OUTPUTS, loop_node_of
from .model import Graph, Link, clean_copy, inputs_of, is_link, next_id, relink
from .node_class import ObjectInfo
from .roles import is_sampler
from .tracing import literal, reading_view

MOST_STEPS = 4096
"""Of a scheduler (`Flux2Scheduler` of comfy_extras/nodes_flux.py)."""
LEAST_SPLIT = 0.51
"""Denoise of sigmas of unknown number, so that of a single step one is left: SplitSigmasDenoise rounds."""


@dataclass(frozen=True)
class EditMask:
    """Where a picture is to change. Files are named as LoadImage takes them: "imitatoes/RUN/NAME.png [output]".

    words: found by Text Segment Mask with this engine; empty where file is the mask. invert: everything but these.
    file: a mask, white where it may change; with words, the mask where nothing is found. detector: one of this server
    that looks instead, within the file's mask where there is one.
    """

    words: str = ""
    invert: bool = False
    file: str = ""
    engine: str = "auto"
    ollama_model: str = ""
    connection: str = "local"
    detector: InstalledDetector | None = None


@dataclass(frozen=True)
class LocalEdit:
    """One region to paint anew. picture: file name as LoadImage takes it. has_alpha: whether it has an alpha channel.

    denoise: 0..1, how much of the old is painted over. grow, feather: in pixels; context: see cut_region.
    """

    picture: str
    mask: EditMask
    denoise: float
    has_alpha: bool = False
    grow: int = 8
    feather: float = 8.0
    context: float = 0.5


@dataclass
class _EditGraph:
    """A graph that is being changed."""

    graph: Graph
    view: GraphView

    def add(self, class_type: str, title: str, **inputs: Any) -> str:
        node_id = next_id(self.graph)
        self.graph[node_id] = {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}
        return node_id

    def set(self, node_id: str, **inputs: Any) -> None:
        self.graph[node_id]["inputs"].update(inputs)


def make_edit_graph(
    graph: Graph, object_info: ObjectInfo, critic: str, edit: LocalEdit, parts: EditParts | None = None
) -> Graph:
    """The graph that makes an edited picture, judged by the same VLMCritique. Nodes keep their ids; what is not needed
    is left out. The prompt is what SelfImprovingPrompt holds. parts: where they were found already. Raises
    EditRefused."""
    parts = parts or find_edit_parts(graph, object_info, critic)
    loop_node = loop_node_of(graph, critic)
    making = _EditGraph(clean_copy(graph), reading_view(graph, object_info))
    picture = making.add("LoadImage", "The picture to repair", image=edit.picture)
    crop = _add_crop(making, parts, edit, picture)
    encoded = making.add("VAEEncode", "The region as a latent", pixels=[crop, 0], vae=list(parts.vae))
    latent = making.add("SetLatentNoiseMask", "Only the region changes", samples=[encoded, 0], mask=[crop, 1])
    _bypass(making, parts)
    start = [latent, 0]
    if parts.fill:
        start = _fill_in(making, parts, crop)
    for node_id, name, kind in parts.references:
        making.set(node_id, **{name: [crop, 0] if kind == "IMAGE" else [encoded, 0]})
    for node_id in parts.sized:
        making.set(node_id, width=[crop, 3], height=[crop, 4])
    making.set(parts.sampler, **{parts.latent: start})
    _begin_late(making, parts, 1.0 if parts.fill or parts.by_instruction else edit.denoise)
    _steer_seed(making, parts, loop_node)
    repaired = _add_decode(making, parts, crop)
    if edit.has_alpha:
        repaired = making.add("JoinImageWithAlpha", "Opacity as it was", image=[repaired, 0], alpha=[picture, 1])
    relink(making.graph, parts.judged, Link(repaired, 0))  # what took the judged picture takes the repaired one
    return _needed(making.graph, object_info, critic, parts, repaired)


def _add_crop(making: _EditGraph, parts: EditParts, edit: LocalEdit, picture: str) -> str:
    masks = _add_masks(making, edit.mask, picture)
    given = {"else_mask": masks[1]} if len(masks) > 1 else {}
    return making.add(
        "ImitatoesRegionCrop",
        "The region and its surroundings",
        image=[picture, 0],
        mask=masks[0],
        grow=edit.grow,
        feather=edit.feather,
        context=edit.context,
        side=parts.side,
        multiple=parts.multiple,
        **given,
    )


def _add_masks(making: _EditGraph, mask: EditMask, picture: str) -> list[list[Any]]:
    """Links of the masks in the order in which they count: each one where those before it hold nothing."""
    file: list[Any] | None = None
    if mask.file:
        file = [making.add("LoadImageMask", "The region", image=mask.file, channel="red"), 0]
    detected = None if mask.detector is None else add_detector(making.add, mask.detector, picture)
    if detected is not None and file is not None:
        within = {"destination": detected, "source": file, "x": 0, "y": 0, "operation": "multiply"}
        return [[making.add(WITHIN, "What is found in the region", **within), 0], file]
    searched = _add_searched(making, mask, picture) if mask.words else None
    return [one for one in (detected, searched, file) if one is not None][:2]


def _add_searched(making: _EditGraph, mask: EditMask, picture: str) -> list[Any]:
    found: dict[str, Any] = {
        "image": [picture, 0],
        "text": mask.words,
        "engine": mask.engine,
        "model_folder": "auto",
        "threshold": 0.4,
        "select": "all",
        "number": 1,
        "grow": 0,
        "feather": 0.0,
        "fill_holes": True,
        "invert": mask.invert,
        "if_nothing_found": "empty mask",
        "connection": mask.connection,
    }
    if mask.ollama_model:
        found["ollama_model"] = mask.ollama_model
    return [making.add("ImitatoesTextSegmentMask", "The region", **found), 0]


def _bypass(making: _EditGraph, parts: EditParts) -> None:
    """What took the output of a bypassed node takes its input of the same type instead."""
    for node_id in parts.bypass:
        node = making.view.nodes[node_id]
        for wire in making.view.out_of(node_id):
            kind = node.outputs[wire.slot] if 0 <= wire.slot < len(node.outputs) else ""
            behind = [w for w in making.view.into(node_id) if making.view.type_of(w.source, w.slot) == kind]
            if not behind or kind not in ("CONDITIONING", "MODEL"):
                continue
            outputs = [slot for slot, one in enumerate(node.outputs) if one == kind]
            taken = behind[min(outputs.index(wire.slot), len(behind) - 1)]
            through = inputs_of(making.graph[node_id]).get(taken.input)
            if is_link(making.graph[wire.node]["inputs"].get(wire.input)):
                making.set(wire.node, **{wire.input: through})


def _fill_in(making: _EditGraph, parts: EditParts, crop: str) -> list[Any]:
    """The latent of an inpainting model: what it sees has the region blanked."""
    if parts.fill != "new":
        making.set(parts.fill, pixels=[crop, 0], mask=[crop, 1], vae=list(parts.vae), noise_mask=True)
        return [parts.fill, 2]
    taker = _conditioned(making, parts)
    names = [wire.input for wire in making.view.into(taker) if _is_conditioning(making.view, wire)]
    positive = next((name for name in names if name in ("positive", "conditioning", "cond1")), names[0])
    negative = "negative" if "negative" in names else positive
    inputs = making.graph[taker]["inputs"]
    fill = making.add(
        INPAINT,
        "What the inpainting model sees",
        positive=inputs[positive],
        negative=inputs[negative],
        vae=list(parts.vae),
        pixels=[crop, 0],
        mask=[crop, 1],
        noise_mask=True,
    )
    making.set(taker, **{positive: [fill, 0]})
    if negative != positive:
        making.set(taker, **{negative: [fill, 1]})
    return [fill, 2]


def _conditioned(making: _EditGraph, parts: EditParts) -> str:
    """The sampler, or the guider in front of it that takes the conditioning."""
    node_id = parts.sampler
    while True:
        wires = making.view.into(node_id)
        if any(_is_conditioning(making.view, wire) for wire in wires):
            return node_id
        node_id = next(w.source for w in wires if making.view.type_of(w.source, w.slot) == "GUIDER")


def _is_conditioning(view: GraphView, wire: Any) -> bool:
    return view.type_of(wire.source, wire.slot) == "CONDITIONING"


def _begin_late(making: _EditGraph, parts: EditParts, denoise: float) -> None:
    node = making.graph[parts.sampler]
    if parts.way == "denoise":
        making.set(parts.sampler, denoise=denoise)
    elif parts.way == "advanced":
        old = node["inputs"]
        names = ("model", "steps", "cfg", "sampler_name", "scheduler", "positive", "negative", "latent_image")
        inputs = {name: old[name] for name in names if name in old}
        node["class_type"] = "KSampler"
        node["inputs"] = {**inputs, "seed": old.get("noise_seed", 0), "denoise": denoise}
    else:
        name = next(
            wire.input
            for wire in making.view.into(parts.sampler)
            if making.view.type_of(wire.source, wire.slot) == "SIGMAS"
        )
        making.set(parts.sampler, **{name: _late_sigmas(making, parts, denoise)})


def _late_sigmas(making: _EditGraph, parts: EditParts, denoise: float) -> list[Any]:
    assert parts.sigmas is not None
    scheduler, slot = parts.sigmas
    if parts.way == "scheduler":
        making.set(scheduler, denoise=denoise)
        return [scheduler, slot]
    if denoise >= 1:
        return [scheduler, slot]
    place = parts.sampling.steps
    steps = literal(making.graph, place) if place is not None else None
    node = making.view.nodes[scheduler]
    if "steps" in node.specs and isinstance(steps, int) and steps > 0:
        # As many steps are left as the user paints whole pictures with: what KSampler's own denoise does.
        making.set(scheduler, steps=min(MOST_STEPS, math.ceil(steps / denoise)))
    else:
        denoise = max(denoise, LEAST_SPLIT)
    return [making.add(SPLIT, "Begin late", sigmas=[scheduler, slot], denoise=round(denoise, 2)), 1]


def _steer_seed(making: _EditGraph, parts: EditParts, loop_node: str) -> None:
    """The loop's seed, also where the graph keeps a seed of its own: the same one would paint the same again."""
    place = parts.sampling.seed
    if place is None:
        return
    if parts.way == "advanced" and place.node == parts.sampler:
        making.set(parts.sampler, seed=[loop_node, OUTPUTS["seed"]])
    elif place.node != loop_node:
        making.set(place.node, **{place.input: [loop_node, OUTPUTS["seed"]]})


def _add_decode(making: _EditGraph, parts: EditParts, crop: str) -> str:
    title, samples = "The region, painted anew", [parts.sampler, parts.slot]
    slot = 0
    if parts.decode:
        entry, known = copy.deepcopy(making.graph[parts.decode]), making.view.nodes[parts.decode]
        slot = known.outputs.index("IMAGE")
        inputs = {**entry["inputs"], known.inputs_of_type("LATENT")[0]: samples}
        decode = making.add(entry["class_type"], title, **inputs)
    else:
        decode = making.add("VAEDecode", title, samples=samples, vae=list(parts.vae))
    return making.add("ImitatoesRegionStitch", "The region back in its place", image=[decode, slot], region=[crop, 2])


def _needed(graph: Graph, object_info: ObjectInfo, critic: str, parts: EditParts, repaired: str) -> Graph:
    """The critic, the outputs that show the repaired picture without a further sampler, and what they need."""
    view = GraphView(graph, object_info)
    kept = {critic}
    for output in view.output_nodes:
        above = view.upstream([output])
        painters = [node_id for node_id in above if node_id != parts.sampler and is_sampler(view.nodes[node_id])]
        if repaired in above and not painters:
            kept.add(output)
    needed = view.upstream(kept)
    return {node_id: node for node_id, node in graph.items() if node_id in needed}
