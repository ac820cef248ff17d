"""Lengths and frame rates of a clip, brought to what its model family is made for (families.json). Pure.

Only what a family cannot make, or is not made for, is changed, and each change is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .clips import paints_clip
from .family import Family, Frames
from .graph_view import GraphView, Node
from .node_table import is_named
from .plan_settings import PlanPart
from .roles import Sampling
from .rules.parts import family_of
from .tracing import InputRef, is_number, literal, origin

LENGTHS = ("length", "frames_number")
INTERPOLATES = ("interpolat", "rife", "vfi")
"""Parts of class names of nodes that make more frames of those that were painted: then the rate is another."""


class PlannedValue(PlanPart):
    """A value that an input of the graph gets. reason: a sentence for the user."""

    node: str
    input: str
    value: int | float
    reason: str


def fitting_values(view: GraphView, judged: str, stages: Sequence[Sampling]) -> tuple[PlannedValue, ...]:
    """What is to be changed for the clip that node `judged` gives, painted by these stages. Empty for a picture, for a
    family that is not known, and where everything fits."""
    family = family_of(view, stages)
    if family is None or family.frames is None or not any(paints_clip(view, one) for one in stages):
        return ()
    behind = view.downstream([judged])
    around = view.upstream(behind)
    nodes = [node for node in view.nodes.values() if node.id in around]
    timed = [node for node in nodes if node.id in behind or {"CONDITIONING", "LATENT"} & set(node.outputs)]
    changes: dict[tuple[str, str], PlannedValue] = {}
    for change in (*_lengths(view, nodes, family, family.frames), *_rates(view, timed, family, family.frames)):
        changes.setdefault((change.node, change.input), change)
    return tuple(changes.values())


def fitting_length(frames: Frames, length: int) -> int:
    """The length nearest to this one that is a clip; the default, where that would be a single picture."""
    nearest = frames.nearest(length)
    return nearest if nearest > 1 else frames.default or frames.multiple + frames.offset


def _lengths(view: GraphView, nodes: Sequence[Node], family: Family, frames: Frames) -> Iterator[PlannedValue]:
    for node, place in _places_of_length(view, nodes):
        length = literal(view.graph, place)
        if not isinstance(length, int) or isinstance(length, bool) or length < 2 or frames.nearest(length) == length:
            continue
        fitting = fitting_length(frames, length)
        made = f"{frames.multiple}n+{frames.offset}"
        reason = f"{node.label()}: {family.name} makes {made} frames, so {length} became {fitting}."
        yield PlannedValue(node=place.node, input=place.input, value=fitting, reason=reason)


def _places_of_length(view: GraphView, nodes: Sequence[Node]) -> Iterator[tuple[Node, InputRef]]:
    """(node, where its number of frames is written) of the nodes that make latents of so many frames."""
    for node in nodes:
        for name in LENGTHS:
            if name in node.specs and name in node.inputs and "LATENT" in node.outputs:
                yield node, origin(view, InputRef(node.id, name))


def _rates(view: GraphView, nodes: Sequence[Node], family: Family, frames: Frames) -> Iterator[PlannedValue]:
    """A whole multiple of a rate is left alone: so are clips whose frames are filled up by other nodes."""
    if not frames.fps or any(part in node.class_type.lower() for node in nodes for part in INTERPOLATES):
        return
    for node in nodes:
        for name in node.specs:
            place = origin(view, InputRef(node.id, name)) if is_named(name, "rate") and name in node.inputs else None
            rate = literal(view.graph, place)
            if place is None or not is_number(rate) or any(rate % one == 0 for one in frames.fps):
                continue
            nearest = min(frames.fps, key=lambda one: abs(one - rate))
            spec = view.nodes[place.node].specs.get(place.input)
            value = float(nearest) if spec is not None and spec.type == "FLOAT" else nearest
            made = f"{family.name} is made for {nearest} frames a second"
            reason = f"{node.label()}: {made}, so {rate:g} became {nearest}."
            yield PlannedValue(node=place.node, input=place.input, value=value, reason=reason)
