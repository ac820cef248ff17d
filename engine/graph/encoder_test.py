"""The graph that self-tests a judging text encoder: what loads it, and the node that shows it the scenes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .loop_nodes import CRITIC_CLASS, LOOP_CLASS, as_queued
from .model import Graph, class_of, inputs_of, is_link, next_id, upstream

SELF_TEST_CLASS = "ImitatoesJudgeSelfTest"


def self_test_graph(graph: Mapping[str, Any], critic: str) -> Graph | None:
    """Of an API graph whose VLMCritique has a text encoder linked; None where that comes out of the loop itself.

    The nodes keep their ids, so that ComfyUI's cache gives the encoder that it still holds.
    """
    link = inputs_of(graph.get(critic)).get("clip")
    if not is_link(link):
        return None
    needed = set(upstream(graph, [link[0]]))
    if any(class_of(graph[node_id]) in (LOOP_CLASS, CRITIC_CLASS) for node_id in needed):
        return None
    kept = as_queued({node_id: node for node_id, node in graph.items() if node_id in needed})
    return {**kept, next_id(graph): {"class_type": SELF_TEST_CLASS, "inputs": {"clip": list(link)}}}
