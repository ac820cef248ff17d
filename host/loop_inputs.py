"""SelfImprovingPrompt's inputs, checked on the node that has them: VLMCritique would refuse them in its own name."""

from __future__ import annotations

from typing import Any

from ..engine.graph.loop_nodes import is_loop, judged_by_model
from ..engine.graph.paid_nodes import HOW_TO_ALLOW
from ..engine.judge.checklist_rules import checklist_of_lines
from .comfyui import WrongInput
from .paid_nodes import paid_labels


def check_loop_inputs(goal: str, checklist: str, paid_renders: int, hidden: Any) -> None:
    """Raises WrongInput where the loop is linked to a critic that cannot judge by these, or where renders would cost
    money and none may.

    Without the loop link the node is an ordinary prompt node: then nothing here is needed, and all is allowed.
    """
    node_id = str(getattr(hidden, "unique_id", "") or "")
    graph = getattr(hidden, "prompt", None) or {}
    node = f"Self-Improving Prompt (node {node_id})"
    if paid_renders < 1 and is_loop(graph, node_id) and (paid := paid_labels(graph)):
        what = f"{', '.join(paid)} would cost money at each render. {HOW_TO_ALLOW}"
        raise WrongInput(f"{node}, input paid_renders: {what}")
    if not judged_by_model(graph, node_id):
        return
    if not goal.strip():
        raise WrongInput(f"{node}, input goal: is empty. Write there what the picture must show.")
    if checklist.strip():
        try:
            checklist_of_lines(goal, checklist.splitlines())
        except ValueError as problem:
            raise WrongInput(f"{node}, input checklist: {problem}") from problem
