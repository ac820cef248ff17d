"""An API graph with what object_info says of each node's class: the other files of this room read graphs through it.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .dynamic_inputs import Growth, InputSpec
from .model import Graph, inputs_of, is_link
from .node_class import ANY, MATCH, NodeClass, ObjectInfo, node_class


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
