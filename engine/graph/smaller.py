"""Making a render smaller: batch to 1, size down a step, sizes onto the family's step. As operations on the graph."""

from __future__ import annotations

from typing import Any

from .family import Family, family_in
from .following import Place, literal, origin
from .patch import SetInput
from .roles import Roles, SizePlace
from .view import GraphView

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
            told += [f"{view.nodes[size.node].said()} to steps of {step}"] if operations else []
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


def _resized(view: GraphView, before: tuple[int, int], after: tuple[int, ...]) -> list[SetInput]:
    """Sets every pair of width and height that holds this size: schedulers and masks have it too."""
    changes: dict[Place, int] = {}
    for node in view.nodes.values():
        by_name = {name.rsplit(".", 1)[-1]: name for name in node.specs if name in node.inputs}
        if {"width", "height"} <= by_name.keys():
            pair = [origin(view, Place(node.id, by_name[name])) for name in ("width", "height")]
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
