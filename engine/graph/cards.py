"""Graphs on several cards: the nodes of ComfyUI-Distributed, what it writes into them, and a graph without them.

Read from https://github.com/robertvoy/ComfyUI-Distributed (nodes/, api/orchestration/, April 2026): each card renders
what is upstream of DistributedCollector; DistributedSeed adds the number of the worker, from 1, to the seed; the
collector gives the master's pictures first, then the workers' in the order of enabled_worker_ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .model import Graph, class_of, clean_copy, inputs_of, is_link, upstream

COLLECTOR, SEED = "DistributedCollector", "DistributedSeed"
WRITTEN = {
    COLLECTOR: (
        "multi_job_id",
        "is_worker",
        "master_url",
        "enabled_worker_ids",
        "worker_batch_size",
        "worker_id",
        "pass_through",
        "delegate_only",
    ),
    SEED: ("is_worker", "worker_id"),
    "DistributedValue": ("is_worker", "worker_id"),
}
"""Inputs that the pack writes into a graph for one render: part of no workflow."""
_CARRIES = {COLLECTOR: "images", SEED: "seed"}
"""The input whose value each of these nodes hands on where one card renders alone."""


@dataclass(frozen=True)
class CardJob:
    """One render on several cards. id: what the pack calls it. workers: ids of those that were asked, in order."""

    id: str
    workers: tuple[str, ...]


def collectors(graph: Mapping[str, Any]) -> list[str]:
    """Ids of the nodes that gather the pictures of all cards."""
    return [node_id for node_id, node in graph.items() if class_of(node) == COLLECTOR]


def job_of(graph: Mapping[str, Any]) -> CardJob | None:
    """The job that a queued graph is part of; None where one card renders it alone."""
    for node_id in collectors(graph):
        inputs = inputs_of(graph[node_id])
        job, told = inputs.get("multi_job_id"), inputs.get("enabled_worker_ids")
        try:
            workers = json.loads(told) if isinstance(told, str) else []
        except ValueError:
            workers = []
        if isinstance(job, str) and job and isinstance(workers, list) and workers:
            return CardJob(job, tuple(map(str, workers)))
    return None


def strip_written(graph: Graph) -> Graph:
    """The same graph, changed: without what the pack writes into it for one render."""
    for node in graph.values():
        for name in WRITTEN.get(class_of(node), ()):
            inputs_of(node).pop(name, None)
    return graph


def for_all_cards(graph: Graph) -> Graph:
    """A copy that every card takes part in: a loop needs its pictures, wherever there is time."""
    copied = strip_written(clean_copy(graph))
    for node_id in collectors(copied):
        if "load_balance" in inputs_of(copied[node_id]):
            copied[node_id]["inputs"]["load_balance"] = False
    return copied


def on_one_card(graph: Graph) -> Graph:
    """A copy without the nodes that spread it: what they hand on goes straight to whoever reads it."""
    copied = clean_copy(graph)
    spreading = {node_id for node_id, node in copied.items() if class_of(node) in _CARRIES}
    for node in copied.values():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for name, value in list(inputs.items()) if isinstance(inputs, dict) else ():
            if is_link(value) and value[0] in spreading:
                inputs[name] = _behind(copied, value, spreading)
    return {node_id: node for node_id, node in copied.items() if node_id not in spreading}


def workers_part(graph: Mapping[str, Any]) -> Graph:
    """What a worker renders: everything upstream of the collectors, and a preview that makes it run."""
    part = clean_copy(_on_each_card(graph))
    for node_id in collectors(graph):
        part[f"{node_id}:preview"] = {"class_type": "PreviewImage", "inputs": {"images": [node_id, 0]}}
    return part


def batch_size(graph: Mapping[str, Any]) -> int:
    """Pictures that one card renders at once, as far as the graph says it in a number; else 1."""
    found = [inputs_of(node).get("batch_size") for node in _on_each_card(graph).values()]
    numbers = [value for value in found if isinstance(value, int) and not isinstance(value, bool) and value > 0]
    return max(numbers, default=1)


def seeds_differ(graph: Mapping[str, Any]) -> bool:
    """Whether each card paints with a seed of its own."""
    return any(class_of(node) == SEED for node in _on_each_card(graph).values())


def _on_each_card(graph: Mapping[str, Any]) -> Graph:
    """The nodes that every card renders: the collectors and all that feeds them."""
    return {node_id: graph[node_id] for node_id in upstream(graph, collectors(graph))}


def _behind(graph: Graph, link: Sequence[Any], spreading: set[str]) -> Any:
    """What a link into the spreading nodes leads to, or the value that stands there."""
    seen: set[str] = set()
    value: Any = list(link)
    while is_link(value) and value[0] in spreading and value[0] not in seen:
        seen.add(value[0])
        node = graph[value[0]]
        value = inputs_of(node).get(_CARRIES[class_of(node)])
    return value
