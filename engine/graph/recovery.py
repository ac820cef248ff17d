"""What to change before a failed render is tried again: one change at a time, each with its sentence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .api_graph import Graph, next_id
from .following import literal
from .nodes import ObjectInfo, node_class
from .patch import AddNode, Connect, Operation, Patch, PatchRefused, ReplaceClass, apply
from .render_error import RenderError, heading
from .roles import Roles, roles_in
from .smaller import single_batch, smaller_size, snapped_size
from .view import GraphView, Wire

MAX_CHANGES = 4
"""Changes after which a render counts as failed (facts: nodes 5)."""
ROUNDING = 7
"""Up to this difference two sizes, in latent cells, differ by rounding; beyond it they are two pictures."""
TILED_DECODE = "ImitatoesAutoTiledDecode"
WHOLE_DECODES = ("VAEDecode", "VAEDecodeTiled")

ChangeKind = Literal["unload", "tiled_decode", "batch", "size", "snap", "scale_picture"]


class Change(BaseModel):
    """One change before the next try. patch: for the graph that failed; empty when it is queued as it was.

    unload: free the models first. sentence: for the journal and the user.
    """

    model_config = ConfigDict(frozen=True)

    kind: ChangeKind
    sentence: str
    patch: Patch = Patch()
    unload: bool = False


def next_change(graph: Graph, error: RenderError, tried: Sequence[Change], object_info: ObjectInfo) -> Change | None:
    """The next change for a graph that failed with this error; None when it is not to be tried again.

    graph: as it was queued, the earlier changes in it. tried: these changes. The graph is never modified: the caller
    applies the patch to a copy. Out of memory: unload and retry as it is, AutoTiledDecode, batch to 1, size x 0.75
    until the family's minimum. Sizes that do not match: onto the family's step, then pictures scaled to each other.
    """
    if len(tried) >= MAX_CHANGES:
        return None
    view = GraphView(graph, object_info)
    steps = {"out_of_memory": _OUT_OF_MEMORY, "sizes": _SIZES}.get(error.kind, ())
    done = {change.kind for change in tried}
    for step in steps:
        change = step(view, roles_in(view), error, done)
        if change is not None and _possible(graph, change, object_info):
            return change
    return None


def _unload(view: GraphView, found: Roles, error: RenderError, done: Collection[str]) -> Change | None:
    if "unload" in done:
        return None
    sentence = f"{heading(view, error)} ran out of memory: all models are unloaded and it is rendered again as it was."
    return Change(kind="unload", sentence=sentence, unload=True)


def _tiled(view: GraphView, found: Roles, error: RenderError, done: Collection[str]) -> Change | None:
    """Only where the decode was reached: for a sampler that ran out of memory it would change nothing."""
    decode_class = node_class(view.object_info, TILED_DECODE)
    decodes = [view.nodes[node_id] for node_id in found.decodes if view.nodes[node_id].class_type in WHOLE_DECODES]
    if error.node in view.nodes:
        decodes = [node for node in decodes if error.node in view.downstream([node.id])]
    if "tiled_decode" in done or decode_class is None or not decodes:
        return None
    operations = []
    for node in decodes:
        kept = {name: value for name, value in node.inputs.items() if name in ("samples", "vae")}
        specs = decode_class.expanded(kept).inputs.values()
        defaults = {spec.name: spec.default for spec in specs if spec.required and spec.name not in kept}
        operations.append(ReplaceClass(node=node.id, class_type=TILED_DECODE, inputs={**kept, **defaults}))
    sentence = f"Decode with {decode_class.display_name}, in tiles where the whole picture does not fit."
    return Change(kind="tiled_decode", sentence=sentence, patch=Patch(operations=tuple(operations)))


def _batch(view: GraphView, found: Roles, error: RenderError, done: Collection[str]) -> Change | None:
    operations, before = single_batch(view, found)
    if not operations:
        return None
    return Change(
        kind="batch",
        sentence=f"One picture at a time instead of a batch of {before}.",
        patch=Patch(operations=tuple(operations)),
    )


def _size(view: GraphView, found: Roles, error: RenderError, done: Collection[str]) -> Change | None:
    operations, told = smaller_size(view, found)
    if not operations:
        return None
    return Change(kind="size", sentence=f"Smaller: {told}.", patch=Patch(operations=tuple(operations)))


def _snap(view: GraphView, found: Roles, error: RenderError, done: Collection[str]) -> Change | None:
    if "snap" in done or (error.sizes and abs(error.sizes[0] - error.sizes[1]) > ROUNDING):
        return None
    operations, told = snapped_size(view, found)
    if not operations:
        return None
    sentence = f"Sizes onto what the model can make: {told}."
    return Change(kind="snap", sentence=sentence, patch=Patch(operations=tuple(operations)))


def _scale(view: GraphView, found: Roles, error: RenderError, done: Collection[str]) -> Change | None:
    """Makes two pictures equal: the further pictures of the node like its first; else those given like the latent."""
    if "scale_picture" in done or error.node not in view.nodes:
        return None
    pictures = _pictures_into(view, [error.node])
    if len({(wire.source, wire.slot) for wire in pictures}) > 1 and node_class(view.object_info, "GetImageSize"):
        first, further = pictures[0], [w for w in pictures[1:] if w[:2] != pictures[0][:2]]
        measure = next_id(view.graph)
        measured = AddNode(
            node=measure, entry={"class_type": "GetImageSize", "inputs": {"image": [first.source, first.slot]}}
        )
        patch = _scaled(view, further, [measure, 0], [measure, 1], [measured])
        sentence = f"The pictures into {view.nodes[error.node].said()} are scaled to the size of the first."
        return Change(kind="scale_picture", sentence=sentence, patch=patch)
    size = found.first.size if found.first else None
    if size is None or not size.width:
        return None
    width, height = (literal(view.graph, place) for place in (size.width, size.height))
    steering = [
        node_id
        for node_id in view.upstream([error.node])
        if {"CONDITIONING", "MODEL", "LATENT"} & {kind for kind in view.nodes[node_id].outputs if isinstance(kind, str)}
    ]
    given = [wire for wire in _pictures_into(view, sorted(steering)) if wire.node != size.node]
    if not given:
        return None
    sentence = f"The pictures that steer the render are scaled to its size, {width}x{height}."
    return Change(kind="scale_picture", sentence=sentence, patch=_scaled(view, given, width, height, []))


def _pictures_into(view: GraphView, node_ids: Sequence[str]) -> list[Wire]:
    return [w for node_id in node_ids for w in view.into(node_id) if view.type_of(w.source, w.slot) == "IMAGE"]


def _scaled(view: GraphView, wires: Sequence[Wire], width: Any, height: Any, before: list[Operation]) -> Patch:
    """Puts an ImageScale of this size, numbers or links, into each of these wires; one for each picture."""
    operations = list(before)
    scales: dict[tuple[str, int], str] = {}
    for wire in wires:
        picture = (wire.source, wire.slot)
        if picture not in scales:
            scales[picture] = next_id(view.graph, len(before) + len(scales))
            inputs = {"image": list(picture), "upscale_method": "lanczos", "crop": "center"}
            entry = {"class_type": "ImageScale", "inputs": {**inputs, "width": width, "height": height}}
            operations.append(AddNode(node=scales[picture], entry=entry))
        operations.append(Connect(node=wire.node, input=wire.input, source=scales[picture], slot=0))
    return Patch(operations=tuple(operations))


_OUT_OF_MEMORY = (_unload, _tiled, _batch, _size)
_SIZES = (_snap, _scale)


def _possible(graph: Graph, change: Change, object_info: ObjectInfo) -> bool:
    try:
        apply(graph, change.patch, object_info)
    except PatchRefused:
        return False
    return True
