"""Which models the later nodes of a graph read. Pure.

A model in memory does not tell its file. It is recognised by its kind and by the count of its numbers, which is the
same on disk and in memory whatever dtype it is loaded in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph.model import is_link, sources

ANY = "*"
KINDS = ("MODEL", "CLIP", "VAE")
SAME = 0.01
"""Counts of numbers that differ by less than this share are taken for the same model's."""

OutputTypes = Callable[[str], Sequence[str]]
"""The types of a node class's outputs; empty for a class that is not known."""


@dataclass(frozen=True)
class Source:
    """An output that models come from: of a loader node, by kind (MODEL, CLIP, VAE)."""

    node: str
    kind: str


def later_nodes(graph: Mapping[str, Any], node_id: str) -> set[str]:
    """Ids of the nodes that take, directly or through others, what this node gives."""
    takers: dict[str, list[str]] = {}
    for other, node in graph.items():
        for source in sources(node):
            takers.setdefault(source, []).append(other)
    found: set[str] = set()
    waiting = [node_id]
    while waiting:
        for taker in takers.get(waiting.pop(), ()):
            if taker not in found:
                found.add(taker)
                waiting.append(taker)
    return found - {node_id}


def sources_read_by(graph: Mapping[str, Any], nodes: Iterable[str], output_types: OutputTypes) -> set[Source]:
    """The loaders whose models these nodes read, also through LoRAs, patches and pass-through nodes between."""
    found: set[Source] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(node, kind) for node in nodes for kind in KINDS]
    while waiting:
        node_id, kind = waiting.pop()
        if (node_id, kind) in seen or node_id not in graph:
            continue
        seen.add((node_id, kind))
        for source, slot in _links(graph[node_id]):
            given = _type(graph, source, slot, output_types)
            if given not in (kind, ANY) or source not in graph:
                continue
            if _passes_on(graph, source, kind, output_types):
                waiting.append((source, kind))
            elif given == kind:
                found.add(Source(source, kind))
    return found


def is_used_later(
    kind: str, elements: int, used: Iterable[Source], unused: Iterable[Source], counts: Mapping[Source, int]
) -> bool:
    """Whether a model in memory is one that later nodes read. In doubt it is.

    kind: of the model, "" when unknown. elements: its count of numbers, 0 when unknown. counts: of the files' models.
    """
    if kind not in KINDS:
        return True
    if all(source.kind != kind for source in used):
        return False
    if any(_same(elements, counts.get(source, 0)) for source in used if source.kind == kind):
        return True
    return not any(_same(elements, counts.get(source, 0)) for source in unused if source.kind == kind)


def _same(one: int, other: int) -> bool:
    return one > 0 and other > 0 and abs(one - other) <= SAME * max(one, other)


def _links(node: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(value[0], value[1]) for value in node.get("inputs", {}).values() if is_link(value)]


def _type(graph: Mapping[str, Any], node_id: str, slot: int, output_types: OutputTypes) -> str:
    types = output_types(str(graph.get(node_id, {}).get("class_type", "")))
    return types[slot] if 0 <= slot < len(types) else ""


def _passes_on(graph: Mapping[str, Any], node_id: str, kind: str, output_types: OutputTypes) -> bool:
    """Whether the node itself gets a model of that kind, so that it is no loader."""
    return any(_type(graph, source, slot, output_types) in (kind, ANY) for source, slot in _links(graph[node_id]))
