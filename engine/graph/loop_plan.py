"""How a graph becomes a loop: which picture is judged, what the loop starts from, which inputs take it, what stays.

One reader for the page, for scripts and for the driver. Pure: the same graph gives the same plan; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from .clip_fit import PlannedValue, fitting_values
from .graph_view import GraphView
from .loop_nodes import CRITIC_CLASS, LOOP_CLASS
from .model import Graph
from .node_class import ObjectInfo, is_paid_class, node_class
from .paid_nodes import paid_nodes, paid_note
from .pictures import Candidate, candidates, of_equal_rank, painted_by
from .plan_refusal import PlanRefused, no_picture, no_prompt
from .plan_settings import SETTINGS, LeftAlone, Placeholder, PlanPart, SettingsReader
from .roles import Sampling, is_sampler, sampling_of
from .texts import placeholders
from .tracing import reading_view

UNKNOWN_STEPS, UNKNOWN_CFG = 20, 1.0
"""What SelfImprovingPrompt needs where the graph has no such number. At cfg 1 a run leaves cfg alone."""


class PlannedPicture(PlanPart):
    """A picture that could be judged: output `slot` of node `source`, shown or saved by node `node`, which judge_node
    names. type: IMAGE, or VIDEO where only GetVideoComponents makes pictures of it. clip: a video, which is judged as
    one. samplers: ids of what paints it, first stage first.
    """

    node: str
    title: str
    class_type: str
    source: str
    slot: int
    type: Literal["IMAGE", "VIDEO"]
    saved: bool
    clip: bool
    samplers: tuple[str, ...]


class PlannedInput(PlanPart):
    """An input that takes a value from the loop."""

    node: str
    input: str


class PlanQuestion(PlanPart):
    """A choice that only the user can make. about: "judge", whose choices are ids for judge_node."""

    about: Literal["judge"]
    text: str
    choices: tuple[str, ...]


class LoopPlan(PlanPart):
    """What makes a graph a loop.

    judged: the picture that is judged, one of candidates, the best first. values: what the loop starts from, by
    setting; steps and cfg always, for SelfImprovingPrompt needs them. inputs: by setting, the inputs that take it.
    left: what the loop leaves alone. changes: values of the graph that its model cannot make. placeholders: to be
    filled before it can run. notes: sentences for the user.
    """

    judged: PlannedPicture
    candidates: tuple[PlannedPicture, ...]
    values: dict[str, str | int | float]
    inputs: dict[str, tuple[PlannedInput, ...]]
    left: tuple[LeftAlone, ...] = ()
    changes: tuple[PlannedValue, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    questions: tuple[PlanQuestion, ...] = ()
    notes: tuple[str, ...] = ()


def plan_loop(
    graph: Graph, object_info: ObjectInfo, *, judge_node: str = "", draw_seed: Callable[[], int] = lambda: 0
) -> LoopPlan:
    """The plan for a graph. judge_node: id of the node that shows, saves or makes the picture to judge; empty to have
    it chosen. draw_seed: for a seed that asks for a random one (-1).

    Raises PlanRefused, with the node and input that are the reason, where no loop can be made.
    """
    _refuse_unfit(graph, object_info)
    view = reading_view(graph, object_info)
    found = candidates(view)
    judged = _chosen(view, found, judge_node)
    stages, aside = _samplings(view, judged)
    if not stages:
        raise no_prompt(view, [sampling_of(view, view.nodes[node_id]) for node_id in judged.painted.samplers])
    reader = SettingsReader(view, stages, aside, draw_seed)
    reader.read()
    changes = fitting_values(view, judged.source, stages)
    tied = of_equal_rank(found) if not judge_node else []
    return LoopPlan(
        judged=_picture(view, judged),
        candidates=tuple(_picture(view, one) for one in found),
        values={"steps": UNKNOWN_STEPS, "cfg": UNKNOWN_CFG, **reader.values},
        inputs={
            name: tuple(PlannedInput(node=p.node, input=p.input) for p in reader.inputs[name]) for name in SETTINGS
        },
        left=tuple(reader.left),
        changes=changes,
        placeholders=tuple(reader.placeholders + _other_placeholders(view, judged, reader)),
        questions=_questions(tied),
        notes=(*reader.notes, *(one.reason for one in changes), *_costs(view, object_info)),
    )


def _costs(view: GraphView, object_info: ObjectInfo) -> list[str]:
    paid = paid_nodes(view.graph, lambda kind: is_paid_class(object_info, kind), view.output_nodes)
    return [paid_note(paid)] if paid else []


def _refuse_unfit(graph: Graph, object_info: ObjectInfo) -> None:
    view = GraphView(graph, object_info)
    loops = [node for node in view.nodes.values() if node.class_type in (LOOP_CLASS, CRITIC_CLASS)]
    if loops:
        labels = " and ".join(node.label() for node in loops)
        what = f"The graph has {labels} already."
        raise PlanRefused("has_loop", what, "Queue it as it is.", node=loops[0].id)
    missing = [name for name in (LOOP_CLASS, CRITIC_CLASS) if node_class(object_info, name) is None]
    if missing:
        what = f"This ComfyUI does not have {' and '.join(missing)}."
        raise PlanRefused("nodes_missing", what, "Install Imitatoes and restart it.")


def _chosen(view: GraphView, found: Sequence[Candidate], judge_node: str) -> Candidate:
    if not judge_node:
        if not found:
            raise no_picture(view)
        return found[0]
    for one in found:
        if judge_node in (one.node, one.source):
            return one
    node = view.nodes.get(judge_node)
    slot = next((n for n, kind in enumerate(node.outputs) if kind == "IMAGE"), None) if node else None
    painted = painted_by(view, judge_node, slot) if node and slot is not None else None
    if node and slot is not None and painted:
        return Candidate(judge_node, judge_node, slot, node.title or node.class_type, False, False, painted)
    could = ", ".join(f"{one.node} ({view.nodes[one.node].class_type})" for one in found) or "none"
    what = (
        f"judge_node {judge_node} shows no picture that a sampler painted."
        if node
        else f"There is no node {judge_node}."
    )
    raise PlanRefused("judge_node", what, f"Name one of: {could}.", node=judge_node if node else "", input="judge_node")


def _samplings(view: GraphView, judged: Candidate) -> tuple[list[Sampling], list[Sampling]]:
    """(the stages that paint the picture and read a text, the other samplers above it that do). Where only others read
    one, as where a stage hands over through conditioning, they are the stages.
    """
    direct = [sampling_of(view, view.nodes[node_id]) for node_id in judged.painted.samplers]
    stages = [one for one in direct if one.positive]
    above = view.upstream([judged.source]) - set(judged.painted.samplers)
    order = [node.id for node in view.nodes.values() if node.id in above and is_sampler(node)]
    aside = [one for one in (sampling_of(view, view.nodes[node_id]) for node_id in order) if one.positive]
    return (stages, aside) if stages else (aside, [])


def _picture(view: GraphView, one: Candidate) -> PlannedPicture:
    return PlannedPicture(
        node=one.node,
        title=one.title,
        class_type=view.nodes[one.node].class_type,
        source=one.source,
        slot=one.slot,
        type="VIDEO" if view.type_of(one.source, one.slot) == "VIDEO" else "IMAGE",
        saved=one.saved,
        clip=one.clip,
        samplers=one.painted.samplers,
    )


def _questions(tied: Sequence[Candidate]) -> tuple[PlanQuestion, ...]:
    if len(tied) < 2:
        return ()
    text = f"{len(tied)} pictures could be meant equally well. Which one is to be judged?"
    return (PlanQuestion(about="judge", text=text, choices=tuple(one.node for one in tied)),)


def _other_placeholders(view: GraphView, judged: Candidate, reader: SettingsReader) -> list[Placeholder]:
    """Placeholders above the judged picture in inputs that the loop does not set."""
    seen = {place for several in reader.inputs.values() for place in several}
    found = placeholders(view, view.upstream([judged.source]))
    return [Placeholder(node=place.node, input=place.input, text=text) for place, text in found if place not in seen]
