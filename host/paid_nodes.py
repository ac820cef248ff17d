"""No render costs money unasked: a loop with nodes that do is refused when it is queued, before anything runs.

A node's own validation does not see the graph. So the graph is looked at when it is posted, and what is found is handed
to SelfImprovingPrompt's validation through its own input, as a number that no user can choose.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import count
from typing import Any

from ..engine.graph.loop_nodes import LoopNotFound, the_loop
from ..engine.graph.model import inputs_of
from ..engine.graph.paid_nodes import HOW_TO_ALLOW, SETTING, allowed_in, paid_nodes, why_not_unasked
from .node_classes import is_output, is_paid

MOST_REASONS = 100
"""Refusals whose reason is remembered until the server asks for it, which it does at once."""
_reasons: dict[int, str] = {}
_numbers = count(1)


def paid_labels(graph: Mapping[str, Any], targets: Any = None) -> tuple[str, ...]:
    """What in a graph costs money at each render, in words. targets: as partial_execution_targets."""
    return tuple(f"node {node_id} ({kind})" for node_id, kind in _paid(graph, targets))


def _paid(graph: Mapping[str, Any], targets: Any) -> tuple[tuple[str, str], ...]:
    nodes = {node_id: node for node_id, node in graph.items() if isinstance(node, Mapping)}
    outputs = [node_id for node_id, node in nodes.items() if is_output(node.get("class_type"))]
    wanted = [node_id for node_id in outputs if not targets or node_id in targets]
    return paid_nodes(nodes, is_paid, wanted)


def refuse_unpaid(body: dict[str, Any]) -> dict[str, Any]:
    """Called for every POST /prompt before validation; the body as it goes on. Never raises."""
    try:
        _mark(body)
    except Exception:
        logging.exception("Imitatoes: whether a prompt costs money could not be told")
    return body


def _mark(body: dict[str, Any]) -> None:
    graph = body.get("prompt")
    if not isinstance(graph, dict):
        return
    try:
        loop_node, _ = the_loop(graph)
    except LoopNotFound:
        return
    paid = _paid(graph, body.get("partial_execution_targets"))
    if not paid or allowed_in(graph, loop_node) > 0 or not isinstance(inputs_of(graph[loop_node]), dict):
        return
    while len(_reasons) >= MOST_REASONS:
        del _reasons[next(iter(_reasons))]
    number = next(_numbers)
    _reasons[number] = f"{why_not_unasked(paid)} {HOW_TO_ALLOW}"
    graph[loop_node]["inputs"][SETTING] = -number


def why_refused(paid_renders: Any) -> str:
    """The reason behind a value that refuse_unpaid left; empty for any number that a user may choose."""
    if not isinstance(paid_renders, int) or paid_renders >= 0:
        return ""
    return _reasons.pop(-paid_renders, f"must be 0 or more, not {paid_renders}.")
