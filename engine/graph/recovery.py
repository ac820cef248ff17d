"""What to change before a failed render is tried again, and what to tell the user when nothing is left to try. Pure.

Sizes are those of the nodes that make the first latent; what is made smaller keeps its shape and the family's step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .check import check
from .family import Family, family_in
from .graph_view import GraphView, Wire
from .model import Graph, next_id
from .nearest import alternatives, near
from .node_class import ObjectInfo, node_class
from .patch import AddNode, Connect, Operation, Patch, PatchRefused, ReplaceClass, SetInput, apply
from .render_error import ErrorKind, RenderError, heading
from .roles import Roles, SizePlace, roles_in
from .tracing import InputRef, literal, origin

SHRINK = 0.75
"""One step down, of each side."""
DEFAULT_STEP, DEFAULT_MINIMUM = 64, 512
"""Where the family is unknown: a step that every model takes, and the side below which pictures fall apart."""
TOTAL_PIXELS = 1024 * 1024
"""ComfyUI's megapixel."""
UPSAMPLERS = ("LTXVLatentUpsampler",)
"""Nodes that double both sides of a latent later on, so that the stage before may be smaller than the minimum."""


def single_batch(view: GraphView, found: Roles) -> tuple[list[SetInput], int]:
    """(operations that set every batch above 1 to 1, the largest of these batches). Empty when all are 1."""
    places = [place for place in found.places(lambda one: one.batches) if _above_one(literal(view.graph, place))]
    sizes = [literal(view.graph, place) for place in places]
    return [SetInput(node=place.node, input=place.input, value=1) for place in places], max(sizes, default=1)


def _above_one(value: Any) -> bool:
    return isinstance(value, int) and value > 1


def smaller_size(view: GraphView, found: Roles) -> tuple[list[SetInput], str]:
    """(operations that make the first stage's size x SHRINK, the change in words). Empty when it is at its minimum.

    Both sides keep their proportion and the family's step; no side falls below the family's minimum.
    """
    size = found.first.size if found.first else None
    if size is None:
        return [], ""
    step, minimum = _limits(view, size, family_in(view.graph))
    if size.megapixels:
        return _fewer_pixels(view, size, step, minimum)
    width, height = _sides(view, size)
    factor = max(SHRINK, minimum / min(width, height))
    new = tuple(min(side, max(step, round(side * factor / step) * step)) for side in (width, height))
    if factor >= 1 or new == (width, height):
        return [], ""
    return _resized(view, (width, height), new), f"{width}x{height} to {new[0]}x{new[1]}"


def snapped_size(view: GraphView, found: Roles) -> tuple[list[SetInput], str]:
    """(operations that round all sizes of the stages to the family's step, the change in words). Empty when all fit."""
    operations: list[SetInput] = []
    told: list[str] = []
    for size in dict.fromkeys(one.size for one in found.samplings if one.size):
        step, _ = _limits(view, size, family_in(view.graph))
        if size.megapixels:
            operations += _steps_of(view, size, step)
            told += [f"{view.nodes[size.node].label()} to steps of {step}"] if operations else []
            continue
        before = _sides(view, size)
        after = tuple(max(step, round(side / step) * step) for side in before)
        if after != before:
            operations += _resized(view, before, after)
            told.append(f"{before[0]}x{before[1]} to {after[0]}x{after[1]}")
    return operations, ", ".join(told)


def _limits(view: GraphView, size: SizePlace, family: Family | None) -> tuple[int, int]:
    """(step, minimum side) of a size, in pixels. A later doubling halves the minimum."""
    known = family.size if family else None
    doubled = [n for n in view.downstream([size.node]) if view.nodes[n].class_type in UPSAMPLERS]
    minimum = known.minimum if known else DEFAULT_MINIMUM
    return (known.step if known else DEFAULT_STEP), minimum // 2 ** len(doubled)


def _sides(view: GraphView, size: SizePlace) -> tuple[int, int]:
    return int(literal(view.graph, size.width)), int(literal(view.graph, size.height))


def written_sides(view: GraphView) -> Iterator[tuple[InputRef, InputRef]]:
    """Where each node's width and height stand: schedulers and masks have them too."""
    for node in view.nodes.values():
        by_name = {name.rsplit(".", 1)[-1]: name for name in node.specs if name in node.inputs}
        if {"width", "height"} <= by_name.keys():
            width, height = (origin(view, InputRef(node.id, by_name[name])) for name in ("width", "height"))
            yield width, height


def _resized(view: GraphView, before: tuple[int, int], after: tuple[int, ...]) -> list[SetInput]:
    """Sets every pair of width and height that holds this size."""
    changes: dict[InputRef, int] = {}
    for pair in written_sides(view):
        if tuple(literal(view.graph, place) for place in pair) == before:
            changes.update(zip(pair, after, strict=True))
    return [SetInput(node=place.node, input=place.input, value=side) for place, side in changes.items()]


def _fewer_pixels(view: GraphView, size: SizePlace, step: int, minimum: int) -> tuple[list[SetInput], str]:
    before = float(literal(view.graph, size.megapixels))
    after = round(max(before * SHRINK**2, minimum**2 / TOTAL_PIXELS), 2)
    if after >= before:
        return [], ""
    change = SetInput(node=size.megapixels.node, input=size.megapixels.input, value=after)
    return [change, *_steps_of(view, size, step)], f"{before:g} to {after:g} megapixels"


def _steps_of(view: GraphView, size: SizePlace, step: int) -> list[SetInput]:
    """Lets a scaling by megapixels keep the family's step. 0.3.64 has no such input."""
    node = view.nodes[size.node]
    steps = node.inputs.get("resolution_steps", 1)
    if "resolution_steps" not in node.specs or (isinstance(steps, int) and steps % step == 0):
        return []
    return [SetInput(node=size.node, input="resolution_steps", value=step)]


MAX_CHANGES = 4
"""Changes after which a render counts as failed (docs/design-notes.md, 14.2)."""
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
        sentence = f"The pictures into {view.nodes[error.node].label()} are scaled to the size of the first."
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


class GivingUp(BaseModel):
    """Why a render is not tried again."""

    model_config = ConfigDict(frozen=True)

    kind: ErrorKind
    sentence: str


def explain_giving_up(graph: Graph, error: RenderError, tried: Sequence[Change], object_info: ObjectInfo) -> GivingUp:
    """Why the render is not tried again and what the user can do.

    graph: as it was queued last. tried: the changes so far. Meant for when `recovery.next_change` gives None.
    """
    view = GraphView(graph, object_info)
    where = heading(view, error)
    like: list[str] = []
    if error.kind == "out_of_memory":
        sentence = f"{where} ran out of memory. {_told(tried)}"
        sentence += "Use a smaller size or a model file of smaller precision, or close other programs."
    elif error.kind == "sizes":
        sentence = f"{where}: two pictures or latents differ in size. {_told(tried)}"
        sentence += "Give both the same width and height."
    elif error.kind == "unknown_class":
        like = near(error.class_type, object_info) if error.class_type else []
        named = f"the node class {error.class_type}" if error.class_type else "a node class of this graph"
        sentence = f"This ComfyUI does not have {named}. Install its node pack{_or_use(like)}"
    elif error.kind == "missing_file":
        name, installed = _missing(view, error)
        like = alternatives(name, installed) if name else []
        sentence = f"{where}: {name or 'a file'} is not installed. Install it{_or_use(like)}"
    else:
        rejected = [f.message() for f in check(graph, object_info).rejected if not error.node or f.node == error.node]
        said = " ".join(rejected) if error.kind == "invalid_value" else ""
        sentence = said or f"{where}: {error.first_line}"
    return GivingUp(kind=error.kind, sentence=sentence)


def _told(tried: Sequence[Change]) -> str:
    return f"Tried already: {' '.join(change.sentence for change in tried)} " if tried else ""


def _missing(view: GraphView, error: RenderError) -> tuple[str, list[Any]]:
    """(the file that is missing, the choices of its input). By the message, else by what the node asks for."""
    ids = [error.node] if error.node in view.nodes else list(view.nodes)
    asked = [
        (node.inputs[spec.name], spec.choices)
        for node in (view.nodes[node_id] for node_id in ids)
        for spec in node.specs.values()
        if spec.choices is not None and isinstance(node.inputs.get(spec.name), str)
    ]
    named = [pair for pair in asked if pair[0] in error.message]
    absent = [pair for pair in asked if pair[0] not in pair[1]]
    return next(iter([*named, *absent]), (error.file, []))


def _or_use(like: Sequence[str]) -> str:
    return f", or use the nearest that is installed: {', '.join(like)}." if like else "; nothing like it is installed."
