"""Starting a run from a script: POST a workflow and a goal. And what a loop would do to a workflow: the page's plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, Field

from ..engine.graph.clip_shapes import ClipShapes
from ..engine.graph.finding import Finding
from ..engine.graph.finding_view import FindingView, RepairView, finding_view, repair_view
from ..engine.graph.loop_plan import LoopPlan, PlannedPicture
from ..engine.graph.model import Graph
from ..engine.graph.prepare_graph import NotReady, PreparedGraph
from ..engine.graph.repair import Repair
from ..engine.graph.run_request import PlanRequest, RunRequest, ShapesRequest
from ..engine.judge.checklist_rules import checklist_of_lines
from ..engine.loop.ports import PromptState, SubmissionRejected
from ..engine.loop.run import Run
from ..engine.loop.series.series_view import SeriesView
from ..engine.loop.start import wait_for_run
from .errors import BadRequest
from .route import RoutesApp

QUEUED_SECONDS, BEGIN_SECONDS = 0.5, 5.0
"""How long the answer waits for the prompt's turn, and then for its run to begin. On a server at rest that takes some
milliseconds, or as long as loading the model, where ComfyUI does that first."""
FIX_AND_REPEAT = "Put right what it names, and post it again."
MOST_TOLD = 100
"""Findings, and proposals, in one answer."""


class RunBody(RunRequest):
    """dry_run: say what would be queued, and queue nothing. client_id: the page that ComfyUI's progress goes to.

    extra_data: as POST /prompt takes it; it goes with every render of the run, and is kept in memory alone.
    """

    dry_run: bool = False
    client_id: str = Field(default="", max_length=200)
    extra_data: dict[str, Any] = Field(default_factory=dict, repr=False)


class CheckedWorkflow(BaseModel):
    """warnings: what the server takes, but perhaps not as meant. findings: these, after what it refuses.

    diff: how the graph differs from the workflow that was sent. repaired: what was repaired, in words. repairs:
    proposals that were not applied. judged: the picture that the loop judges, and candidates: all that it could, the
    best first; judge_node names one. null and empty where the workflow had its loop.
    """

    warnings: list[FindingView]
    findings: list[FindingView]
    diff: tuple[str, ...]
    repaired: tuple[str, ...]
    repairs: list[RepairView]
    judged: PlannedPicture | None
    candidates: tuple[PlannedPicture, ...]


class StartedRun(CheckedWorkflow):
    """run_id: null while the prompt waits for its turn; the prompt id works wherever a run id does."""

    run_id: str | None
    prompt_id: str


class DryRun(CheckedWorkflow):
    """The answer to dry_run. workflow: the graph that would be queued. accepted: whether the server would take it."""

    accepted: bool
    workflow: dict[str, Any]


async def start_run(app: RoutesApp, body: RunBody) -> StartedRun | DryRun | SeriesView:
    """Nothing is queued before the workflow is found to be in order. Of a series, for its first goal."""
    first: RunRequest = body
    if body.is_series():
        goal, lines = _goals(body)[0]
        first = body.model_copy(update={"goal": goal, "checklist": list(lines)})
    with refused_in_words():
        ready = await app.prepare_graph(first)
    if body.dry_run:
        return DryRun(accepted=not ready.rejected, workflow=ready.graph, **dict(_checked(ready)))
    if ready.rejected:
        raise refusal(ready.rejected[0], ready.findings, ready.repairs)
    if body.is_series():
        return await app.series.start(body, body.client_id, body.extra_data)
    prompt_id = await queue_graph(app, ready.graph, body.client_id, body.extra_data)
    return StartedRun(run_id=await begun_run(app, prompt_id), prompt_id=prompt_id, **dict(_checked(ready)))


def _goals(body: RunBody) -> list[tuple[str, tuple[str, ...]]]:
    """Of a series, each with its requirements. Raises BadRequest for what no run could be judged by."""
    goals = body.goals_asked()
    for number, (goal, lines) in enumerate(goals, 1):
        try:
            if lines:
                checklist_of_lines(goal, lines)
        except ValueError as problem:
            raise BadRequest(f"checklists, the {number}.: {problem}", input_="checklists") from problem
    return goals


async def plan_run(app: RoutesApp, body: PlanRequest) -> LoopPlan:
    """Nothing is queued and nothing changed: the page makes the links itself."""
    with refused_in_words():
        return await app.plan(body)


async def list_shapes(app: RoutesApp, body: ShapesRequest) -> ClipShapes:
    """Nothing is queued and nothing changed."""
    with refused_in_words():
        return await app.clip_shapes(body)


async def queue_graph(
    app: RoutesApp, graph: Graph, client_id: str, extra_data: dict[str, Any], hint: str = FIX_AND_REPEAT
) -> str:
    """Its prompt id. Raises BadRequest with this hint where the server refuses it."""
    try:
        return await app.start(graph, client_id, extra_data)
    except SubmissionRejected as problem:
        node = problem.error.node if problem.error is not None else ""
        raise BadRequest(str(problem), hint, 400, "refused_by_server", node) from problem


async def begun_run(app: RoutesApp, prompt_id: str) -> str | None:
    """The id of the run that the prompt has begun; None while it waits. Raises BadRequest where it never will."""
    found = await wait_for_run(app.driver, prompt_id, QUEUED_SECONDS)
    if isinstance(found, PromptState) and found.kind == "running":
        found = await wait_for_run(app.driver, prompt_id, BEGIN_SECONDS)
    if isinstance(found, Run):
        return found.id
    if not found.ended:
        return None
    message = found.message or f"The prompt ended before its run began ({found.kind})."
    node = found.error.node if found.error is not None else ""
    raise BadRequest(message, FIX_AND_REPEAT, 409, "not_begun", node)


def _checked(ready: PreparedGraph) -> CheckedWorkflow:
    return CheckedWorkflow(
        warnings=_findings(ready.warnings),
        findings=_findings(ready.findings),
        diff=ready.lines,
        repaired=ready.repaired,
        repairs=_repairs(ready.repairs),
        judged=ready.plan.judged if ready.plan else None,
        candidates=ready.plan.candidates if ready.plan else (),
    )


@contextmanager
def refused_in_words() -> Iterator[None]:
    """What a workflow lacks becomes the answer that says so. Raises BadRequest."""
    try:
        yield
    except NotReady as problem:
        raise refusal(problem.problem, problem.findings, problem.repairs) from problem


def refusal(problem: Finding, findings: Iterable[Finding], proposed: Iterable[Repair]) -> BadRequest:
    """The first thing that is wrong as the error; all of them, and what would help, beside it."""
    repairs = _repairs(proposed)
    hint = problem.fix
    if any(repair.certain for repair in repairs):
        hint = f"{hint} Or send repair: true, which does what is listed as certain in repairs.".strip()
    status = 413 if problem.kind == "too_large" else 400
    return BadRequest(
        problem.what, hint, status, problem.kind, problem.node, problem.input, _findings(findings), repairs
    )


def _findings(findings: Iterable[Finding]) -> list[FindingView]:
    return [finding_view(finding) for finding in findings][:MOST_TOLD]


def _repairs(proposed: Iterable[Repair]) -> list[RepairView]:
    return [repair_view(repair) for repair in proposed][:MOST_TOLD]
