"""From a script's order to the graph that is queued: tokens filled, the loop around it, its wishes written in, checked.

Nothing is queued here and nothing is changed but what was asked for; every difference is told.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..judge.checklist_rules import checklist_of_lines
from ..settings import draw_seed
from .cards import COLLECTOR, collectors, on_one_card
from .check import check
from .clip_shapes import ClipShapes, Shape, ShapesRefused, clip_shapes, with_shape
from .diff import diff
from .finding import Finding
from .graph_view import GraphView
from .loop_nodes import CRITIC_CLASS, LOOP_CLASS, OUTPUTS, LoopNotFound, the_loop
from .loop_plan import LoopPlan, plan_loop
from .model import Graph, NotAnApiGraph, by_id, class_of, clean_copy, inputs_of, is_link, read_graph
from .node_class import ObjectInfo, is_paid_class
from .paid_nodes import HOW_TO_ALLOW, allowed_in, paid_nodes, why_not_unasked
from .patch import PatchRefused
from .plan_refusal import PlanRefused
from .repair import Repair, apply_repairs, propose_repairs
from .run_request import MOST_LINKS, MOST_NODES, PlanRequest, RunRequest, ShapesRequest
from .spread import CannotSpread, spread_over_cards
from .texts import placeholders
from .tokens import TokenError, TokensTooLarge, fill
from .ui_conversion.convert import convert
from .ui_conversion.page_widgets import version_of, with_displays
from .ui_conversion.reading import NotConvertible, is_ui_format
from .wrap import Wrapped, wrap

MOST_REPAIRED = 100
"""Findings up to which repairs are looked for: each is tried on a copy of the whole graph."""


_NO_LOOP = "Leave wrap at auto, or send a workflow with both nodes linked."
_HALF_A_LOOP = "Or take VLM Critique and Self-Improving Prompt out of it, and the loop is put in for you."


class NotReady(Exception):
    """The order cannot be made a graph. problem: what is wrong. findings, repairs: what a check says of it."""

    def __init__(self, problem: Finding, findings: Collection[Finding] = (), proposed: Collection[Repair] = ()) -> None:
        super().__init__(problem.message())
        self.problem, self.findings, self.repairs = problem, tuple(findings), tuple(proposed)


@dataclass(frozen=True)
class PreparedGraph:
    """graph: complete, with the loop. lines: how it differs from the workflow that was given. findings: of the check,
    the gravest first, with what the user should know besides. repairs: proposals that were not applied. repaired: what
    was, in words. plan: how the loop was put in; None where the workflow had one.
    """

    graph: Graph
    lines: tuple[str, ...]
    findings: tuple[Finding, ...]
    repairs: tuple[Repair, ...] = ()
    repaired: tuple[str, ...] = ()
    plan: LoopPlan | None = None

    @property
    def rejected(self) -> tuple[Finding, ...]:
        """The findings for which the server would refuse it."""
        return tuple(finding for finding in self.findings if finding.severity == "rejected")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity != "rejected")


def prepare_graph(
    order: RunRequest, object_info: ObjectInfo, version: str | None = None, frontend: str | None = None
) -> PreparedGraph:
    """The graph that this order asks for. version: ComfyUI's, frontend: its page's, where known.

    Raises NotReady. A graph that the server would refuse is no such case: see PreparedGraph.rejected.
    """
    if order.settings.seed == -1:
        order = order.model_copy(update={"settings": order.settings.model_copy(update={"seed": draw_seed()})})
    workflow, notes = _in_api_format(order.workflow, object_info, frontend)
    given = _read(workflow)
    graph, alone = _for_known_cards(with_displays(_filled(given, order), object_info), object_info)
    notes += alone
    repaired: tuple[str, ...] = ()
    if order.repair:
        graph, repaired = _repaired(graph, object_info)
    if order.shape is not None:
        graph = _shaped(graph, order.shape, object_info)
    plan: LoopPlan | None = None
    if order.wrap == "auto" and not _has_loop_nodes(graph):
        done, wrapping = _wrapped(graph, order, object_info)
        graph, plan = done.graph, done.plan
        notes += wrapping
    graph, unused = _wishes_written(graph, order, object_info)
    if order.spread:
        graph = _spread(graph, object_info)
    _refuse_placeholders(graph, object_info)
    _refuse_unpaid(graph, object_info)
    findings = (*check(graph, object_info, version=version).findings, *notes, *unused)
    lines = tuple(diff(given, graph))
    return PreparedGraph(graph, lines, findings, _proposed(graph, object_info, findings), repaired, plan)


def plan_workflow(request: PlanRequest, object_info: ObjectInfo, frontend: str | None = None) -> LoopPlan:
    """How a loop would be put into a workflow. Raises NotReady where none can."""
    workflow, _ = _in_api_format(request.workflow, object_info, frontend)
    try:
        return plan_loop(_read(workflow), object_info, judge_node=request.judge_node, draw_seed=draw_seed)
    except PlanRefused as problem:
        told = _problem(problem.kind, problem.what, problem.fix, problem.node, problem.input)
        raise NotReady(told) from problem


def shapes_of_workflow(request: ShapesRequest, object_info: ObjectInfo, frontend: str | None = None) -> ClipShapes:
    """Which shapes the clip of a workflow can have. Raises NotReady where there is no choice."""
    workflow, _ = _in_api_format(request.workflow, object_info, frontend)
    try:
        return clip_shapes(_read(workflow), object_info)
    except ShapesRefused as problem:
        raise NotReady(_told("no_shapes", problem, input_="workflow")) from problem


def _shaped(graph: Graph, shape: Shape, object_info: ObjectInfo) -> Graph:
    try:
        return with_shape(graph, shape, object_info)
    except ShapesRefused as problem:
        raise NotReady(_told("no_shapes", problem, input_="shape")) from problem


def _in_api_format(workflow: Any, object_info: ObjectInfo, frontend: str | None) -> tuple[Any, list[Finding]]:
    """A workflow of the canvas as the page would queue it, and what was decided on the way; anything else as it is."""
    if not is_ui_format(workflow):
        return workflow, []
    try:
        done = convert(workflow, object_info, frontend=version_of(frontend or ""))
    except NotConvertible as problem:
        where = problem.input or ("" if problem.node else "workflow")
        raise NotReady(_problem("not_convertible", problem.what, problem.fix, problem.node, where)) from problem
    return done.graph, [_note(text) for text in done.notes]


def _read(workflow: Any) -> Graph:
    try:
        graph = read_graph(workflow)
    except NotAnApiGraph as problem:
        raise NotReady(_told("not_an_api_graph", problem, input_="workflow")) from problem
    if len(graph) > MOST_NODES:
        what = f"The workflow has {len(graph)} nodes; at most {MOST_NODES} are read."
        raise NotReady(_problem("too_many_nodes", what, "Split it.", input_="workflow"))
    links = sum(is_link(value) for node in graph.values() for value in inputs_of(node).values())
    if links > MOST_LINKS:
        what = f"The workflow has {links} links; at most {MOST_LINKS} are read."
        raise NotReady(_problem("too_many_links", what, "Split it.", input_="workflow"))
    for node_id, node in graph.items():
        for name, value in inputs_of(node).items():
            if not _finite(value):
                what = f"Node {node_id}, input {name}: NaN and Infinity are no numbers that JSON knows."
                raise NotReady(_problem("not_a_number", what, "Write a number.", node_id, name))
    # The page lists nodes by execution: by id, the same workflow is read alike wherever it comes from.
    return clean_copy({node_id: graph[node_id] for node_id in sorted(graph, key=by_id)})


def _finite(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return all(_finite(part) for part in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def _for_known_cards(graph: Graph, object_info: ObjectInfo) -> tuple[Graph, list[Finding]]:
    """The graph for one card where the nodes that spread it over several are not installed, and that it is so."""
    if not collectors(graph) or COLLECTOR in object_info:
        return graph, []
    return on_one_card(graph), [_note("Painted on one card: ComfyUI-Distributed is not installed here.")]


def _spread(graph: Graph, object_info: ObjectInfo) -> Graph:
    try:
        return spread_over_cards(graph, *the_loop(graph), object_info)
    except CannotSpread as problem:
        raise NotReady(_told("not_spread", problem, input_="spread")) from problem


def _filled(graph: Graph, order: RunRequest) -> Graph:
    try:
        return fill(graph, order.tokens)
    except TokensTooLarge as problem:
        raise NotReady(_problem("too_large", f"{problem}.", "Give shorter values.", input_="tokens")) from problem
    except TokenError as problem:
        fix = 'Give every token of the workflow one value in tokens, as {"PROMPT": "a fox"}.'
        raise NotReady(_problem("tokens", str(problem), fix, input_="tokens")) from problem


def _refuse_placeholders(graph: Graph, object_info: ObjectInfo) -> None:
    """What was left unfilled in a workflow that had its loop; wrap names what it finds in others."""
    view = GraphView(graph, object_info)
    found = placeholders(view, view.upstream(view.output_nodes))
    if found:
        listed = ", ".join(f"{text} (node {place.node}, {place.input})" for place, text in found)
        what = f"The workflow holds a placeholder where a value should be: {listed}."
        raise NotReady(_problem("placeholder", what, "Fill it, or give its value in tokens.", *found[0][0]))


def _refuse_unpaid(graph: Graph, object_info: ObjectInfo) -> None:
    """Money is spent only where the request says how often."""
    view = GraphView(graph, object_info)
    paid = paid_nodes(graph, lambda kind: is_paid_class(object_info, kind), view.output_nodes)
    if paid and allowed_in(graph, the_loop(graph)[0]) < 1:
        raise NotReady(_problem("paid_nodes", why_not_unasked(paid), HOW_TO_ALLOW, paid[0][0]))


def _repaired(graph: Graph, object_info: ObjectInfo) -> tuple[Graph, tuple[str, ...]]:
    findings = check(graph, object_info).findings
    certain = [repair for repair in _proposed(graph, object_info, findings) if repair.certain]
    try:
        return apply_repairs(graph, certain, object_info).graph, tuple(repair.sentence for repair in certain)
    except PatchRefused as problem:
        fix = "Post it without repair, and apply the proposals that you want yourself."
        raise NotReady(_problem("repair", f"The repairs cannot all be applied: {problem}", fix), findings) from problem


def _proposed(graph: Graph, object_info: ObjectInfo, findings: Collection[Finding]) -> tuple[Repair, ...]:
    if not 0 < len(findings) <= MOST_REPAIRED:
        return ()
    return tuple(repair for repair in propose_repairs(graph, object_info) if repair.finding.kind != "no_titles")


def _has_loop_nodes(graph: Graph) -> bool:
    """Whether somebody has begun a loop by hand. What is wrong with it is for the_loop to say."""
    kinds = [class_of(node) for node in graph.values()]
    return LOOP_CLASS in kinds or CRITIC_CLASS in kinds


def _wrapped(graph: Graph, order: RunRequest, object_info: ObjectInfo) -> tuple[Wrapped, list[Finding]]:
    if not order.goal.strip():
        fix = 'Say in goal what the picture must show, as "a red fox in deep snow".'
        raise NotReady(_problem("no_goal", "There is no goal to improve towards.", fix, input_="goal"))
    settings = order.settings.given()
    try:
        done = wrap(graph, order.goal, object_info, judge_node=order.judge_node, settings=settings)
    except PlanRefused as problem:
        kind = problem.kind if problem.kind in _THE_REQUESTS else "no_loop"
        where = problem.input or ("" if problem.node else "workflow")
        told = _problem(kind, problem.what, problem.fix, problem.node, where)
        raise _no_loop(graph, object_info, told) from problem
    except PatchRefused as problem:
        raise _no_loop(graph, object_info, _problem("no_loop", str(problem), "", input_="workflow")) from problem
    return done, [_note(text) for text in done.notes]


_THE_REQUESTS = ("judge_node", "placeholder")
"""Refusals whose cause is in the request, not in a fault of the graph."""


def _no_loop(graph: Graph, object_info: ObjectInfo, problem: Finding) -> NotReady:
    """There is no loop and none can be put in; what is broken in the graph comes first, for it may be the cause."""
    checked = check(graph, object_info)
    if checked.rejected and problem.kind not in _THE_REQUESTS:
        return NotReady(checked.rejected[0], checked.findings, _proposed(graph, object_info, checked.findings))
    return NotReady(problem)


def _wishes_written(graph: Graph, order: RunRequest, object_info: ObjectInfo) -> tuple[Graph, list[Finding]]:
    """The graph with goal, checklist, settings, limits and the judge's inputs as literals of our two nodes."""
    try:
        loop_node, critic_node = the_loop(graph)
    except LoopNotFound as problem:
        fix = _NO_LOOP if order.wrap == "never" else _HALF_A_LOOP
        raise _no_loop(graph, object_info, _problem("no_loop", str(problem), fix, input_="workflow")) from problem
    wishes = {**order.settings.given(), **order.limits.given()}
    if order.goal.strip():
        wishes["goal"] = order.goal
    if order.checklist is not None:
        wishes["checklist"] = "\n".join(order.checklist_lines())
    changed = clean_copy(graph)
    hub = changed[loop_node].setdefault("inputs", {})
    if not isinstance(hub, dict):
        raise NotReady(_problem("no_inputs", f"Node {loop_node} has no inputs.", "Give it an object.", loop_node))
    hub.update(wishes)
    changed[critic_node]["inputs"].update(order.critic.given())
    _refuse_unjudgeable(hub, changed[critic_node]["inputs"], loop_node)
    return changed, _unused(changed, loop_node, order, object_info)


def _refuse_unjudgeable(hub: dict[str, Any], critic: dict[str, Any], loop_node: str) -> None:
    """What VLMCritique would refuse once it runs is refused now."""
    goal, checklist = hub.get("goal", ""), hub.get("checklist", "")
    if isinstance(goal, str) and not goal.strip() and critic.get("judge") != "offline":
        fix = "Say in goal what the picture must show."
        raise NotReady(_problem("no_goal", "The workflow has no goal to improve towards.", fix, loop_node, "goal"))
    if isinstance(checklist, str) and checklist.strip():
        try:
            checklist_of_lines(goal if isinstance(goal, str) else "", checklist.splitlines())
        except ValueError as problem:
            raise NotReady(_told("checklist", problem, loop_node, "checklist")) from problem


def _unused(graph: Graph, loop_node: str, order: RunRequest, object_info: ObjectInfo) -> list[Finding]:
    """Settings that were asked for, but that nothing in the graph takes from the loop."""
    taken = {wire.slot for wire in GraphView(graph, object_info).out_of(loop_node)}
    names = [name for name in order.settings.given() if name in OUTPUTS and OUTPUTS[name] not in taken]
    return [
        Finding(
            kind="setting_unused",
            severity="suspicious",
            node=loop_node,
            input=name,
            what=f"{name} has no effect: no node of the workflow takes it from the loop.",
            fix=f"Set it in the workflow itself, or link the {name} output of Self-Improving Prompt.",
        )
        for name in names
    ]


def _note(text: str) -> Finding:
    return Finding(kind="note", severity="suspicious", what=text, fix="")


def _told(kind: str, problem: Exception, node: str = "", input_: str = "") -> Finding:
    """A message whose first sentence says what is wrong, and the rest what to do."""
    what, _, fix = str(problem).partition(". ")
    return _problem(kind, f"{what}.", fix, node, input_)


def _problem(kind: str, what: str, fix: str, node: str = "", input_: str = "") -> Finding:
    return Finding(kind=kind, severity="rejected", what=what, fix=fix, node=node, input=input_)
