"""Rules about links: well formed, from a node that is there, from a slot it has, and of a type that fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..finding import Finding
from ..graph_view import GraphView, Node
from ..node_class import ANY, LITERAL_TYPES, MATCH, produced_types, types_fit


def links(view: GraphView) -> Iterator[Finding]:
    """Every input that holds a list, hence a link."""
    for node in view.nodes.values():
        for name, spec in node.specs.items():
            value = node.inputs.get(name)
            if isinstance(value, list):
                finding = broken_link(view, node, name, value) or _mismatch(view, node, name, spec.type, value)
                if finding:
                    yield finding


def broken_link(view: GraphView, node: Node, name: str, value: list[Any]) -> Finding | None:
    """What is wrong with a link itself; None when its source is there."""
    where = f"{node.heading()}, input {name}"

    def found(kind: str, what: str, fix: str) -> Finding:
        return Finding(kind=kind, severity="rejected", node=node.id, input=name, what=f"{where}: {what}", fix=fix)

    if len(value) != 2:
        return found(
            "bad_linked_input",
            f"a link is [node id, output slot], not a list of {len(value)}.",
            'Correct the pair; a list that is meant as a value is written {"__value__": [...]}.',
        )
    source, slot = value
    if not isinstance(source, str):
        return found(
            "link_source_not_text",
            f"the id in the link {value} is not text.",
            f'Write it in quotes: ["{source}", {slot}].',
        )
    if source not in view.nodes:
        return found("link_source_missing", f"it is linked to node {source}, which is not there.", "Link it anew.")
    if not isinstance(slot, int) or isinstance(slot, bool):
        return found(
            "link_slot_not_number", f"the slot in the link {value} is not a whole number.", "Count the outputs from 0."
        )
    outputs = view.nodes[source].outputs
    # A tuple counts from its end for negative numbers, and so the server takes them.
    if view.nodes[source].known and not -len(outputs) <= slot < len(outputs):
        return found(
            "link_slot_out_of_range",
            f"{view.nodes[source].label()} has {len(outputs)} outputs, there is no slot {slot}.",
            "Outputs are counted from 0.",
        )
    return None


def _mismatch(view: GraphView, node: Node, name: str, wanted: Any, value: list[Any]) -> Finding | None:
    source = view.nodes[value[0]]
    if not source.known:
        return None
    received = source.outputs[value[1]]
    if types_fit(received, wanted):
        return _unmatched(view, node, name, value)
    slots = [slot for slot, kind in enumerate(source.outputs) if types_fit(kind, wanted)]
    fix = f"Link a node that gives {_named(wanted)}."
    if slots:
        fix = f"Slot {slots[0]} of {source.label()} gives {_named(wanted)}."
    return Finding(
        kind="return_type_mismatch",
        severity="rejected",
        node=node.id,
        input=name,
        what=f"{node.heading()}, input {name} takes {_named(wanted)}, but {source.label()} gives "
        f"{_named(received)} from slot {value[1]}.",
        fix=fix,
    )


def _unmatched(view: GraphView, node: Node, name: str, value: list[Any]) -> Finding | None:
    """A matched type that the server does not follow and the node cannot use."""
    spec = node.specs[name]
    received = view.type_of(value[0], value[1])
    allowed = (spec.options.get("template") or {}).get("allowed_types") if spec.type == MATCH else spec.type
    if allowed is None or received == ANY or types_fit(received, allowed):
        return None
    return Finding(
        kind="matched_type_mismatch",
        severity="wrong",
        node=node.id,
        input=name,
        what=f"{node.heading()}, input {name} works with {_named(allowed)}, but gets {_named(received)}.",
        fix=f"Link a node that gives {_named(allowed)}.",
    )


def literal_for_link(view: GraphView) -> Iterator[Finding]:
    """A value where only a link can bring something. The server takes it, the node fails."""
    produced = produced_types(view.object_info)
    for node in view.nodes.values():
        for name, spec in node.specs.items():
            if name not in node.inputs or isinstance(node.inputs[name], list) or not spec.required:
                continue
            if is_link_only(spec.type, produced) and "default" not in spec.options:
                yield Finding(
                    kind="literal_for_link",
                    severity="wrong",
                    node=node.id,
                    input=name,
                    what=f"{node.heading()}, input {name} holds a value, but {_named(spec.type)} can only come "
                    "through a link.",
                    fix=f"Link a node that gives {_named(spec.type)}.",
                )


def is_link_only(kind: Any, produced: frozenset[str]) -> bool:
    """Whether a type cannot be written into the graph: some class gives it, and it is no widget's."""
    if not isinstance(kind, str) or kind in (ANY, MATCH):
        return False
    parts = {part.strip() for part in kind.split(",")}
    return not parts & LITERAL_TYPES and parts <= produced


def _named(kind: Any) -> str:
    return "a choice from a list" if isinstance(kind, list) else str(kind)
