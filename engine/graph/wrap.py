"""Making a plain graph one that improves itself: SelfImprovingPrompt before the sampler, VLMCritique behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..settings import draw_seed
from .diff import diff
from .loop_nodes import CRITIC_CLASS, LOOP_CLASS, LOOP_OUTPUT, OUTPUTS
from .loop_plan import LoopPlan, PlannedPicture, plan_loop
from .model import Graph, next_id
from .node_class import ObjectInfo, node_class
from .patch import AddNode, Connect, Patch, SetInput, apply
from .plan_refusal import PlanRefused
from .plan_settings import Placeholder


@dataclass(frozen=True)
class Wrapped:
    """graph: the new one. plan: what was read in the old one. patch, inverse: how it came about and what undoes it.
    lines: the same to read. notes: what the user should know.
    """

    graph: Graph
    plan: LoopPlan
    patch: Patch
    inverse: Patch
    lines: tuple[str, ...]
    notes: tuple[str, ...]


def wrap(
    graph: Graph,
    goal: str,
    object_info: ObjectInfo,
    *,
    judge_node: str = "",
    settings: Mapping[str, Any] | None = None,
) -> Wrapped:
    """The graph with a loop around the picture that the user keeps, started from the user's own texts and numbers.

    goal: what the picture must show. judge_node: id of the node whose picture is judged; empty to have it chosen.
    settings: values that differ from the graph's, by setting; they fill placeholders. Raises PlanRefused when the goal
    is empty, a placeholder has no value, or no loop can be made.
    """
    if not goal.strip():
        raise PlanRefused("no_goal", "There is no goal to improve towards.", "Say what the picture must show.")
    plan = plan_loop(graph, object_info, judge_node=judge_node, draw_seed=draw_seed)
    given = dict(settings or {})
    _refuse_placeholders([one for one in plan.placeholders if one.setting not in given])
    adding = _Adding(int(next_id(graph)), object_info)
    hub = adding.node(LOOP_CLASS, **_hub_inputs(goal, {**plan.values, **given}, object_info))
    shown = _pictures(adding, plan.judged)
    adding.node(CRITIC_CLASS, images=shown, loop=[hub[0], LOOP_OUTPUT])
    links = [
        Connect(node=place.node, input=place.input, source=hub[0], slot=OUTPUTS[name])
        for name, several in plan.inputs.items()
        for place in several
    ]
    fitted = [SetInput(node=one.node, input=one.input, value=one.value) for one in plan.changes]
    patch = Patch(operations=(*adding.operations, *links, *fitted))
    applied = apply(graph, patch, object_info)
    lines = tuple(diff(graph, applied.graph))
    return Wrapped(applied.graph, plan, patch, applied.inverse, lines, notes_of(plan))


def notes_of(plan: LoopPlan) -> tuple[str, ...]:
    """What the user should know of a plan, in sentences."""
    left = [one.reason for one in plan.left if one.node or one.setting in ("seed", "steps")]
    others = [one for one in plan.candidates if one.node != plan.judged.node]
    chosen = []
    if plan.questions:
        listed = ", ".join(f"{one.node} ({one.title})" for one in others)
        chosen = [
            f"Judged is the picture of node {plan.judged.node} ({plan.judged.title}). It could as well be that of "
            f"{listed}: name the node in judge_node."
        ]
    return (*chosen, *plan.notes, *left)


def _refuse_placeholders(unfilled: Sequence[Placeholder]) -> None:
    if not unfilled:
        return
    listed = ", ".join(f"{one.text} (node {one.node}, {one.input})" for one in unfilled)
    wanted = ", ".join(f"settings.{name}" for name in dict.fromkeys(one.setting for one in unfilled) if name)
    fix = (
        f"Give {wanted}, or fill it before you send the workflow."
        if wanted
        else "Fill it before you send the workflow."
    )
    what = f"The workflow holds a placeholder where a value should be: {listed}."
    raise PlanRefused("placeholder", what, fix, node=unfilled[0].node, input=unfilled[0].input)


class _Adding:
    """Collects new nodes under free ids, each with its class's name as its title."""

    def __init__(self, next_free: int, object_info: ObjectInfo) -> None:
        self._next, self._object_info = next_free, object_info
        self.operations: list[AddNode] = []

    def node(self, class_type: str, **inputs: Any) -> list[Any]:
        """Adds a node; returns the link of its first output."""
        node_id = str(self._next + len(self.operations))
        known = node_class(self._object_info, class_type)
        title = known.display_name if known else class_type
        entry = {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}
        self.operations.append(AddNode(node=node_id, entry=entry))
        return [node_id, 0]


def _hub_inputs(goal: str, start: dict[str, Any], object_info: ObjectInfo) -> dict[str, Any]:
    """The inputs of SelfImprovingPrompt: its own defaults, the user's goal, and the graph's texts and numbers."""
    hub_class = node_class(object_info, LOOP_CLASS)
    defaults = {spec.name: spec.default for spec in hub_class.expanded({}).inputs.values()} if hub_class else {}
    return {**defaults, **start, "goal": goal}


def _pictures(adding: _Adding, judged: PlannedPicture) -> list[Any]:
    """The link of the judged pictures; of a video its frames."""
    whole = [judged.source, judged.slot]
    return adding.node("GetVideoComponents", video=whole) if judged.type == "VIDEO" else whole
