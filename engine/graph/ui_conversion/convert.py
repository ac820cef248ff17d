"""A workflow in UI format made the API graph that the page would queue. Pure.

Ids are those of the page: "12:5" is node 5 of the subgraph at node 12. As graphToPrompt of the frontend does it (read:
1.35.9, 1.49.6, 1.58.1), with three differences: what only the page's own displays need is left out, a value that a
primitive node holds also reaches the inputs of subgraphs, and what the server cannot know is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from ..model import Graph, Link, by_id
from ..node_class import ObjectInfo
from ..run_request import MOST_NODES
from .distinct_ids import SINCE as IDS_SINCE
from .distinct_ids import with_distinct_ids
from .following import Following, Held
from .instances import Instance, Instances
from .page_nodes import PageNode, saves_by_pattern
from .page_texts import Choose, fill_patterns, is_dynamic, resolve_dynamic_prompt
from .page_widgets import ABSENT, NEWEST, PageWidget, Version, entered, made_in_page
from .reading import NotConvertible, read_workflow

REPLACES = "Run widget replace on values"
"""Property of a primitive node: patterns in its text are filled."""
OLD_NAMES = ("KSampler", "KSamplerAdvanced")
"""Samplers whose files once said sample_euler for euler."""
GROUP_NODES = ("workflow>", "workflow/")
"""How the types of group nodes begin, which were there before subgraphs."""


@dataclass(frozen=True)
class Converted:
    """graph: in API format. notes: what was decided on the way, in words."""

    graph: Graph
    notes: tuple[str, ...] = ()


@dataclass
class _Making:
    """What the conversion needs everywhere. notes: as they come up."""

    root: Instance
    choose: Choose
    now: datetime
    frontend: Version
    notes: list[str] = field(default_factory=list)

    def value_by_name(self, name: str, widget: str) -> str | None:
        """The value of a widget of the first node of this name, by its name for search and replace or its title."""
        nodes = [node for instance in self.root.all() for node in instance.nodes.values()]
        named = [node for node in nodes if node.node.properties.get("Node name for S&R") == name]
        for node in (named or [node for node in nodes if node.title == name])[:1]:
            found = node.widget(widget)
            return None if found is None else _as_text(found.value)
        return None


def convert(
    workflow: Mapping[str, Any],
    object_info: ObjectInfo,
    *,
    frontend: Version = NEWEST,
    choose: Choose | None = None,
    now: datetime | None = None,
) -> Converted:
    """The API graph of a workflow. frontend: version of the page that it is to be as from.

    choose: draws from {one|other} in prompts; at random where nobody says. now: for dates in file names.
    Raises NotConvertible, naming the node.
    """
    read = read_workflow(workflow)
    if frontend >= IDS_SINCE:
        read = with_distinct_ids(read)
    root = Instances(read, object_info, frontend).root()
    draw = choose or Random().randrange  # noqa: S311 - chance, not secrecy
    making = _Making(root, draw, now or datetime.now().astimezone(), frontend)
    _refuse_unknown(root)
    graph: Graph = {}
    for instance in _running(root):
        for node in instance.nodes.values():
            if node.node.runs and node.role == "class":
                graph[instance.id_of(node)] = _entry(making, instance, node)
        if len(graph) > MOST_NODES:
            raise NotConvertible(f"The workflow has more than {MOST_NODES} nodes, so many are not read.", "Split it.")
    for entry in graph.values():
        inputs = entry["inputs"]
        for name in [name for name, value in inputs.items() if isinstance(value, list) and value[0] not in graph]:
            del inputs[name]
    return Converted(graph, tuple(making.notes))


def _running(instance: Instance) -> Iterator[Instance]:
    """The instances whose nodes run: not those inside a muted or bypassed node."""
    yield instance
    for host_id, inside in instance.inside.items():
        if instance.nodes[host_id].node.runs:
            yield from _running(inside)


def _refuse_unknown(root: Instance) -> None:
    """Raises NotConvertible for the first node, by id, of which nobody can tell what it does.

    One that is joined to nothing is let pass: whatever it is, no output depends on it.
    """
    found = []
    for instance in _running(root):
        feeding = {link.source for link in instance.graph.links.values()}
        for node in instance.nodes.values():
            joined = node.id in feeding or any(slot.link for slot in node.inputs)
            if node.role == "unknown" and node.node.runs and joined:
                found.append((by_id(instance.id_of(node)), instance.id_of(node), node.node.type))
    if not found:
        return
    _, where, kind = min(found)
    fix = "Install the pack that it comes from, or take it out of the workflow."
    if kind.startswith(GROUP_NODES):
        fix = "It is a group node, which ComfyUI has given up: convert it to a subgraph there, and save."
    raise NotConvertible(f"Node {where} ({kind}): this ComfyUI has no such node.", fix, where)


def _entry(making: _Making, instance: Instance, node: PageNode) -> dict[str, Any]:
    _refuse_made_in_page(instance, node)
    inputs: dict[str, Any] = {}
    for widget in node.widgets:
        value = instance.shown.get((node.id, widget.name), _own_value(making, instance, node, widget))
        if widget.sent and value is not ABSENT:
            inputs[widget.name] = _sent(widget, value, making.frontend)
    for number, slot in enumerate(node.inputs):
        source = Following().into(instance, node, number)
        if isinstance(source, Link):
            inputs[slot.name] = [source.source, source.slot]
        elif isinstance(source, Held):
            widget = node.widget_of(slot)
            inputs[slot.name] = _sent(widget, _held(making, widget, source), making.frontend)
    if any(isinstance(value, Mapping) and value for value in node.unplaced):
        making.notes.append(
            f"Node {instance.id_of(node)} ({node.title}) has values of widgets that only the page of its pack knows. "
            "They are left out: to keep them, export the workflow for the API from the page."
        )
    return {"class_type": node.node.type, "inputs": inputs, "_meta": {"title": node.title}}


def _own_value(making: _Making, instance: Instance, node: PageNode, widget: PageWidget) -> Any:
    value = widget.value
    if not isinstance(value, str):
        return value
    if widget.name == "sampler_name" and node.node.type in OLD_NAMES:
        return value.removeprefix("sample_")
    if widget.name == "filename_prefix" and saves_by_pattern(node.node.type):
        return fill_patterns(value, making.value_by_name, making.now)
    if widget.options.get("dynamicPrompts"):
        if is_dynamic(value):
            making.notes.append(
                f"Node {instance.id_of(node)} ({node.title}): of each {{one|other}} in its {widget.name} one was "
                "drawn, as the page does at each queueing; the run keeps to it."
            )
        return resolve_dynamic_prompt(value, making.choose)
    return value


def _held(making: _Making, widget: PageWidget | None, held: Held) -> Any:
    """A value from elsewhere. What a primitive node enters is filled and rounded as what the user enters."""
    if held.entered is None:
        return held.value
    if isinstance(held.value, str) and held.entered.node.properties.get(REPLACES):
        return fill_patterns(held.value, making.value_by_name, making.now)
    return held.value if widget is None else entered(widget, held.value)


def _sent(widget: PageWidget | None, value: Any, frontend: Version) -> Any:
    """The value as the API graph has it: a list is wrapped, for a bare one would read as a link."""
    if widget is not None and widget.type == "CURVE" and value is not None and frontend >= (1, 50):
        return {"__type__": "CURVE", "__value__": value}
    return {"__value__": value} if isinstance(value, list) else value


def _refuse_made_in_page(instance: Instance, node: PageNode) -> None:
    name = made_in_page(node.node.type)
    if name:
        raise NotConvertible(
            f"Node {instance.id_of(node)} ({node.node.type}), input {name}: only the page can make its value.",
            "Put a file in its place, or export the workflow for the API from the page.",
            instance.id_of(node),
            name,
        )


def _as_text(value: Any) -> str:
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)
