"""An API graph read against object_info: links, inputs, node classes, nodes and findings about them. Pure.

A graph in API format is {node id: {"class_type", "inputs"}}; an input is a literal or a link [node id, output number].
GraphView is the graph with what object_info says of each node's class; other files of this room read graphs through it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from .dynamic_inputs import DYNAMIC_COMBO, Expanded, Growth, InputSpec, expand

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


Severity = Literal["rejected", "wrong", "suspicious"]
"""rejected: the server refuses it, and the outputs below do not run. wrong: the server takes it, and it fails or gives
something else than asked for. suspicious: it runs; probably not as meant."""


class Finding(BaseModel):
    """One thing that is not right.

    kind: a short name that stays the same; the server's own error type where the server has one. node: id, empty for
    the whole graph. input: empty for the whole node. what: the fact. fix: what to do. instead: the value that would be
    right, where the rule knows one.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    severity: Severity
    what: str
    fix: str
    node: str = ""
    input: str = ""
    instead: Any = None

    def message(self) -> str:
        return f"{self.what} {self.fix}".strip()


ObjectInfo = Mapping[str, Any]
"""The JSON of GET /object_info: class name to its description."""

ANY = "*"
MATCH = "COMFY_MATCHTYPE_V3"
"""A type that follows what is linked to another input of the same template."""
LITERAL_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", DYNAMIC_COMBO})
"""Types whose values can be written into the graph; the others come through a link."""


@dataclass(frozen=True)
class NodeClass:
    """A node class. output_templates: for each output the template it follows, None where its type is fixed."""

    name: str
    display_name: str
    declared: Mapping[str, Any]
    outputs: tuple[Any, ...]
    output_names: tuple[str, ...]
    output_templates: tuple[str | None, ...]
    is_output: bool
    is_paid: bool = False
    """Each render of it costs money: a partner's or ComfyUI's own service paints."""
    demands_slots: bool = False
    """Whether the server refuses it with fewer slots of a growing input than that needs. Seen on 0.33.0, not on 0.8.0;
    what tells the two apart is `is_input_list`, which only the newer one describes."""

    def expanded(self, values: Mapping[str, Any]) -> Expanded:
        """Its inputs for these values."""
        return expand(self.declared, values)


def node_class(object_info: ObjectInfo, class_type: Any) -> NodeClass | None:
    """The class as described; None when this ComfyUI does not have it."""
    info = object_info.get(class_type) if isinstance(class_type, str) else None
    if not isinstance(info, Mapping):
        return None
    outputs = tuple(info.get("output") or ())
    return NodeClass(
        name=class_type,
        display_name=info.get("display_name") or class_type,
        declared=info.get("input") or {},
        outputs=outputs,
        output_names=tuple(info.get("output_name") or [str(kind) for kind in outputs]),
        output_templates=tuple(info.get("output_matchtypes") or [None] * len(outputs)),
        is_output=bool(info.get("output_node")),
        is_paid=bool(info.get("api_node")),
        demands_slots="is_input_list" in info,
    )


def specs_of(object_info: ObjectInfo, class_type: str, values: Mapping[str, Any]) -> Mapping[str, InputSpec] | None:
    """The inputs of a class for these values; None when this ComfyUI lacks the class or one of the inputs."""
    known = node_class(object_info, class_type)
    if known is None:
        return None
    specs = known.expanded(values).inputs
    return specs if values.keys() <= specs.keys() else None


def is_paid_class(object_info: ObjectInfo, class_type: str) -> bool:
    """Whether each render of a node of this class costs money."""
    info = object_info.get(class_type)
    return isinstance(info, Mapping) and bool(info.get("api_node"))


def produced_types(object_info: ObjectInfo) -> frozenset[str]:
    """Every type that some class puts out, so that a link can bring it."""
    return frozenset(
        kind for info in object_info.values() for kind in info.get("output") or () if isinstance(kind, str)
    )


def types_fit(received: Any, wanted: Any) -> bool:
    """Whether a link may join these types: equal, "*", a matched type, or comma unions with a member in common.

    As `validate_node_input` of comfy_execution/validation.py (0.8.0) decides.
    """
    if received == wanted or {ANY, MATCH} & {kind for kind in (received, wanted) if isinstance(kind, str)}:
        return True
    if isinstance(received, list) and wanted == "COMBO":
        return True
    if not isinstance(received, str) or not isinstance(wanted, str):
        return False
    left, right = ({one.strip() for one in kinds.split(",")} for kinds in (received, wanted))
    return ANY in left | right or bool(left & right)


class Wire(NamedTuple):
    """A link with both its ends: output `slot` of `source` feeds `input` of `node`."""

    source: str
    slot: int
    node: str
    input: str


@dataclass(frozen=True)
class Node:
    """One node. known: its class, None when this ComfyUI does not have it. specs: its inputs for its values."""

    id: str
    class_type: str
    title: str
    inputs: Mapping[str, Any]
    known: NodeClass | None
    specs: Mapping[str, InputSpec]
    growths: tuple[Growth, ...]

    @property
    def outputs(self) -> tuple[Any, ...]:
        return self.known.outputs if self.known else ()

    def inputs_of_type(self, *kinds: str) -> list[str]:
        """Names of its inputs of these types, as declared."""
        return [name for name, spec in self.specs.items() if spec.type in kinds]

    def label(self) -> str:
        """How the node is named inside a sentence: "node 5 (KSampler)"."""
        return f"node {self.id} ({self.class_type})"

    def heading(self) -> str:
        """The same at the beginning of one."""
        return f"Node {self.id} ({self.class_type})"


class GraphView:
    """Reads, never writes. Broken entries (no mapping, no class_type) are not among `nodes`."""

    def __init__(self, graph: Graph, object_info: ObjectInfo) -> None:
        self.graph, self.object_info = graph, object_info

    @cached_property
    def nodes(self) -> dict[str, Node]:
        found = {}
        for node_id, entry in self.graph.items():
            if isinstance(entry, Mapping) and isinstance(entry.get("class_type"), str):
                found[node_id] = self._node(node_id, entry)
        return found

    def _node(self, node_id: str, entry: Mapping[str, Any]) -> Node:
        inputs = inputs_of(entry)
        known = node_class(self.object_info, entry["class_type"])
        expanded = known.expanded(inputs) if known else None
        meta = entry.get("_meta")
        return Node(
            id=node_id,
            class_type=entry["class_type"],
            title=str(meta.get("title") or "") if isinstance(meta, Mapping) else "",
            inputs=inputs,
            known=known,
            specs=expanded.inputs if expanded else {},
            growths=tuple(expanded.growths) if expanded else (),
        )

    @cached_property
    def wires(self) -> tuple[Wire, ...]:
        """Every well-formed link between nodes that are there, in the order of the graph."""
        return tuple(
            Wire(value[0], value[1], node.id, name)
            for node in self.nodes.values()
            for name, value in node.inputs.items()
            if is_link(value) and value[0] in self.nodes
        )

    @cached_property
    def _into(self) -> dict[str, list[Wire]]:
        found: dict[str, list[Wire]] = {node_id: [] for node_id in self.nodes}
        for wire in self.wires:
            found[wire.node].append(wire)
        return found

    @cached_property
    def _out_of(self) -> dict[str, list[Wire]]:
        found: dict[str, list[Wire]] = {node_id: [] for node_id in self.nodes}
        for wire in self.wires:
            found[wire.source].append(wire)
        return found

    @cached_property
    def _by_input(self) -> dict[tuple[str, str], Wire]:
        return {(wire.node, wire.input): wire for wire in self.wires}

    def into(self, node_id: str) -> list[Wire]:
        return self._into.get(node_id, [])

    def out_of(self, node_id: str) -> list[Wire]:
        return self._out_of.get(node_id, [])

    def wire(self, node_id: str, name: str) -> Wire | None:
        """The wire into one input; None when it holds a literal or nothing."""
        return self._by_input.get((node_id, name))

    def type_of(self, source: str, slot: int) -> Any:
        """Type of an output, matched types resolved through what is linked; "*" where nobody can tell."""
        if (source, slot) not in self._types:
            self._types[source, slot] = self._type_of(source, slot)
        return self._types[source, slot]

    @cached_property
    def _types(self) -> dict[tuple[str, int], Any]:
        return {}

    def _type_of(self, source: str, slot: int) -> Any:
        seen: set[str] = set()
        while source in self.nodes and source not in seen:
            seen.add(source)
            node = self.nodes[source]
            if not 0 <= slot < len(node.outputs):
                return ANY
            if node.outputs[slot] != MATCH:
                return node.outputs[slot]
            template = node.known.output_templates[slot] if node.known else None
            wires = [wire for wire in self.into(source) if self._template(node, wire.input) == template]
            if not wires:
                return ANY
            source, slot = wires[0].source, wires[0].slot
        return ANY

    @staticmethod
    def _template(node: Node, name: str) -> Any:
        spec = node.specs.get(name)
        return (spec.options.get("template") or {}).get("template_id") if spec and spec.type == MATCH else None

    @cached_property
    def output_nodes(self) -> tuple[str, ...]:
        """Ids of the nodes that make the graph run: save, preview, judge."""
        return tuple(node.id for node in self.nodes.values() if node.known and node.known.is_output)

    def upstream(self, ids: Iterable[str]) -> set[str]:
        """These nodes and everything that feeds them."""
        return self._reached(ids, lambda node_id: [wire.source for wire in self.into(node_id)])

    def downstream(self, ids: Iterable[str]) -> set[str]:
        """These nodes and everything that they feed."""
        return self._reached(ids, lambda node_id: [wire.node for wire in self.out_of(node_id)])

    def _reached(self, ids: Iterable[str], following: Any) -> set[str]:
        waiting, seen = [node_id for node_id in ids if node_id in self.nodes], set()
        while waiting:
            node_id = waiting.pop()
            if node_id not in seen:
                seen.add(node_id)
                waiting.extend(following(node_id))
        return seen
