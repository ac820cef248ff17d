"""Changes of a graph as data: small typed operations, applied all or none on a copy, each with what undoes it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .chains import MAX_CHAIN, chain_length, cycles
from .finding import Finding
from .graph_view import GraphView
from .model import Graph
from .node_class import ObjectInfo, node_class, produced_types
from .rules.links import broken_link, is_link_only, links
from .rules.values import of_value


class PatchRefused(ValueError):
    """The patch cannot be applied. The message names the operation's node and says why."""


class _Operation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    node: str


class SetInput(_Operation):
    """Writes a literal into an input, in place of what was there."""

    op: Literal["set_input"] = "set_input"
    input: str
    value: Any


class ClearInput(_Operation):
    """Takes an input away."""

    op: Literal["clear_input"] = "clear_input"
    input: str


class Connect(_Operation):
    """Links an input to an output: `source` is a node id, `slot` is counted from 0."""

    op: Literal["connect"] = "connect"
    input: str
    source: str
    slot: int


class AddNode(_Operation):
    """Adds a node under a free id. entry: {class_type, inputs, _meta?}, as in the graph."""

    op: Literal["add_node"] = "add_node"
    entry: Any


class RemoveNode(_Operation):
    """Removes a node, or an entry that is none. What it fed must be linked anew in the same patch."""

    op: Literal["remove_node"] = "remove_node"


class ReplaceClass(_Operation):
    """Makes a node one of another class. inputs: all of its inputs from then on; None keeps them as they are."""

    op: Literal["replace_class"] = "replace_class"
    class_type: str
    inputs: dict[str, Any] | None = None


class SetTitle(_Operation):
    """Gives a node its `_meta`; None takes it away. The server ignores it, people and tools read it."""

    op: Literal["set_title"] = "set_title"
    meta: Any = None


Operation = Annotated[
    SetInput | ClearInput | Connect | AddNode | RemoveNode | ReplaceClass | SetTitle, Field(discriminator="op")
]


class Patch(BaseModel):
    """Operations in order. JSON in, JSON out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class AppliedPatch:
    """graph: the changed copy. inverse: the patch that `undo` takes to give the original back."""

    graph: Graph
    inverse: Patch


def apply(graph: Graph, patch: Patch, object_info: ObjectInfo) -> AppliedPatch:
    """The graph with the whole patch applied; the original is untouched.

    Raises PatchRefused, with nothing applied, when an operation finds no such node or input, or when the result has a
    fault that the graph had not: a link from nowhere, a type that does not fit, a value that the input cannot take, a
    cycle, or a chain of more than MAX_CHAIN nodes.
    """
    changed, inverse = _performed(graph, patch)
    _compare(graph, changed, patch, object_info)
    return AppliedPatch(changed, inverse)


def undo(graph: Graph, inverse: Patch) -> Graph:
    """The graph as it was before the patch that gave this inverse. Asks no questions: the original had its own faults.

    Raises PatchRefused when the graph is not the one that the patch left.
    """
    return _performed(graph, inverse)[0]


def redo(graph: Graph, patch: Patch) -> Graph:
    """A copy with a patch that was applied to this very graph before. Asks no questions again, as undo.

    Raises PatchRefused when it is another graph.
    """
    return _performed(graph, patch)[0]


def _performed(graph: Graph, patch: Patch) -> tuple[Graph, Patch]:
    changed = copy.deepcopy(dict(graph))
    backwards: list[Any] = []
    for operation in patch.operations:
        backwards.insert(0, _perform(changed, operation))
    return changed, Patch(operations=tuple(backwards))


def _perform(graph: Graph, operation: Any) -> Any:
    """Performs one operation in place; returns the one that undoes it."""
    node_id = operation.node
    if isinstance(operation, AddNode):
        if node_id in graph:
            raise PatchRefused(f"Node {node_id} is there already; a new node needs a free id.")
        graph[node_id] = copy.deepcopy(operation.entry)
        return RemoveNode(node=node_id)
    if node_id not in graph:
        raise PatchRefused(f"There is no node {node_id} to change.")
    if isinstance(operation, RemoveNode):
        return AddNode(node=node_id, entry=graph.pop(node_id))
    node = graph[node_id]
    if not isinstance(node, dict):
        raise PatchRefused(f"Entry {node_id} is no node; it can only be removed.")
    if isinstance(operation, SetTitle):
        before = SetTitle(node=node_id, meta=node.pop("_meta", None))
        if operation.meta is not None:
            node["_meta"] = copy.deepcopy(operation.meta)
        return before
    if isinstance(operation, ReplaceClass):
        return _replace(node, operation)
    return _change_input(node, operation)


def _replace(node: dict[str, Any], operation: ReplaceClass) -> ReplaceClass:
    if "class_type" not in node or "inputs" not in node:
        raise PatchRefused(f"Entry {operation.node} has no class or no inputs to replace; remove it and add a node.")
    inputs = None if operation.inputs is None else node.get("inputs")
    before = ReplaceClass(node=operation.node, class_type=node["class_type"], inputs=inputs)
    node["class_type"] = operation.class_type
    if operation.inputs is not None:
        node["inputs"] = copy.deepcopy(operation.inputs)
    return before


def _change_input(node: dict[str, Any], operation: SetInput | ClearInput | Connect) -> SetInput | ClearInput:
    name = operation.input
    inputs = node.get("inputs")
    if not isinstance(inputs, dict):
        raise PatchRefused(f"Node {operation.node} has no inputs; replace its class with inputs first.")
    if isinstance(operation, ClearInput) and name not in inputs:
        raise PatchRefused(f"Node {operation.node} has no input {name} to take away.")
    before = (
        SetInput(node=operation.node, input=name, value=inputs[name])
        if name in inputs
        else ClearInput(node=operation.node, input=name)
    )
    if isinstance(operation, ClearInput):
        del inputs[name]
    elif isinstance(operation, Connect):
        inputs[name] = [operation.source, operation.slot]
    else:
        inputs[name] = copy.deepcopy(operation.value)
    return before


def _compare(before: Graph, after: Graph, patch: Patch, object_info: ObjectInfo) -> None:
    """Raises PatchRefused for the first fault that only the changed graph has."""
    old, new = GraphView(before, object_info), GraphView(after, object_info)
    _refuse_new(links, old, new)
    _refuse_new(_undeclared_links, old, new)
    for operation in patch.operations:
        _check_class(new, operation, object_info)
        if isinstance(operation, SetInput):
            _check_literal(new, operation)
    old_nodes, new_nodes = ({node_id: view.graph[node_id] for node_id in view.nodes} for view in (old, new))
    known = {frozenset(cycle) for cycle in cycles(old_nodes)}
    for cycle in cycles(new_nodes):
        if frozenset(cycle) not in known:
            raise PatchRefused(f"These nodes would feed each other in a circle: {' -> '.join([*cycle, cycle[0]])}.")
    length = chain_length(new_nodes)
    if length > max(MAX_CHAIN, chain_length(old_nodes)):
        raise PatchRefused(
            f"{length} nodes would hang one behind the other; more than {MAX_CHAIN} bring the server down."
        )


def _refuse_new(rule: Callable[[GraphView], Iterable[Finding]], old: GraphView, new: GraphView) -> None:
    known = {(finding.kind, finding.node, finding.input) for finding in rule(old)}
    for finding in rule(new):
        if (finding.kind, finding.node, finding.input) not in known:
            raise PatchRefused(finding.message())


def _undeclared_links(view: GraphView) -> Iterable[Finding]:
    """Links of nodes whose class is unknown, or into inputs nobody declared: the server follows them all the same."""
    for node in view.nodes.values():
        for name, value in node.inputs.items():
            if name not in node.specs and isinstance(value, list) and len(value) == 2:
                finding = broken_link(view, node, name, value)
                if finding:
                    yield finding


def _check_class(view: GraphView, operation: Any, object_info: ObjectInfo) -> None:
    entry = view.graph.get(operation.node)
    if not isinstance(operation, (AddNode, ReplaceClass)) or entry is None:
        return
    class_type = entry.get("class_type") if isinstance(entry, dict) else None
    if not isinstance(class_type, str) or not isinstance(entry.get("inputs"), dict):
        raise PatchRefused(f"Node {operation.node}: a new node needs a class_type and inputs.")
    if node_class(object_info, class_type) is None:
        raise PatchRefused(f"Node {operation.node}: this ComfyUI has no node class {class_type}.")


def _check_literal(view: GraphView, operation: SetInput) -> None:
    node = view.nodes.get(operation.node)
    spec = node.specs.get(operation.input) if node else None
    if spec is None or operation.input not in node.inputs or isinstance(node.inputs[operation.input], list):
        return
    if spec.required and is_link_only(spec.type, produced_types(view.object_info)):
        raise PatchRefused(f"{node.heading()}, input {spec.name}: {spec.type} can only come through a link.")
    for finding in of_value(node, spec):
        if finding.severity == "rejected":
            raise PatchRefused(finding.message())


def joined(patches: Collection[Patch]) -> Patch:
    """One patch of several, in order."""
    return Patch(operations=tuple(operation for patch in patches for operation in patch.operations))
