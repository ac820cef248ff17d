"""New ids for nodes of subgraphs that share theirs with another graph's, as newer pages give them on loading. Pure.

As deduplicateSubgraphNodeIds of the frontend (read: 1.49.6; 1.35.9 has no such thing): definitions in their order, the
workflow's own nodes keep theirs, a new id is the next above the highest so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .page_widgets import Version
from .reading import UiGraph, UiNode, UiWorkflow

SINCE: Version = (1, 36)
"""The first version after the last one read without it."""
LONGEST_NUMBER = 15
"""Digits. A longer id is a name."""


def with_distinct_ids(workflow: UiWorkflow) -> UiWorkflow:
    """The workflow as a newer page has it after loading."""
    used, last, renamed = {id for id in workflow.root.nodes if _is_number(id)}, workflow.last_node_id, {}
    for graph in workflow.subgraphs.values():
        names = renamed.setdefault(graph.id, {})
        for node_id in graph.nodes:
            if node_id not in used:
                used.add(node_id)
                last = max(last, int(node_id)) if _is_number(node_id) else last
                continue
            last += 1
            while str(last) in used:
                last += 1
            names[node_id] = str(last)
            used.add(str(last))
    if not any(renamed.values()):
        return workflow
    subgraphs = {key: _renamed(graph, renamed[key], renamed) for key, graph in workflow.subgraphs.items()}
    return replace(workflow, root=_renamed(workflow.root, {}, renamed), subgraphs=subgraphs)


def _is_number(node_id: str) -> bool:
    return node_id.isdecimal() and len(node_id) <= LONGEST_NUMBER


def _renamed(graph: UiGraph, names: Mapping[str, str], all_names: Mapping[str, Mapping[str, str]]) -> UiGraph:
    nodes = [_with_proxies(node, all_names.get(node.type, {})) for node in graph.nodes.values()]
    links = {
        key: replace(link, source=names.get(link.source, link.source), target=names.get(link.target, link.target))
        for key, link in graph.links.items()
    }
    renamed = {names.get(node.id, node.id): replace(node, id=names.get(node.id, node.id)) for node in nodes}
    return replace(graph, nodes=renamed, links=links)


def _with_proxies(node: UiNode, names: Mapping[str, str]) -> UiNode:
    """A host whose list of shown widgets names the nodes inside by their new ids."""
    entries = node.properties.get("proxyWidgets")
    if not names or not isinstance(entries, list):
        return node
    patched: list[Any] = [
        [names.get(str(one[0]), one[0]), *one[1:]] if isinstance(one, list) and one else one for one in entries
    ]
    return replace(node, properties={**node.properties, "proxyWidgets": patched})
