"""Which parts of a user's graph can paint one region of its picture anew: sampler, decode, VAE, conditioning. Pure.

Read, never changed; local_edit.py makes the graph of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .chains import in_order
from .clips import paints_clip
from .family import MODEL_FILE_INPUTS, Family, family_in
from .graph_view import GraphView, Node
from .loop_nodes import LoopNotFound, loop_node_of
from .model import Link, inputs_of, link_of
from .node_class import ObjectInfo
from .pictures import painted_by
from .roles import Sampling, is_decode, is_sampler, sampling_of
from .tracing import along, carries, inputs_with_role, is_number, literal, reading_view

NEEDED = ("LoadImage", "LoadImageMask", "VAEEncode", "SetLatentNoiseMask")
OWN_NEEDED = ("ImitatoesRegionCrop", "ImitatoesRegionStitch", "ImitatoesTextSegmentMask")
SPLIT = "SplitSigmasDenoise"
INPAINT = "InpaintModelConditioning"
SIDE = 1024
"""Side in pixels of the area that a model paints best, where neither its family nor the graph tells."""
FILLS = re.compile(r"fill|inpaint", re.IGNORECASE)
"""Model files that want InpaintModelConditioning: FLUX.1 Fill, and checkpoints made for inpainting."""
REFERENCES = re.compile(r"ReferenceLatent|ImageEdit|EditEncode|TextEncode\w*Edit|InstructPixToPix", re.IGNORECASE)
"""Conditioning nodes by which an edit model sees the picture it is to change."""
CONTROLS = re.compile(r"control|diffsynth|lllite", re.IGNORECASE)
"""Nodes on a model's way that hold it to a map of the whole picture, which does not fit a cut."""

MAP_MODELS = re.compile(r"canny|depth|pose|hed|control", re.IGNORECASE)
"""Model files, of LoRAs too, that paint after a map which they cannot do without."""

Way = Literal["denoise", "advanced", "scheduler", "split"]
"""How a sampler is made to begin late: by its own denoise; as a KSampler in place of a KSamplerAdvanced; by the denoise
of the scheduler behind its sigmas; or by splitting the sigmas."""


class EditRefused(Exception):
    """The graph cannot paint a region of its picture anew. The message is the reason, one or two sentences."""


class NoSinglePicture(EditRefused):
    """What is judged is no picture by itself: nothing could repair it."""


CLIP = "The loop judges a clip, and only single pictures can be repaired."


@dataclass(frozen=True)
class EditParts:
    """What paints a region.

    sampler: node id; latent: its input that takes the latent, and slot of the output that gives it. way: how it begins
    late. sigmas: the scheduler behind it, for the ways that need it. decode: id of the node whose copy decodes, ""
    where the sampler decodes by itself; vae: for both ways between picture and latent.
    fill: id of the graph's own InpaintModelConditioning, "new" where one is to be put in, else "". references: inputs
    (node, name, type) by which an edit model sees the picture. bypass: ids of nodes that fit the whole picture alone.
    sized: ids of schedulers and model patches that are told width and height. side: of the area painted best.
    """

    judged: Link
    sampling: Sampling
    sampler: str
    latent: str
    slot: int
    way: Way
    sigmas: Link | None
    decode: str
    vae: Link
    fill: str
    references: tuple[tuple[str, str, str], ...]
    bypass: tuple[str, ...]
    sized: tuple[str, ...]
    side: int
    multiple: int

    @property
    def by_instruction(self) -> bool:
        """Whether an instruction says what to change, because the model was made for editing."""
        return bool(self.references)


def find_edit_parts(graph: Mapping[str, object], object_info: ObjectInfo, critic: str) -> EditParts:
    """What of a graph paints a region of the picture that this VLMCritique judges. Raises EditRefused."""
    view = reading_view(dict(graph), object_info)
    missing = [name for name in (*NEEDED, *OWN_NEEDED) if name not in object_info]
    if missing:
        raise EditRefused(f"This ComfyUI lacks {', '.join(missing)}.")
    judged = link_of(inputs_of(graph.get(critic)).get("images"))
    if judged is None or judged.source not in view.nodes:
        raise EditRefused("No picture is linked to VLM Critique.")
    painted = painted_by(view, *judged)
    if painted is None:
        raise EditRefused(f"No sampler paints the picture of {view.nodes[judged.source].label()}.")
    try:
        loop_node = loop_node_of(graph, critic)
    except LoopNotFound as problem:
        raise EditRefused(str(problem)) from problem
    if not painted.whole:
        what = "The loop judges a frame or a piece of what is painted; only whole pictures can be repaired."
        raise NoSinglePicture(what)
    reasons: list[str] = []
    for sampler in reversed(painted.samplers):
        found = _parts_at(view, object_info, judged, loop_node, view.nodes[sampler])
        if isinstance(found, EditParts):
            return found
        reasons.append(found)
    raise (NoSinglePicture if CLIP in reasons else EditRefused)(reasons[-1])


def _parts_at(view: GraphView, object_info: ObjectInfo, judged: Link, loop_node: str, sampler: Node) -> EditParts | str:
    """The parts where this sampler does the painting, or why it cannot."""
    label = sampler.heading()
    if sampler.known is not None and sampler.known.is_paid:
        return f"{label} is a service, which paints whole pictures only."
    sampling = sampling_of(view, sampler)
    if paints_clip(view, sampling):
        return CLIP
    latents = [place for place in inputs_with_role(view, sampler, "latent") if view.wire(*place)]
    if not latents:
        return f"{label} takes no latent of its own, so it cannot start from a picture."
    slot = _latent_slot(view, sampler)
    if slot is None:
        return f"{label} gives no latent, so its result cannot be put into the picture."
    if _continues(view, sampler):
        return f"{label} only finishes what another sampler began."
    began = _way(view, object_info, sampler)
    if isinstance(began, str):
        return began
    way, sigmas = began
    decode = _decode(view, sampler, judged)
    vae = _vae(view, sampler, decode)
    if vae is None:
        return f"No VAE is found that decodes the latent of {label.lower()}."
    conditioning = _behind(view, sampler, ("CONDITIONING", "GUIDER"))
    models = _behind(view, sampler, ("MODEL", "GUIDER", "SIGMAS"))
    family = family_in({node_id: view.graph[node_id] for node_id in view.upstream([sampler.id])})
    tied = next((node for node in conditioning if _is_tied(node)), None)
    if tied is not None and (reason := _tied_to_map(view, sampler, tied)):
        return reason
    references = _references(view, conditioning)
    fill = _fill(view, object_info, sampler, conditioning)
    bypass = _bypassed(view, [*conditioning, *models], {node for node, _, _ in references} | {fill})
    parts = EditParts(
        judged=judged,
        sampling=sampling,
        sampler=sampler.id,
        latent=latents[0].input,
        slot=slot,
        way=way,
        sigmas=sigmas,
        decode=decode,
        vae=vae,
        fill=fill,
        references=references,
        bypass=bypass,
        sized=tuple(node.id for node in models if _takes_size(view, node)),
        side=_side(view, family, sampling),
        multiple=max(16, family.size.multiple) if family and family.size else 16,
    )
    needed = _still_needed(view, parts)
    if not any(wire.source == loop_node and wire.slot == 0 for node_id in needed for wire in view.into(node_id)):
        return f"The prompt of {label.lower()} does not come from the loop, so a region cannot have one of its own."
    others = [node_id for node_id in sorted(needed) if is_sampler(view.nodes[node_id])]
    if others:
        return f"{label} is steered by what {view.nodes[others[0]].label()} paints, which would have to paint again."
    return parts


def _latent_slot(view: GraphView, sampler: Node) -> int | None:
    """The output that gives the latent; of several the one that is linked on."""
    slots = [slot for slot, kind in enumerate(sampler.outputs) if kind == "LATENT"]
    used = {wire.slot for wire in view.out_of(sampler.id)}
    return next((slot for slot in slots if slot in used), slots[0] if slots else None)


def _continues(view: GraphView, sampler: Node) -> bool:
    """Whether a sampler adds no noise, because another one left some."""
    if sampler.inputs.get("add_noise", True) in ("disable", False):
        return True
    noise = next((wire for wire in view.into(sampler.id) if carries(view, wire, "NOISE")), None)
    return noise is not None and view.nodes[noise.source].class_type == "DisableNoise"


def _way(view: GraphView, object_info: ObjectInfo, sampler: Node) -> tuple[Way, Link | None] | str:
    if sampler.class_type == "KSamplerAdvanced":
        return "advanced", None
    if "denoise" in sampler.specs and sampler.specs["denoise"].type == "FLOAT":
        return "denoise", None
    wire = next((wire for wire in view.into(sampler.id) if carries(view, wire, "SIGMAS")), None)
    if wire is None:
        return f"{sampler.heading()} can only begin at full noise: it has neither denoise nor sigmas."
    while (behind := _whole_sigmas(view, view.nodes[wire.source])) is not None:
        wire = behind
    scheduler = view.nodes[wire.source]
    if "denoise" in scheduler.specs:
        return "scheduler", Link(wire.source, wire.slot)
    if SPLIT not in object_info:
        return f"This ComfyUI lacks {SPLIT}, which makes the sigmas of {scheduler.label()} begin late."
    return "split", Link(wire.source, wire.slot)


def _whole_sigmas(view: GraphView, node: Node) -> object | None:
    """The wire behind a node that takes a part of sigmas; None for one that makes them."""
    if not node.class_type.startswith("SplitSigmas"):
        return None
    return next((wire for wire in view.into(node.id) if carries(view, wire, "SIGMAS")), None)


def _decode(view: GraphView, sampler: Node, judged: Link) -> str:
    """The nearest decode below a sampler on the way to the judged picture; "" where the sampler decodes by itself."""
    between = view.downstream([sampler.id]) & view.upstream([judged.source])
    for node_id in in_order(view.graph):
        node = view.nodes.get(node_id)
        if node_id in between and is_decode(node) and any(carries(view, w, "VAE") for w in view.into(node_id)):
            return node_id
    return ""


def _vae(view: GraphView, sampler: Node, decode: str) -> Link | None:
    """Of the decode, else of the first loader above the sampler that has one."""
    wire = next((wire for wire in view.into(decode) if carries(view, wire, "VAE")), None) if decode else None
    if wire is not None:
        return Link(wire.source, wire.slot)
    for node_id in in_order(view.graph):
        node = view.nodes.get(node_id)
        if node_id in view.upstream([sampler.id]) - {sampler.id} and "VAE" in node.outputs and not is_sampler(node):
            return Link(node_id, node.outputs.index("VAE"))
    return None


def _behind(view: GraphView, sampler: Node, kinds: tuple[str, ...]) -> list[Node]:
    return along(view, [sampler], lambda wire: any(carries(view, wire, kind) for kind in kinds))[1:]


def _fill(view: GraphView, object_info: ObjectInfo, sampler: Node, conditioning: list[Node]) -> str:
    own = next((node.id for node in conditioning if node.class_type == INPAINT), "")
    if own or INPAINT not in object_info:
        return own
    files = [
        view.nodes[node_id].inputs.get(name) for node_id in view.upstream([sampler.id]) for name in MODEL_FILE_INPUTS
    ]
    return "new" if any(isinstance(file, str) and FILLS.search(file) for file in files) else ""


def _is_tied(node: Node) -> bool:
    """Whether a node makes conditioning and latent of another picture, as InstructPixToPixConditioning does."""
    kinds = {kind for kind in node.outputs if isinstance(kind, str)}
    return {"CONDITIONING", "LATENT"} <= kinds and node.class_type != INPAINT


def _tied_to_map(view: GraphView, sampler: Node, tied: Node) -> str:
    """Why a model that needs a second picture cannot paint a region; "" where that picture is the one it edits."""
    above = [view.nodes[node_id] for node_id in view.upstream([sampler.id])]
    names = [value for node in above for name, value in node.inputs.items() if name.endswith("_name")]
    painted_after = any(isinstance(name, str) and MAP_MODELS.search(name) for name in names)
    if REFERENCES.search(tied.class_type) and not painted_after:
        return ""
    return f"The model paints after a second picture, which {tied.label()} gives it, and a region has none."


def _references(view: GraphView, conditioning: list[Node]) -> tuple[tuple[str, str, str], ...]:
    """The first reference of each way: the picture that is edited; further ones are other pictures."""
    found = [node for node in conditioning if REFERENCES.search(node.class_type)]
    ids = {node.id for node in found}
    first = [node for node in found if not (view.upstream([node.id]) - {node.id}) & ids]
    places = []
    for node in first:
        wired = [wire for wire in view.into(node.id) if any(carries(view, wire, kind) for kind in ("IMAGE", "LATENT"))]
        for wire in sorted(wired, key=lambda one: one.input)[:1]:
            places.append((node.id, wire.input, "IMAGE" if carries(view, wire, "IMAGE") else "LATENT"))
    return tuple(places)


def _bypassed(view: GraphView, nodes: list[Node], kept: set[str]) -> tuple[str, ...]:
    """Nodes on the ways of conditioning and model that hold them to the whole picture: control maps, masks, areas."""
    found = []
    for node in nodes:
        if node.id in kept or REFERENCES.search(node.class_type):
            continue
        passes = [kind for kind in ("CONDITIONING", "MODEL") if kind in node.outputs and node.inputs_of_type(kind)]
        maps = any(carries(view, wire, kind) for wire in view.into(node.id) for kind in ("CONTROL_NET", "MASK"))
        held = any(carries(view, wire, kind) for wire in view.into(node.id) for kind in ("IMAGE", "LATENT"))
        if not passes:
            continue
        if "CONDITIONING" in passes and (maps or held or "SetArea" in node.class_type):
            found.append(node.id)
        elif "MODEL" in passes and held and CONTROLS.search(node.class_type):
            found.append(node.id)
    return tuple(dict.fromkeys(found))


def _takes_size(view: GraphView, node: Node) -> bool:
    """Whether a scheduler or a patch of a model is told the picture's size."""
    kinds = [node.specs[name].type if name in node.specs else "" for name in ("width", "height")]
    return kinds == ["INT", "INT"] and bool({"SIGMAS", "MODEL"} & {k for k in node.outputs if isinstance(k, str)})


def _side(view: GraphView, family: Family | None, sampling: Sampling) -> int:
    """Side of a square with the area that the model paints best: of its family, else as the graph paints."""
    if family is not None and family.size is not None and family.size.native:
        width, height = family.size.native[0]
        return round(math.sqrt(width * height))
    size = sampling.size
    if size is not None and size.width is not None and size.height is not None:
        width, height = literal(view.graph, size.width), literal(view.graph, size.height)
        if is_number(width) and is_number(height):
            return max(64, min(8192, round(math.sqrt(width * height))))
    return SIDE


def _still_needed(view: GraphView, parts: EditParts) -> set[str]:
    """Ids of what the sampler still needs once latent, references and bypassed nodes are replaced, without itself."""
    cut = {(parts.sampler, parts.latent)} | {(node, name) for node, name, _ in parts.references}
    if parts.fill and parts.fill != "new":
        cut |= {(parts.fill, "pixels"), (parts.fill, "mask")}

    def follow(wire: object) -> bool:
        if (wire.node, wire.input) in cut:
            return False
        return wire.node not in parts.bypass or carries(view, wire, "CONDITIONING") or carries(view, wire, "MODEL")

    return {node.id for node in along(view, [view.nodes[parts.sampler]], follow)} - {parts.sampler}
