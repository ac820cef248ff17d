"""A workflow in UI format, read into nodes, links and subgraphs. Pure.

The format is what LGraph.serialize of the frontend writes: `nodes`, `links` as lists [id, source, slot, target, slot,
type], and in `definitions.subgraphs` the graphs that a node of that type stands for. Inside a subgraph links are
objects, and the ends of its own inputs and outputs are -10 and -20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

INPUTS_OF_SUBGRAPH, OUTPUTS_OF_SUBGRAPH = "-10", "-20"
"""Ids of the ends that a link inside a subgraph has where it goes through the subgraph's own inputs and outputs."""
ACTIVE, MUTED, BYPASSED = 0, 2, 4
DEEPEST = 50
"""Subgraphs inside each other; the frontend itself allows 1000, workflows have three."""


class NotConvertible(ValueError):
    """The workflow cannot be made an API graph. node: where, as an id of the API graph; empty for the whole file."""

    def __init__(self, what: str, fix: str, node: str = "", input_: str = "") -> None:
        super().__init__(f"{what} {fix}")
        self.what, self.fix, self.node, self.input = what, fix, node, input_


@dataclass(frozen=True)
class UiLink:
    """Output `slot` of node `source` feeds input `target_slot` of node `target`."""

    id: str
    source: str
    slot: int
    target: str
    target_slot: int


@dataclass(frozen=True)
class UiInput:
    """An input as saved. widget: name of the widget it belongs to; empty where it is a socket only."""

    name: str
    type: str = "*"
    link: str = ""
    widget: str = ""


@dataclass(frozen=True)
class UiNode:
    """A node as saved. values: its widgets' values in their order. named: the same by name, where saved so."""

    id: str
    type: str
    title: str
    mode: int
    inputs: tuple[UiInput, ...]
    output_types: tuple[str, ...]
    values: tuple[Any, ...]
    named: Mapping[str, Any] | None
    properties: Mapping[str, Any]

    @property
    def runs(self) -> bool:
        return self.mode not in (MUTED, BYPASSED)


@dataclass(frozen=True)
class Boundary:
    """An input or output of a subgraph: the links inside that begin or end at it."""

    name: str
    type: str
    links: tuple[str, ...]


@dataclass(frozen=True)
class UiGraph:
    """The workflow itself or a subgraph's definition. links: by id. id: empty for the workflow itself."""

    id: str
    name: str
    nodes: Mapping[str, UiNode]
    links: Mapping[str, UiLink]
    inputs: tuple[Boundary, ...] = ()
    outputs: tuple[Boundary, ...] = ()


@dataclass(frozen=True)
class UiWorkflow:
    """root: what is on the canvas. subgraphs: definitions by id, which is the type of the nodes that stand for them.
    last_node_id: the highest number that was ever given to a node."""

    root: UiGraph
    subgraphs: Mapping[str, UiGraph] = field(default_factory=dict)
    last_node_id: int = 0


def is_ui_format(data: Any) -> bool:
    """Whether parsed JSON is a workflow as the canvas saves it."""
    return isinstance(data, Mapping) and isinstance(data.get("nodes"), list)


def node_types(data: Any) -> set[str]:
    """Types of the nodes in a workflow and its subgraphs; none of JSON that is something else."""
    if not is_ui_format(data):
        return set()
    graphs = (data, *_definitions(data, DEEPEST))
    entries = [entry for graph in graphs for entry in _list(graph.get("nodes"))]
    kinds = [entry.get("type") for entry in entries if isinstance(entry, Mapping)]
    return {kind for kind in kinds if isinstance(kind, str)}


def read_workflow(data: Mapping[str, Any]) -> UiWorkflow:
    """The workflow in parsed JSON. Raises NotConvertible where a node has no id or type, or an id stands twice."""
    definitions = {}
    for definition in _definitions(data, DEEPEST):
        graph = _graph(definition, str(definition.get("id", "")))
        definitions.setdefault(graph.id, graph)
    state = data.get("state")
    last = state.get("lastNodeId") if isinstance(state, Mapping) else data.get("last_node_id")
    return UiWorkflow(_graph(data, ""), definitions, max(_number(last), 0))


def _definitions(data: Mapping[str, Any], deepest: int) -> Iterator[Mapping[str, Any]]:
    """Definitions of subgraphs, also those that are saved inside another."""
    section = data.get("definitions")
    found = section.get("subgraphs") if isinstance(section, Mapping) else None
    for definition in _list(found):
        if isinstance(definition, Mapping) and deepest:
            yield definition
            yield from _definitions(definition, deepest - 1)


def _graph(data: Mapping[str, Any], graph_id: str) -> UiGraph:
    nodes: dict[str, UiNode] = {}
    for entry in _list(data.get("nodes")):
        node = _node(entry)
        if node.id in nodes:
            raise NotConvertible(
                f"Two nodes of the workflow have the id {node.id}.",
                "Open it in ComfyUI and save it again: the page gives one of them a new id.",
                node.id,
            )
        nodes[node.id] = node
    links = {link.id: link for link in map(_link, _list(data.get("links"))) if link is not None}
    _link_everywhere(data, nodes, links)
    inputs, outputs = (tuple(_boundary(one) for one in _list(data.get(key))) for key in ("inputs", "outputs"))
    return UiGraph(graph_id, str(data.get("name") or ""), nodes, links, inputs, outputs)


def _link_everywhere(data: Mapping[str, Any], nodes: dict[str, UiNode], links: dict[str, UiLink]) -> None:
    """Adds the links that the pack cg-use-everywhere makes without drawing them; it saves those it has made last.

    Its own list, extra.ue_links: {upstream, upstream_slot, downstream, downstream_slot}. A link that is drawn wins.
    """
    extra = data.get("extra")
    for entry in _list(extra.get("ue_links")) if isinstance(extra, Mapping) else ():
        ends = [entry.get(f"{end}stream") for end in ("up", "down")] if isinstance(entry, Mapping) else [None]
        if not all(_is_id(end) for end in ends):
            continue
        source, target = map(str, ends)
        slot, number = _number(entry.get("upstream_slot")), _number(entry.get("downstream_slot"))
        node = nodes.get(target)
        if node is None or source not in nodes or not 0 <= number < len(node.inputs) or node.inputs[number].link:
            continue
        link = UiLink(f"everywhere {target} {number}", source, slot, target, number)
        links[link.id] = link
        changed = replace(node.inputs[number], link=link.id)
        nodes[target] = replace(node, inputs=(*node.inputs[:number], changed, *node.inputs[number + 1 :]))


def _node(entry: Any) -> UiNode:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str) or not _is_id(entry.get("id")):
        raise NotConvertible(
            "An entry of the workflow's nodes has no id or no type.", "Save the workflow in ComfyUI and send that file."
        )
    saved, named = entry.get("widgets_values"), entry.get("widgets_values_named")
    properties = entry.get("properties")
    return UiNode(
        id=str(entry["id"]),
        type=entry["type"],
        title=str(entry.get("title") or ""),
        mode=entry["mode"] if isinstance(entry.get("mode"), int) else ACTIVE,
        inputs=tuple(_input(one) for one in _list(entry.get("inputs")) if isinstance(one, Mapping)),
        output_types=tuple(_type(one.get("type")) for one in _list(entry.get("outputs")) if isinstance(one, Mapping)),
        values=tuple(saved) if isinstance(saved, list) else (),
        named=named if isinstance(named, Mapping) else saved if isinstance(saved, Mapping) else None,
        properties=properties if isinstance(properties, Mapping) else {},
    )


def _input(entry: Mapping[str, Any]) -> UiInput:
    widget = entry.get("widget")
    return UiInput(
        name=str(entry.get("name", "")),
        type=_type(entry.get("type")),
        link=str(entry["link"]) if _is_id(entry.get("link")) else "",
        widget=str(widget.get("name", "")) if isinstance(widget, Mapping) else "",
    )


def _link(entry: Any) -> UiLink | None:
    """A link as the workflow (a list) or a subgraph (an object) saves it; None for a hole in the list."""
    if isinstance(entry, Mapping):
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        entry = [entry.get(key) for key in keys]
    if not isinstance(entry, list) or len(entry) < 5 or not all(_is_id(part) for part in entry[:5]):
        return None
    link_id, source, slot, target, target_slot = entry[:5]
    return UiLink(str(link_id), str(source), _number(slot), str(target), _number(target_slot))


def _boundary(entry: Any) -> Boundary:
    entry = entry if isinstance(entry, Mapping) else {}
    links = tuple(str(one) for one in _list(entry.get("linkIds")) if _is_id(one))
    return Boundary(str(entry.get("name", "")), _type(entry.get("type")), links)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _number(value: Any) -> int:
    return int(value) if re.fullmatch(r"-?[0-9]{1,15}", str(value)) else -1


def _type(value: Any) -> str:
    """Types of slots are names; 0 and -1 of old files, and lists of a combo, stand for any and COMBO."""
    if isinstance(value, str):
        return value
    return "COMBO" if isinstance(value, list) else "*"
