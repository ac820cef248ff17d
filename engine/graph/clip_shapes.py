"""The shapes a clip can have: landscape, vertical and square, in the sizes that its model family is made for. Pure.

The sizes are those of families.json, turned by 90 degrees for vertical. Where a family has no square one, it is as many
pixels as the landscape one.
"""

from __future__ import annotations

import math
from typing import Literal

from .clips import paints_clip
from .family import Size
from .graph_view import GraphView
from .model import Graph, clean_copy
from .node_class import ObjectInfo
from .plan_settings import PlanPart
from .recovery import UPSAMPLERS, written_sides
from .roles import roles_in
from .rules.parts import family_of
from .tracing import InputRef, is_number, literal, reading_view

Shape = Literal["landscape", "vertical", "square"]
SAME_PROPORTION = 0.03
"""Two sizes have one proportion where their sides' ratios differ by less: halves are rounded to the family's step."""
WIDE = 16 / 9
"""Width by height of a landscape clip of a family that has no such size of its own."""
SQUARE_NEAR = 1.5
"""A square size of the family's own counts up to so many times more or fewer pixels than the landscape one."""


class ShapesRefused(Exception):
    """The message says why a graph's clip has no shapes to choose from, and what to do."""


class SidesChange(PlanPart):
    """A number of the graph that makes up the shape."""

    node: str
    input: str
    value: int


class ClipShape(PlanPart):
    """width, height: of the clip that comes out, in pixels. current: the graph has it. changes: what gives it."""

    shape: Shape
    width: int
    height: int
    current: bool
    changes: tuple[SidesChange, ...]


class ClipShapes(PlanPart):
    """family: the model family whose sizes these are."""

    family: str
    shapes: tuple[ClipShape, ...]


def with_shape(graph: Graph, shape: Shape, object_info: ObjectInfo) -> Graph:
    """A copy whose clip has this shape. Raises ShapesRefused."""
    wanted = next(one for one in clip_shapes(graph, object_info).shapes if one.shape == shape)
    changed = clean_copy(graph)
    for one in wanted.changes:
        changed[one.node]["inputs"][one.input] = one.value
    return changed


def clip_shapes(graph: Graph, object_info: ObjectInfo) -> ClipShapes:
    """What the clip of a graph can look like. Raises ShapesRefused."""
    view = reading_view(graph, object_info)
    clips = [one for one in roles_in(view).samplings if paints_clip(view, one)]
    if not clips:
        raise ShapesRefused("This workflow makes no clip. Open one that makes a video.")
    family = family_of(view, clips)
    if family is None or family.size is None or not family.size.native:
        raise ShapesRefused("The sizes of this model are not known here. Set width and height yourself.")
    size = next((one.size for one in clips if one.size and one.size.width and one.size.height), None)
    if size is None or size.width is None or size.height is None:
        raise ShapesRefused(
            "The size of this clip comes from its picture or from a calculation. Give the picture the size that the "
            "clip is to have."
        )
    written = _same_or_doubled(view, (size.width, size.height))
    doubled = sum(view.nodes[name].class_type in UPSAMPLERS for name in view.downstream([size.node]))
    smallest = min(written)
    full = max(max(written), (smallest[0] << doubled, smallest[1] << doubled))
    step = family.size.multiple * max(1, round(full[0] / smallest[0]))
    shapes = [_shape(view, shape, sides, full, written) for shape, sides in _sizes(family.size, full, step).items()]
    return ClipShapes(family=family.name, shapes=tuple(shapes))


Written = dict[tuple[int, int], list[tuple[InputRef, InputRef]]]
"""(width, height) in pixels to where these stand in the graph."""


def _same_or_doubled(view: GraphView, base: tuple[InputRef, InputRef]) -> Written:
    """The sizes of the graph that are this one, halved or doubled: of a first pass at half size, of its picture."""
    width, height = (int(literal(view.graph, place)) for place in base)
    found: Written = {}
    for pair in (base, *written_sides(view)):
        sides = [literal(view.graph, place) for place in pair]
        if all(is_number(side) for side in sides):
            wide, high = map(int, sides)
            steps = math.log2(wide / width)
            alike = abs(wide * height / (high * width) - 1) < SAME_PROPORTION
            if alike and abs(2 ** (steps - round(steps)) - 1) < SAME_PROPORTION:
                found.setdefault((wide, high), []).append(pair)
    return found


def _sizes(size: Size, full: tuple[int, int], step: int) -> dict[Shape, tuple[int, int]]:
    """Sides of each shape, about as many pixels as now; of sizes that are not the family's own in multiples of step."""
    pixels = full[0] * full[1]

    def away(sides: tuple[int, int]) -> float:
        return abs(math.log(sides[0] * sides[1] / pixels))

    wide = min((tuple(sorted(one, reverse=True)) for one in size.native if one[0] != one[1]), key=away, default=None)
    wide = wide or _whole(math.sqrt(pixels * WIDE), math.sqrt(pixels / WIDE), step)
    area = wide[0] * wide[1]
    side = math.sqrt(area)
    near = [one for one in size.native if one[0] == one[1] and 1 / SQUARE_NEAR < one[0] * one[1] / area < SQUARE_NEAR]
    square = min(near, key=away, default=None) or _whole(side, side, step)
    return {"landscape": (wide[0], wide[1]), "vertical": (wide[1], wide[0]), "square": square}


def _whole(width: float, height: float, step: int) -> tuple[int, int]:
    return max(step, round(width / step) * step), max(step, round(height / step) * step)


def _shape(view: GraphView, shape: Shape, sides: tuple[int, int], full: tuple[int, int], written: Written) -> ClipShape:
    """What gives the clip these sides: sizes that are a part of the full one become the same part of the new one."""
    changes: dict[InputRef, int] = {}
    for before, places in written.items():
        part = before[0] / full[0]
        for pair in places:
            changes.update(zip(pair, (round(side * part) for side in sides), strict=True))
    told = [
        SidesChange(node=place.node, input=place.input, value=value)
        for place, value in changes.items()
        if literal(view.graph, place) != value
    ]
    return ClipShape(shape=shape, width=sides[0], height=sides[1], current=not told, changes=tuple(told))
