"""Following links through a graph: what carries what, and where a value really stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .api_graph import Graph, is_link
from .nodes import ANY
from .view import GraphView, Node, Wire


class Place(NamedTuple):
    """An input of a node."""

    node: str
    input: str


def carries(view: GraphView, wire: Wire, kind: str) -> bool:
    """Whether a wire carries this type. What an unknown class gives is told by the socket that takes it."""
    given = view.type_of(wire.source, wire.slot)
    if given != ANY:
        return given == kind
    spec = view.nodes[wire.node].specs.get(wire.input)
    return spec is not None and spec.type == kind


def along(view: GraphView, start: Iterable[Node], follow: Callable[[Wire], bool]) -> list[Node]:
    """Breadth first up the wires to follow."""
    waiting, seen = list(start), {}
    while waiting:
        node = waiting.pop(0)
        if node.id not in seen:
            seen[node.id] = node
            waiting += [view.nodes[wire.source] for wire in view.into(node.id) if follow(wire)]
    return list(seen.values())


def origin(view: GraphView, place: Place) -> Place:
    """Where a text or number really stands: followed through nodes that only pass it on.

    A node passes it on when it has one input of the type, or an input with the name of the output.
    """
    seen = set()
    while place not in seen:
        seen.add(place)
        wire = view.wire(*place)
        if wire is None:
            return place
        node = view.nodes[wire.source]
        kind = view.type_of(wire.source, wire.slot)
        names = [name for name in node.inputs_of_type(kind) if name in node.inputs]
        named = node.known.output_names[wire.slot] if node.known and wire.slot < len(node.known.output_names) else ""
        if len(names) != 1 and named not in names:
            return place
        place = Place(node.id, named if named in names else names[0])
    return place


def is_number(value: Any) -> bool:
    """Whether a value is a positive, finite number, as sizes and lengths are."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


def literal(graph: Graph, place: Place | None) -> Any:
    """The value at a place; None for a link, and where there is no such place."""
    if place is None:
        return None
    value = graph[place.node]["inputs"].get(place.input)
    return None if is_link(value) else value
