"""Following values up the links of a graph: to the literal behind a number, and through pipes and contexts.

What a class does with its inputs comes from node_table.json where it has a row, else from types and names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .graph_view import GraphView, Node, Wire
from .model import Graph, inputs_of, is_link
from .node_class import ANY, MATCH, ObjectInfo
from .node_table import NO_ROLE, is_bundle_type, is_named, is_writer, looks_like_schedule, row_of, with_known_nodes
from .remembering import remembered

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


def _not_taken(node: Node, kept: str) -> set[str]:
    """The inputs of a switch that are not passed on."""
    row = row_of(node.class_type)
    selector = row.selector if row else ""
    cases = set(row.cases.values()) if row else set()
    return {name for name, value in node.inputs.items() if is_link(value) or name in cases} - {kept, selector}


@remembered
def _chosen(view: GraphView, node: Node) -> str | None:
    """The one input that a switch passes on; None where it is no switch or its choice is made while it runs."""
    row = row_of(node.class_type)
    if row is None:
        return _chosen_by_name(view, node)
    if row.kind != "switch":
        return None
    linked = [wire.input for wire in view.into(node.id) if wire.input != row.selector]
    if row.first:
        return min(linked, default=None)
    value = _value(view, node, row.selector)
    if value is None:
        return None
    name = row.cases.get(str(value).lower(), row.cases.get("*", "")).format(value)
    return name if name in node.inputs else None


_TRUE, _FALSE = re.compile(r"(?:^|_)(?:on_)?true$"), re.compile(r"(?:^|_)(?:on_)?false$")
_NUMBERED = re.compile(r"^[a-z_]*?(\d{1,9})$", re.IGNORECASE)


def _chosen_by_name(view: GraphView, node: Node) -> str | None:
    """As `_chosen`, of a class without a row: inputs named for true and false, or numbered ones of a class named a
    switch, and a single value to choose by."""
    linked = [wire.input for wire in view.into(node.id)]
    pair = [name for name in linked if _TRUE.search(name) or _FALSE.search(name)]
    if not pair and "switch" not in node.class_type.lower():
        return None
    values = [value for name in node.inputs if (value := _value(view, node, name)) is not None]
    if pair:
        choices = [value for value in values if isinstance(value, bool)]
        if len(choices) != 1:
            return None
        return next((name for name in pair if (_TRUE if choices[0] else _FALSE).search(name)), None)
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    if len(numbers) != 1:
        return None
    return next((name for name in linked if (m := _NUMBERED.match(name)) and int(m.group(1)) == numbers[0]), None)


def _value(view: GraphView, node: Node, name: str) -> Any:
    """The literal of an input, also where it comes from a node that only holds it."""
    return literal(view.graph, origin(view, InputRef(node.id, name))) if name in node.inputs else None


@remembered
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
    """Whether a value is a positive number that a float can hold, as sizes and lengths are."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= sys.float_info.max


@remembered
def role_of_input(view: GraphView, node: Node, name: str) -> str:
    """What an input holds, as the table's rows say it or its type and name. Empty for anything else."""
    row = row_of(node.class_type)
    if row and name in row.inputs:
        role = row.inputs[name]
        if role == "linked_text":
            return "text" if is_link(node.inputs.get(name)) else ""
        return "" if role == NO_ROLE else role
    spec = node.specs.get(name)
    kind = spec.type if spec else _kind_of_value(view, node, name)
    if kind == "CONDITIONING":
        return side_of(name)
    if kind == "LATENT":
        return "latent"
    if kind in ("IMAGE", "VIDEO"):
        return "image"
    if is_bundle_type(kind):
        return "bundle"
    if kind == "STRING":
        return next((role for role in ("negative_prompt", "prompt") if is_named(name, role)), "")
    if kind in ("INT", "FLOAT", "SEED"):
        return next((role for role in ("seed", "steps", "cfg", "guidance", "length") if is_named(name, role)), "")
    if kind == ANY:
        roles = ("positive", "negative", "latent", "image", "bundle", "seed", "steps", "cfg")
        return next((role for role in roles if is_named(name, role)), "")
    if view.wire(node.id, name):  # a pack's own type of conditioning
        return next((side for side in ("positive", "negative") if is_named(name, side)), "")
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


@remembered
def inputs_with_role(view: GraphView, node: Node, *roles: str) -> list[InputRef]:
    """The inputs of a node that fill one of these roles: linked where only a link can, else linked or written."""
    found = []
    for name, value in node.inputs.items():
        role = role_of_input(view, node, name)
        if role in roles and (is_link(value) or role not in LINKED_ROLES):
            found.append(InputRef(node.id, name))
    return found


@remembered
def held(view: GraphView, node: Node, *roles: str) -> list[InputRef]:
    """The inputs that fill a role for a node: its own, else those behind the pipes and contexts that it takes."""
    waiting, seen = [node], set()
    found: list[InputRef] = []
    while waiting:
        one = waiting.pop(0)
        if one.id in seen:
            continue
        seen.add(one.id)
        own = [place for place in inputs_with_role(view, one, *roles) if not left_empty(view, place)]
        found += own
        if own and not _adds(one):
            return found
        bundles = inputs_with_role(view, one, "bundle")
        row = row_of(one.class_type)
        for place in reversed(bundles) if row and row.last else bundles:
            wire = view.wire(*place)
            if wire:
                waiting.append(view.nodes[wire.source])
    return found


def _adds(node: Node) -> bool:
    """Whether a node's own inputs are joined with what comes through its pipe, instead of taking its place."""
    row = row_of(node.class_type)
    return bool(row and row.adds and node.inputs.get(row.adds[0]) in row.adds[1])


def left_empty(view: GraphView, place: InputRef) -> bool:
    """An optional text that says nothing, so that what comes through the pipe counts."""
    value = view.nodes[place.node].inputs.get(place.input)
    return value == "" and bool(inputs_with_role(view, view.nodes[place.node], "bundle"))


@remembered
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


@remembered
def _passed_on(view: GraphView, wire: Wire) -> InputRef | None:
    """The input whose value comes out unchanged at the other end of a wire; None where none does."""
    node = view.nodes[wire.source]
    row = row_of(node.class_type)
    if is_writer(node.class_type) or looks_like_schedule(node.class_type):
        return None
    role = row.role_of_output(wire.slot) if row else ""
    if role and role in row.inputs.values():
        places = held(view, node, role)
        return places[0] if len(places) == 1 else None
    held_by_row = list(row.inputs) if row and row.kind in ("text", "value") else []
    if len(held_by_row) == 1 and held_by_row[0] in node.inputs:
        return InputRef(node.id, held_by_row[0])
    if row and row.kind == "carrier" and role:
        return next(iter(held(view, node, role)), None)
    kind = view.type_of(wire.source, wire.slot)
    if row and row.kind == "switch":
        branches = branches_of(node)
        return branches[0] if len(branches) == 1 else None
    if (row and not row.outputs) or any(is_named(name, "computes") for name in node.inputs):
        return None
    if node.known is None:
        return _of_unknown(view, node, wire)
    names = [name for name in node.inputs_of_type(kind) if name in node.inputs and not is_named(name, "no_text")]
    names = names or [name for name in node.inputs_of_type(ANY, MATCH) if name in node.inputs]
    if not names and len(view.into(node.id)) == 1:
        names = [one.input for one in view.into(node.id) if view.type_of(one.source, one.slot) == kind]
    named = node.known.output_names[wire.slot] if 0 <= wire.slot < len(node.known.output_names) else ""
    if len(names) != 1 and named not in names:
        return None
    name = named if named in names else names[0]
    if kind == "STRING" and any(one.input != name for one in view.into(node.id)):
        return None  # something else is put into the text, or it is made of a picture
    return InputRef(node.id, name)


def branches_of(switch: Node) -> list[InputRef]:
    """The inputs that a switch passes on; one where its choice is known."""
    row = row_of(switch.class_type)
    selector, cases = (row.selector, set(row.cases.values())) if row else ("", set())
    names = [name for name, value in switch.inputs.items() if name != selector and (is_link(value) or name in cases)]
    return [InputRef(switch.id, name) for name in names]


def _of_unknown(view: GraphView, node: Node, wire: Wire) -> InputRef | None:
    """The number of a class that nobody knows: of the same name, or its only one. Texts are not guessed here."""
    spec = view.nodes[wire.node].specs.get(wire.input)
    if spec is not None and spec.type not in ("INT", "FLOAT"):
        return None
    numbers = [name for name, v in node.inputs.items() if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if wire.input in numbers:
        return InputRef(node.id, wire.input)
    return InputRef(node.id, numbers[0]) if len(numbers) == 1 else None
