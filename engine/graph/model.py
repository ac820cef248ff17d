"""An API graph as it is posted: its links and inputs, walks over it, and reading one from JSON. Pure.

A graph in API format is {node id: {"class_type", "inputs"}}; an input is a literal or a link [node id, output number].
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Graph = dict[str, Any]
"""An API graph: node id to {class_type, inputs, _meta?}. A link is [source node id, output slot]."""

UI_FORMAT = (
    "This is a workflow saved for the canvas (UI format). What runs is the API format: open the workflow in ComfyUI, "
    "choose Workflow > Export (API), and send that file."
)


class NotAnApiGraph(ValueError):
    """The JSON is no API graph. The message says what it is instead and how to get one."""


class Link(NamedTuple):
    """Where a value comes from: a node id and the slot of its output, counted from 0."""

    source: str
    slot: int


def is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def link_of(value: Any) -> Link | None:
    """The link that an input's value is; None for a literal."""
    return Link(*value) if is_link(value) else None


def inputs_of(node: Any) -> Mapping[str, Any]:
    """The inputs of a node as sent; empty where it has none or is no node at all."""
    inputs = node.get("inputs") if isinstance(node, Mapping) else None
    return inputs if isinstance(inputs, Mapping) else {}


def class_of(node: Any) -> str | None:
    """The class of a node as sent; None where it has none or is no node at all."""
    kind = node.get("class_type") if isinstance(node, Mapping) else None
    return kind if isinstance(kind, str) else None


def sources(node: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the nodes that this node's inputs are linked to."""
    for value in inputs_of(node).values():
        if is_link(value):
            yield value[0]


def upstream(graph: Mapping[str, Any], ids: Iterable[str]) -> Iterator[str]:
    """These nodes and everything that feeds them, each once, as far as the graph has them; read link by link, so that
    a caller who has found what it looks for goes no further."""
    waiting, seen = list(ids), set()
    while waiting:
        node_id = waiting.pop()
        if node_id in seen or node_id not in graph:
            continue
        seen.add(node_id)
        yield node_id
        waiting.extend(sources(graph[node_id]))


def relink(graph: Graph, old: Link, new: Link) -> None:
    """What takes the one output takes the other instead; the graph is changed."""
    for node in graph.values():
        for name, value in inputs_of(node).items():
            if link_of(value) == old:
                node["inputs"][name] = list(new)


def clean_copy(graph: Mapping[str, Any]) -> Graph:
    """A deep copy without the server's own marks.

    `is_changed`, which the server writes into nodes while it runs them, would make a graph sent again count as
    unchanged, and the chain would end after one step.
    """
    copied = copy.deepcopy(dict(graph))
    for node in copied.values():
        if isinstance(node, dict):
            node.pop("is_changed", None)
    return copied


def read_graph(data: Any) -> Graph:
    """The API graph in parsed JSON.

    Raises NotAnApiGraph for a UI workflow, a whole POST /prompt body, and anything else whose values are not nodes.
    Single broken nodes are left for `check` to name.
    """
    if not isinstance(data, Mapping):
        raise NotAnApiGraph(
            f"The workflow must be a JSON object of node ids and nodes, not {_kind(data)}. "
            "In ComfyUI choose Workflow > Export (API) and send that file."
        )
    if isinstance(data.get("nodes"), list):
        raise NotAnApiGraph(UI_FORMAT)
    if isinstance(data.get("prompt"), Mapping) and "class_type" not in data["prompt"]:
        raise NotAnApiGraph(
            "This is a whole request body. Send what is inside its `prompt` key: the object of node ids and nodes."
        )
    if data and not any(isinstance(node, Mapping) and "class_type" in node for node in data.values()):
        raise NotAnApiGraph(
            "No entry of this JSON is a node: each node of an API graph has a class_type and inputs. "
            "In ComfyUI choose Workflow > Export (API) and send that file."
        )
    return dict(data)


def by_id(node_id: str) -> list[tuple[bool, int, str]]:
    """Sorts ids by their numbers, also those of subgraphs: 9, 12, 12:5, 12:40."""
    parts = str(node_id).split(":")
    return [(not part.isdecimal(), len(part) if part.isdecimal() else 0, part) for part in parts]


def next_id(graph: Mapping[str, Any], also: int = 0) -> str:
    """A free node id: one above the highest number in use (`also` more for further nodes of the same patch)."""
    numbers = [int(part) for node_id in graph for part in str(node_id).split(":") if part.isdecimal()]
    return str(max(numbers, default=0) + 1 + also)


def _kind(data: Any) -> str:
    names = {list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if data is None else names.get(type(data), "something else")
