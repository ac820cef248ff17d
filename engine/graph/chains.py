"""Cycles and the longest chain of an API graph. Without recursion: the graphs that matter here are too deep for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .model import sources

MAX_CHAIN = 900
"""Nodes in a row that a server still validates. Deeper chains end its worker by RecursionError (limit 1000)."""


def cycles(graph: Mapping[str, Any]) -> list[list[str]]:
    """The cycles that a depth-first search meets: node ids in the order of the data flow. Empty for a sound graph."""
    found: list[list[str]] = []
    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        place: dict[str, int] = {}
        waiting: list[tuple[str, Any]] = [(start, None)] if start not in done else []
        while waiting:
            node_id, left = waiting.pop()
            if left is None:
                if node_id in place:
                    found.append(path[place[node_id] :][::-1])
                    continue
                if node_id in done:
                    continue
                place[node_id] = len(path)
                path.append(node_id)
                left = iter([source for source in dict.fromkeys(sources(graph[node_id])) if source in graph])
            following = next(left, None)
            if following is None:
                done.add(node_id)
                del place[path.pop()]
            else:
                waiting += [(node_id, left), (following, None)]
    return found


def chain_length(graph: Mapping[str, Any]) -> int:
    """Nodes on the longest way from a source to an output. Links that close a cycle are not counted."""
    length: dict[str, int] = {}
    for node_id in in_order(graph):
        length[node_id] = 1 + max((length.get(source, 0) for source in sources(graph[node_id])), default=0)
    return max(length.values(), default=0)


def in_order(graph: Mapping[str, Any]) -> list[str]:
    """Node ids, sources before what they feed; else in the order of the graph."""
    ordered: list[str] = []
    seen: set[str] = set()
    for start in graph:
        waiting: list[tuple[str, Any]] = [(start, None)]
        while waiting:
            node_id, left = waiting.pop()
            if left is None:
                if node_id in seen:
                    continue
                seen.add(node_id)
                left = iter([source for source in sources(graph[node_id]) if source in graph])
            following = next(left, None)
            if following is None:
                ordered.append(node_id)
            else:
                waiting += [(node_id, left), (following, None)]
    return ordered
