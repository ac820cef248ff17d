"""Proposals for what a check found. Nothing is changed here: the caller applies what it was told to apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from .check import check
from .diff import diff
from .dynamic_inputs import InputSpec
from .finding import Finding
from .graph_view import GraphView, Node
from .model import Graph, inputs_of, read_graph
from .nearest import alternatives, misspelt
from .node_class import ObjectInfo, types_fit
from .patch import (
    AddNode,
    AppliedPatch,
    ClearInput,
    Connect,
    Operation,
    Patch,
    PatchRefused,
    RemoveNode,
    ReplaceClass,
    SetInput,
    SetTitle,
    apply,
    joined,
)
from .rules.values import meant_input, plain

LINKED_BY_TYPE = ("MODEL", "CLIP", "VAE")
"""Types of which a graph usually has one source, so that a missing link has one candidate."""


class Repair(BaseModel):
    """A change that would end a finding. certain: nothing else can have been meant; else a person should choose.

    sentence: what it does, to the user. lines: the difference it makes.
    """

    model_config = ConfigDict(frozen=True)

    finding: Finding
    patch: Patch
    certain: bool
    sentence: str
    lines: tuple[str, ...] = ()


def propose_repairs(graph: Graph, object_info: ObjectInfo) -> list[Repair]:
    """A proposal for each finding that has one, in the order of the findings; at last the missing titles.

    A model file that is not installed gets its nearest installed relative as a proposal that is never certain. Raises
    NotAnApiGraph for JSON of another kind.
    """
    view = GraphView(read_graph(graph), object_info)
    proposed = []
    for finding in check(graph, object_info).findings:
        for repair in _PROPOSALS.get(finding.kind, _nothing)(view, finding):
            proposed += _tried(graph, repair, object_info)
    return [*proposed, *_titles(view)]


def apply_repairs(graph: Graph, chosen: Collection[Repair], object_info: ObjectInfo) -> AppliedPatch:
    """The graph with these repairs, and the patch that undoes them all. Raises PatchRefused like `patch.apply`."""
    return apply(graph, joined([repair.patch for repair in chosen]), object_info)


def _tried(graph: Graph, repair: Repair, object_info: ObjectInfo) -> list[Repair]:
    """The repair with the difference it makes; nothing where it cannot be applied."""
    try:
        changed = apply(graph, repair.patch, object_info).graph
    except PatchRefused:
        return []
    return [repair.model_copy(update={"lines": tuple(diff(graph, changed))})]


def _repair(finding: Finding, sentence: str, *operations: Operation, certain: bool = True) -> Repair:
    return Repair(finding=finding, patch=Patch(operations=operations), certain=certain, sentence=sentence)


def _set(finding: Finding, value: Any, why: str, certain: bool = True) -> Repair:
    operation = SetInput(node=finding.node, input=finding.input, value=value)
    sentence = f"Set {finding.input} of node {finding.node} to {value!r}: {why}."
    return _repair(finding, sentence, operation, certain=certain)


def _at(view: GraphView, finding: Finding) -> tuple[Node, InputSpec, Any]:
    node = view.nodes[finding.node]
    return node, node.specs[finding.input], plain(node.inputs.get(finding.input))


def _nothing(view: GraphView, finding: Finding) -> Iterator[Repair]:
    return iter(())


def _entry(view: GraphView, finding: Finding) -> Iterator[Repair]:
    """A top-level `_meta`, version or the like: no node, and nothing is linked to it."""
    if not inputs_of(view.graph[finding.node]):
        sentence = f"Remove the entry {finding.node}: it is no node."
        yield _repair(finding, sentence, RemoveNode(node=finding.node), certain=finding.node.startswith("_"))


def _class(view: GraphView, finding: Finding) -> Iterator[Repair]:
    node = view.nodes[finding.node]
    meant = misspelt(node.class_type, view.object_info)
    if meant:
        operation = ReplaceClass(node=node.id, class_type=meant)
        sentence = f"Make node {node.id} a {meant}: {node.class_type} is not installed."
        yield _repair(finding, sentence, operation, certain=False)


def _missing(view: GraphView, finding: Finding) -> Iterator[Repair]:
    node, spec, _ = _at(view, finding)
    for name in node.inputs:
        if name not in node.specs and meant_input(node, name) == spec.name:
            value = node.inputs[name]
            moved = (
                ClearInput(node=node.id, input=name),
                SetInput(node=node.id, input=spec.name, value=value),
            )
            yield _repair(finding, f"Rename input {name} of node {node.id} to {spec.name}.", *moved)
            return
    if "default" in spec.options:
        yield _set(finding, spec.default, "that is its default")
    elif spec.choices and len(spec.choices) == 1:
        yield _set(finding, spec.default, "that is the only choice")
    elif spec.choices:
        yield _set(finding, spec.default, "that is the first choice of its list", certain=False)
    elif spec.type in LINKED_BY_TYPE:
        below = view.downstream([node.id])
        giving = [
            (other.id, slot)
            for other in view.nodes.values()
            for slot, kind in enumerate(other.outputs)
            if other.id not in below and types_fit(kind, spec.type)
        ]
        if len(giving) == 1:
            source, slot = giving[0]
            operation = Connect(node=node.id, input=spec.name, source=source, slot=slot)
            sentence = f"Link {spec.name} of node {node.id} to {view.nodes[source].label()}, the only {spec.type} here."
            yield _repair(finding, sentence, operation, certain=False)


def _listed(view: GraphView, finding: Finding) -> Iterator[Repair]:
    _, spec, value = _at(view, finding)
    offered = spec.choices or []
    if isinstance(value, str) and "." in value:
        for file in alternatives(value, offered, count=1):
            why = f"{value} is not installed, and this is the nearest of its kind and family"
            yield _set(finding, file, why, certain=False)
        return
    meant = misspelt(str(value), offered)
    if meant is not None:
        yield _set(finding, meant, f"{value!r} is not on the list")


def _better(view: GraphView, finding: Finding) -> Iterator[Repair]:
    """The value that the rule itself knows to be right."""
    if finding.instead is not None:
        yield _set(finding, finding.instead, _WHY[finding.kind], certain=finding.kind not in _A_CHOICE)


def _link(view: GraphView, finding: Finding) -> Iterator[Repair]:
    source, slot = view.nodes[finding.node].inputs[finding.input]
    source, number = str(source), int(slot) if str(slot).replace(".0", "").isdecimal() else None
    if number is None or source not in view.nodes:
        return
    operation = Connect(node=finding.node, input=finding.input, source=source, slot=number)
    sentence = f"Write the link of {finding.input} of node {finding.node} as [{source!r}, {number}]."
    yield _repair(finding, sentence, operation)


def _other_slot(view: GraphView, finding: Finding) -> Iterator[Repair]:
    node = view.nodes[finding.node]
    source, wanted = node.inputs[finding.input][0], node.specs[finding.input].type
    slots = [slot for slot, kind in enumerate(view.nodes[source].outputs) if types_fit(kind, wanted)]
    if len(slots) == 1:
        operation = Connect(node=node.id, input=finding.input, source=source, slot=slots[0])
        sentence = f"Link {finding.input} of node {node.id} to slot {slots[0]} of {view.nodes[source].label()}."
        yield _repair(finding, sentence, operation, certain=False)


def _no_inputs(view: GraphView, finding: Finding) -> Iterator[Repair]:
    again = AddNode(node=finding.node, entry={**view.graph[finding.node], "inputs": {}})
    yield _repair(finding, f"Give node {finding.node} its `inputs` object.", RemoveNode(node=finding.node), again)


def _titles(view: GraphView) -> list[Repair]:
    """Titles for nodes that have none, as the page exports them: the server ignores them, tools look for them."""
    operations = [
        SetTitle(node=node.id, meta={"title": node.known.display_name})
        for node in view.nodes.values()
        if node.known and "_meta" not in view.graph[node.id]
    ]
    if not operations:
        return []
    finding = Finding(
        kind="no_titles",
        severity="suspicious",
        what=f"{len(operations)} nodes have no _meta with a title.",
        fix="Give each the name of its class.",
    )
    return [_repair(finding, "Give every node its class's name as title.", *operations)]


_WHY = {
    "value_smaller_than_min": "that is its lower limit",
    "value_bigger_than_max": "that is its upper limit",
    "invalid_input_type": "null is no number, and this is its default",
    "number_as_text": "a number needs no quotes",
    "number_cut": "the server would cut it to that",
    "text_for_boolean": "the server takes any text for true",
    "off_step": "the nearest that the model can make",
    "frames_off_step": "the nearest that the model can make",
    "odd_side": "a video needs even sides",
    "cfg_of_distilled_model": "the model is made for it",
}
_A_CHOICE = ("odd_side", "cfg_of_distilled_model")
"""Kinds of findings where another change would end them too."""

_PROPOSALS: dict[str, Callable[[GraphView, Finding], Iterator[Repair]]] = {
    "invalid_prompt": _entry,
    "missing_node_type": _class,
    "no_inputs": _no_inputs,
    "required_input_missing": _missing,
    "value_not_in_list": _listed,
    "dynamic_choice_unknown": _listed,
    **dict.fromkeys(_WHY, _better),
    "link_source_not_text": _link,
    "link_slot_not_number": _link,
    "return_type_mismatch": _other_slot,
}
