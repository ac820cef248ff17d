"""A saved node as the page makes it again: inputs in the order of its class, widgets with their values. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..dynamic_inputs import AUTOGROW, DYNAMIC_COMBO
from ..node_class import MATCH, ObjectInfo
from .page_widgets import PageWidget, Version, ordered_inputs, page_widgets, widget_type
from .reading import UiInput, UiNode, UiWorkflow

Role = Literal["class", "subgraph", "passes", "value", "sets", "gets", "nothing", "unknown"]
"""What a node is to the API graph. class: a node of it. subgraph: stands for a whole graph. The others are the page's
alone: passes its input on, holds a value, sets and gets a link by name, or does nothing. unknown: none of these."""


@cache
def _table() -> Mapping[str, Any]:
    return json.loads((Path(__file__).parent / "page_nodes.json").read_text(encoding="utf-8"))


def saves_by_pattern(class_type: str) -> bool:
    """Whether the page fills patterns such as %date:yyyy% in this class's filename_prefix."""
    return class_type in _table()["name_patterns"]


@dataclass(frozen=True)
class PageNode:
    """inputs, output_types: in the page's order. unplaced: saved values that no widget of the class takes."""

    node: UiNode
    role: Role
    inputs: tuple[UiInput, ...]
    output_types: tuple[str, ...]
    widgets: tuple[PageWidget, ...]
    title: str
    unplaced: tuple[Any, ...] = ()

    @property
    def id(self) -> str:
        return self.node.id

    def widget(self, name: str) -> PageWidget | None:
        return next((one for one in self.widgets if one.name == name), None)

    def widget_of(self, slot: UiInput) -> PageWidget | None:
        """The widget that an input belongs to; None where it is a socket only."""
        return self.widget(slot.widget or slot.name)

    @property
    def variable(self) -> str:
        """The name under which a set or get node keeps its link."""
        return str(self.node.values[0]) if self.node.values else ""


def page_node(node: UiNode, workflow: UiWorkflow, object_info: ObjectInfo, frontend: Version) -> PageNode:
    described = object_info.get(node.type)
    if isinstance(described, Mapping):
        return _of_class(node, described, frontend)
    if node.type in workflow.subgraphs:
        return _of_subgraph(node, workflow)
    role = _table()["role"].get(node.type, "unknown")
    return PageNode(node, role, node.inputs, node.output_types, (), node.title or node.type)


def _of_class(node: UiNode, described: Mapping[str, Any], frontend: Version) -> PageNode:
    widgets, unplaced = page_widgets(node.type, described, node.values, node.named, frontend)
    inputs = tuple(_inputs(node, described, {widget.name for widget in widgets}, frontend))
    declared, matched = described.get("output") or (), described.get("output_matchtypes") or ()
    outputs = [_output_type(kind, bool(matched and matched[slot]), node, slot) for slot, kind in enumerate(declared)]
    title = node.title or str(described.get("display_name") or node.type)
    return PageNode(
        node, "class", inputs, (*outputs, *node.output_types[len(outputs) :]), tuple(widgets), title, unplaced
    )


def _output_type(kind: Any, follows: bool, node: UiNode, slot: int) -> str:
    if follows or kind == MATCH:  # the page works it out from the links; what it found is saved
        return node.output_types[slot] if slot < len(node.output_types) else "*"
    return kind if isinstance(kind, str) else "COMBO"


def _inputs(node: UiNode, described: Mapping[str, Any], widgets: set[str], frontend: Version) -> Iterator[UiInput]:
    """Sockets first, then the inputs of widgets, as declared; then those that only the saved node has."""
    saved = {slot.name: slot for slot in node.inputs}
    sockets, others = [], []
    for name, kind, options in ordered_inputs(described):
        if kind in (AUTOGROW, DYNAMIC_COMBO):
            grown = [slot.name for slot in node.inputs if slot.name == name or slot.name.startswith(f"{name}.")]
            (others if kind == DYNAMIC_COMBO else sockets).extend((one, None) for one in grown)
        elif widget_type(kind, options, frontend):
            others.append((name, "COMBO" if isinstance(kind, list) else str(kind)))
        else:
            sockets.append((name, None if kind == MATCH else str(kind)))
    for name, kind in (*sockets, *others):
        slot = saved.pop(name, UiInput(name))
        yield UiInput(name, slot.type if kind is None else kind, slot.link, name if name in widgets else "")
    yield from saved.values()


def _of_subgraph(node: UiNode, workflow: UiWorkflow) -> PageNode:
    definition = workflow.subgraphs[node.type]
    left = list(node.inputs)
    inputs = []
    for boundary in definition.inputs:
        slot = next((one for one in left if one.name == boundary.name), None)
        if slot is not None:
            left.remove(slot)
        inputs.append(UiInput(boundary.name, boundary.type, slot.link if slot else ""))
    outputs = tuple(boundary.type for boundary in definition.outputs)
    return PageNode(node, "subgraph", tuple(inputs), outputs, (), node.title or definition.name or node.type)
