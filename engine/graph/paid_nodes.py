"""Nodes that cost money at each render: which ones a graph would run, and why it is not rendered unasked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from .model import class_of, inputs_of, upstream

SETTING = "paid_renders"
"""The input of SelfImprovingPrompt that allows them."""


def paid_nodes(
    graph: Mapping[str, Any], is_paid: Callable[[str], bool], outputs: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """(id, class) of the nodes that cost money among these outputs and all that feeds them, in the order of the graph.

    is_paid: of a class name, as object_info marks it api_node.
    """
    used = set(upstream(graph, outputs))
    kinds = {node_id: class_of(node) for node_id, node in graph.items() if node_id in used}
    return tuple((node_id, kind) for node_id, kind in kinds.items() if kind is not None and is_paid(kind))


def allowed_in(graph: Mapping[str, Any], loop_node: str) -> int:
    """How many paid renders the loop's node allows; 0 where that is linked or no number."""
    value = inputs_of(graph[loop_node]).get(SETTING, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def why_not_unasked(nodes: Collection[tuple[str, str]]) -> str:
    """The sentence that names them."""
    return f"{_they_cost(nodes)}, and this run may pay for none."


def paid_note(nodes: Collection[tuple[str, str]]) -> str:
    """What somebody should know who makes a loop of them."""
    return f"{_they_cost(nodes)}. paid_renders of Self-Improving Prompt says how many renders may be paid for."


def _they_cost(nodes: Collection[tuple[str, str]]) -> str:
    labels = [f"{node_id} ({kind})" for node_id, kind in nodes]
    listed = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    verb, noun = ("costs", "Node") if len(labels) == 1 else ("cost", "Nodes")
    return f"{noun} {listed} {verb} money at each render"


HOW_TO_ALLOW = (
    "Set paid_renders of Self-Improving Prompt (limits.paid_renders in a request) to how many renders may be paid for."
)
