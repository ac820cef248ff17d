"""Following values up the links of a graph: to the literal behind a number, and through pipes and contexts.

What a class does with its inputs comes from node_table.json where it has a row, else from types and names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .model import ANY, MATCH, Graph, GraphView, Node, ObjectInfo, Wire, inputs_of, is_link
from .node_table import NO_ROLE, bundle_types, names_of, row_of, with_known_nodes

LINKED_ROLES = frozenset({"positive", "negative", "latent", "image", "bundle"})
"""Roles that only a link can fill."""


class InputRef(NamedTuple):
    """An input of a node."""

    node: str
    input: str


def reading_view(graph: Graph, object_info: ObjectInfo) -> GraphView:
    """The graph to be read: classes of the table known, and of each switch only the branch that is chosen.

    The ids and inputs are those of the graph; links of branches not taken are absent.
    """
    classes = {str(node.get("class_type")) for node in graph.values() if isinstance(node, dict)}
    known = with_known_nodes(object_info, classes)
    view = GraphView(graph, known)
    chosen = {node.id: kept for node in view.nodes.values() if (kept := _chosen(view, node)) is not None}
    if not chosen:
        return view
    pruned = dict(graph)
    for node_id, kept in chosen.items():
        inputs = {
            name: value for name, value in inputs_of(graph[node_id]).items() if name == kept or not is_link(value)
        }
        pruned[node_id] = {**graph[node_id], "inputs": inputs}
    return GraphView(pruned, known)


def _chosen(view: GraphView, node: Node) -> str | None:
    """The one input that a switch passes on; None where it is no switch or its choice is made while it runs."""
    row = row_of(node.class_type)
    if row is None or row.kind != "switch":
        return None
    linked = [wire.input for wire in view.into(node.id) if wire.input != row.selector]
    if row.first:
        return min(linked, default=None)
    value = literal(view.graph, origin(view, InputRef(node.id, row.selector))) if row.selector in node.inputs else None
    if value is None:
        return None
    name = row.cases.get(str(value).lower(), row.cases.get("*", "")).format(value)
    return name if name in linked else None


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


def literal(graph: Graph, place: InputRef | None) -> Any:
    """The value at a place; None for a link, and where there is no such place."""
    if place is None:
        return None
    value = inputs_of(graph[place.node]).get(place.input)
    return None if is_link(value) else value


def is_number(value: Any) -> bool:
    """Whether a value is a positive, finite number, as sizes and lengths are."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


def role_of_input(view: GraphView, node: Node, name: str) -> str:
    """What an input holds, as the table's rows say it or its type and name. Empty for anything else."""
    row = row_of(node.class_type)
    if row and name in row.inputs:
        role = row.inputs[name]
        return "" if role == NO_ROLE else role
    spec = node.specs.get(name)
    kind = spec.type if spec else _kind_of_value(view, node, name)
    if kind == "CONDITIONING":
        return side_of(name)
    if kind == "LATENT":
        return "latent"
    if kind in ("IMAGE", "VIDEO"):
        return "image"
    if isinstance(kind, str) and kind in bundle_types():
        return "bundle"
    if kind == "STRING":
        return next((role for role in ("negative_prompt", "prompt") if name in names_of(role)), "")
    if kind in ("INT", "FLOAT"):
        return next((role for role in ("seed", "steps", "cfg", "guidance", "length") if name in names_of(role)), "")
    if kind == ANY:
        roles = ("positive", "negative", "latent", "image", "bundle", "seed", "steps", "cfg")
        return next((role for role in roles if name in names_of(role)), "")
    return ""


def _kind_of_value(view: GraphView, node: Node, name: str) -> Any:
    """The type of an input that nobody declared: of what is linked to it, or of the literal."""
    wire = view.wire(node.id, name)
    if wire:
        return view.type_of(wire.source, wire.slot)
    value = node.inputs.get(name)
    if isinstance(value, str):
        return "STRING"
    return "INT" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def side_of(name: str) -> str:
    """Side of a conditioning socket by its name. An "empty" one (PerpNegGuider) belongs to neither."""
    lowered = name.lower()
    if "empty" in lowered:
        return ""
    return "negative" if "neg" in lowered or "uncond" in lowered or lowered.endswith("-") else "positive"


def inputs_with_role(view: GraphView, node: Node, *roles: str) -> list[InputRef]:
    """The inputs of a node that fill one of these roles: linked where only a link can, else linked or written."""
    found = []
    for name, value in node.inputs.items():
        role = role_of_input(view, node, name)
        if role in roles and (is_link(value) or role not in LINKED_ROLES):
            found.append(InputRef(node.id, name))
    return found


def held(view: GraphView, node: Node, *roles: str) -> list[InputRef]:
    """The inputs that fill a role for a node: its own, else those behind the pipes and contexts that it takes."""
    waiting, seen = [node], set()
    while waiting:
        one = waiting.pop(0)
        if one.id in seen:
            continue
        seen.add(one.id)
        own = [place for place in inputs_with_role(view, one, *roles) if not _left_empty(view, place)]
        if own:
            return own
        bundles = inputs_with_role(view, one, "bundle")
        row = row_of(one.class_type)
        for place in reversed(bundles) if row and row.last else bundles:
            wire = view.wire(*place)
            if wire:
                waiting.append(view.nodes[wire.source])
    return []


def _left_empty(view: GraphView, place: InputRef) -> bool:
    """An optional text that says nothing, so that what comes through the pipe counts."""
    value = view.nodes[place.node].inputs.get(place.input)
    return value == "" and bool(inputs_with_role(view, view.nodes[place.node], "bundle"))


def origin(view: GraphView, place: InputRef) -> InputRef:
    """Where a text or number really stands: followed through nodes that only pass it on.

    A node passes it on when it has one input of the type, or an input with the name of the output.
    """
    seen = set()
    while place not in seen:
        seen.add(place)
        wire = view.wire(*place)
        behind = _passed_on(view, wire) if wire else None
        if behind is None:
            return place
        place = behind
    return place


def _passed_on(view: GraphView, wire: Wire) -> InputRef | None:
    """The input whose value comes out unchanged at the other end of a wire; None where none does."""
    node = view.nodes[wire.source]
    row = row_of(node.class_type)
    role = row.role_of_output(wire.slot) if row else ""
    if role and role in row.inputs.values():
        places = held(view, node, role)
        return places[0] if len(places) == 1 else None
    if row and row.kind == "carrier" and role:
        return next(iter(held(view, node, role)), None)
    if node.known is None:
        return _of_unknown(node, wire.input)
    kind = view.type_of(wire.source, wire.slot)
    names = [name for name in node.inputs_of_type(kind) if name in node.inputs]
    names = names or [name for name in node.inputs_of_type(ANY, MATCH) if name in node.inputs]
    if row and row.kind == "switch":
        names = [one.input for one in view.into(node.id) if one.input != row.selector]
    named = node.known.output_names[wire.slot] if wire.slot < len(node.known.output_names) else ""
    if len(names) != 1 and named not in names:
        return None
    return InputRef(node.id, named if named in names else names[0])


def _of_unknown(node: Node, wanted: str) -> InputRef | None:
    """The number of a class that nobody knows: of the same name, or its only one."""
    numbers = [name for name, v in node.inputs.items() if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if wanted in numbers:
        return InputRef(node.id, wanted)
    return InputRef(node.id, numbers[0]) if len(numbers) == 1 else None
