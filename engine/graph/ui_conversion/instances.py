"""The graphs of a workflow with every subgraph put in the place of the node that stands for it. Pure.

A definition may stand in several places; each is an Instance with values of its own for what the node shows of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..node_class import ObjectInfo
from .page_nodes import PageNode, page_node
from .page_widgets import ABSENT, Version
from .reading import DEEPEST, NotConvertible, UiGraph, UiInput, UiLink, UiWorkflow

HOST_VALUES_SINCE: Version = (1, 47)
"""From here on a node that stands for a subgraph keeps own values of widgets inside that it merely shows."""
MOST_INSTANCES = 2000
"""Of subgraphs, all together: definitions that hold each other twice would double with each level."""
_PREFIX = re.compile(r"\s*\d+\s*:\s*")


@dataclass
class Instance:
    """A graph in its place. path: ids of the nodes that it stands in. host: the last of these, in `parent`.

    input_values: by input of the subgraph, what the host shows for it. shown: by (node, widget) inside, likewise.
    """

    graph: UiGraph
    nodes: Mapping[str, PageNode]
    path: tuple[str, ...] = ()
    parent: Instance | None = None
    host: PageNode | None = None
    input_values: dict[int, Any] = field(default_factory=dict)
    shown: dict[tuple[str, str], Any] = field(default_factory=dict)
    inside: dict[str, Instance] = field(default_factory=dict)

    def id_of(self, node: PageNode) -> str:
        """The node's id in the API graph."""
        return ":".join((*self.path, node.id))

    def all(self) -> Iterator[Instance]:
        yield self
        for one in self.inside.values():
            yield from one.all()


class Instances:
    """Makes the instances of a workflow."""

    def __init__(self, workflow: UiWorkflow, object_info: ObjectInfo, frontend: Version) -> None:
        self._workflow, self._object_info, self._frontend = workflow, object_info, frontend
        self._nodes: dict[str, Mapping[str, PageNode]] = {}
        self._values: dict[tuple[str, str], dict[int, Any]] = {}
        self._made = 0

    def root(self) -> Instance:
        """The workflow with everything in it. Raises NotConvertible where a subgraph holds itself."""
        root = Instance(self._workflow.root, self._nodes_of(self._workflow.root))
        self._fill(root, frozenset())
        return root

    def _nodes_of(self, graph: UiGraph) -> Mapping[str, PageNode]:
        if graph.id not in self._nodes:
            made = (page_node(one, self._workflow, self._object_info, self._frontend) for one in graph.nodes.values())
            self._nodes[graph.id] = {node.id: node for node in made}
        return self._nodes[graph.id]

    def _fill(self, instance: Instance, above: frozenset[str]) -> None:
        for host in instance.nodes.values():
            if host.role != "subgraph":
                continue
            self._made += 1
            if host.node.type in above or len(above) > DEEPEST or self._made > MOST_INSTANCES:
                raise NotConvertible(
                    f"Node {instance.id_of(host)}: the subgraph {host.title} holds itself, or too many others.",
                    "Unpack one of them.",
                    instance.id_of(host),
                )
            definition = self._workflow.subgraphs[host.node.type]
            inside = Instance(definition, self._nodes_of(definition), (*instance.path, host.id), instance, host)
            inside.input_values = dict(self._host_values(instance.graph, host))
            self._show(inside, host)
            _hand_down(instance, inside, host)
            instance.inside[host.id] = inside
            self._fill(inside, above | {host.node.type})

    def _host_values(self, owner: UiGraph, host: PageNode) -> dict[int, Any]:
        """What the host has for each of its inputs that belongs to a widget inside: its own value, else that one's."""
        key = (owner.id, host.id)
        if key not in self._values:
            self._values[key] = {}  # so that a subgraph in itself ends here
            self._values[key] = self._read_host_values(self._workflow.subgraphs[host.node.type], host)
        return self._values[key]

    def _read_host_values(self, definition: UiGraph, host: PageNode) -> dict[int, Any]:
        values: dict[int, Any] = {}
        for number, boundary in enumerate(definition.inputs):
            inner = self._default(definition, number)
            if inner is ABSENT:
                continue
            if host.node.named is not None:
                saved = host.node.named.get(boundary.name)
            else:
                saved = host.node.values[len(values)] if len(values) < len(host.node.values) else None
            values[number] = inner if saved is None else saved
        for name, value in _quarantined(host):
            values.update({number: value for number in values if definition.inputs[number].name == name})
        return values

    def _default(self, definition: UiGraph, number: int) -> Any:
        """The value inside that an input of a subgraph stands for; ABSENT when it feeds no widget."""
        for node, slot in _fed(definition, self._nodes_of(definition), number):
            if node.role == "subgraph":
                found = self._host_values(definition, node).get(node.inputs.index(slot), ABSENT)
            else:
                widget = node.widget_of(slot) if node.role == "class" else None
                found = ABSENT if widget is None else widget.value
            if found is not ABSENT:
                return found
        return ABSENT

    def _show(self, inside: Instance, host: PageNode) -> None:
        """Values that the host keeps for what it shows: by its proxyWidgets, [node or -1, widget] each."""
        entries = host.node.properties.get("proxyWidgets")
        for entry, value in zip(entries if isinstance(entries, list) else (), host.node.values, strict=False):
            if not isinstance(entry, list) or len(entry) < 2 or value is None:
                continue
            node_id, name = str(entry[0]), str(entry[1])
            if node_id == "-1":
                inside.input_values.update(
                    {n: value for n in inside.input_values if inside.graph.inputs[n].name == name}
                )
            elif self._frontend >= HOST_VALUES_SINCE and node_id in inside.nodes:
                _show_one(inside, inside.nodes[node_id], name, value)


def _show_one(inside: Instance, node: PageNode, name: str, value: Any) -> None:
    """An input of the subgraph that feeds the widget takes the value; else the widget itself does."""
    own_name = name if node.widget(name) or any(one.name == name for one in node.inputs) else _bare(name)
    for number in inside.input_values:
        for fed, slot in _fed(inside.graph, inside.nodes, number):
            if fed.id == node.id and own_name in (slot.name, slot.widget):
                inside.input_values[number] = value
                return
    inside.shown[node.id, own_name] = value


def _bare(name: str) -> str:
    """The widget's name without the ids that older versions put before it, as in "12: seed"."""
    while found := _PREFIX.match(name):
        name = name[found.end() :]
    return name


def _hand_down(parent: Instance, inside: Instance, host: PageNode) -> None:
    """What the parent's host shows of this host's own inputs."""
    for (node_id, name), value in parent.shown.items():
        if node_id == host.id:
            for number, boundary in enumerate(inside.graph.inputs):
                feeds = {slot.name for _, slot in _fed(inside.graph, inside.nodes, number)}
                if boundary.name == name or name in feeds:
                    inside.input_values[number] = value
                    break


def _fed(graph: UiGraph, nodes: Mapping[str, PageNode], number: int) -> Iterator[tuple[PageNode, UiInput]]:
    """The inputs inside that an input of the subgraph feeds, in the order of its links."""
    for link_id in graph.inputs[number].links:
        link = graph.links.get(link_id)
        node = nodes.get(link.target) if link else None
        slot = next((one for one in node.inputs if one.link == link_id), None) if node else None
        if node is not None and slot is not None:
            yield node, slot


def _quarantined(host: PageNode) -> Iterator[tuple[str, Any]]:
    """Values of inputs that the page kept aside because it could not place them at once."""
    kept = host.node.properties.get("proxyWidgetErrorQuarantine")
    for one in kept if isinstance(kept, list) else ():
        entry = one.get("originalEntry") if isinstance(one, Mapping) else None
        if isinstance(entry, list) and len(entry) >= 2 and str(entry[0]) == "-1" and one.get("hostValue") is not None:
            yield str(entry[1]), one["hostValue"]


def link_into(instance: Instance, slot: UiInput) -> UiLink | None:
    return instance.graph.links.get(slot.link) if slot.link else None
