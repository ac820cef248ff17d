"""Starting a run from a script: POST a workflow and a goal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from ..engine.graph.model import Finding, Graph
from ..engine.graph.prepare_graph import NotReady, PreparedGraph
from ..engine.graph.repair import Repair
from ..engine.graph.run_request import RunRequest
from ..engine.loop.ports import PromptState, SubmissionRejected
from ..engine.loop.run import Run
from ..engine.loop.start import wait_for_run
from . import runs
from .answers import BadRequest, answering, body_of

QUEUED_SECONDS, BEGIN_SECONDS = 0.5, 5.0
"""How long the answer waits for the prompt's turn, and then for its run to begin. On a server at rest that takes some
milliseconds, or as long as loading the model, where ComfyUI does that first."""
MOST_TOLD = 100
"""Findings, and proposals, in one answer."""


class App(runs.App, Protocol):
    """What the routes need of host/app."""

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        """The graph that an order asks for. Raises NotReady."""

    async def start(self, graph: Graph, client_id: str) -> str:
        """Queue a graph; its prompt id. Raises SubmissionRejected."""


class RunBody(RunRequest):
    """dry_run: say what would be queued, and queue nothing. client_id: the page that ComfyUI's progress goes to."""

    dry_run: bool = False
    client_id: str = Field(default="", max_length=200)


def register(routes: web.RouteTableDef, app: Callable[[], App]) -> None:
    """Add the handlers. app is asked at each request."""
    routes.post("/imitatoes/runs")(answering(StartHandlers(app).start))


class StartHandlers:
    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app

    async def start(self, request: web.Request) -> web.Response:
        """Nothing is queued before the workflow is found to be in order."""
        body, app = await body_of(request, RunBody), self._app()
        try:
            ready = await app.prepare_graph(body)
        except NotReady as problem:
            raise _refusal(problem.problem, problem.findings, problem.repairs) from problem
        if body.dry_run:
            return web.json_response({"accepted": not ready.rejected, "workflow": ready.graph, **_told(ready)})
        if ready.rejected:
            raise _refusal(ready.rejected[0], ready.findings, ready.repairs)
        prompt_id = await _queued(app, ready.graph, body.client_id)
        run_id = await _begun(app, prompt_id)
        return web.json_response({"run_id": run_id, "prompt_id": prompt_id, **_told(ready)})


async def _queued(app: App, graph: Graph, client_id: str) -> str:
    try:
        return await app.start(graph, client_id)
    except SubmissionRejected as problem:
        node = problem.error.node if problem.error is not None else ""
        hint = "Put right what it names, and post it again."
        raise BadRequest(str(problem), hint, 400, "refused_by_server", node) from problem


async def _begun(app: App, prompt_id: str) -> str | None:
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
    raise BadRequest(message, "Put right what it names, and post it again.", 409, "not_begun", node)


def _told(ready: PreparedGraph) -> dict[str, Any]:
    return {
        "warnings": _findings(ready.warnings),
        "findings": _findings(ready.findings),
        "diff": list(ready.lines),
        "repaired": list(ready.repaired),
        "repairs": _repairs(ready.repairs),
    }


def _refusal(problem: Finding, findings: Iterable[Finding], proposed: Iterable[Repair]) -> BadRequest:
    """The first thing that is wrong as the error; all of them, and what would help, beside it."""
    further = {"findings": _findings(findings), "repairs": _repairs(proposed)}
    hint = problem.fix
    if any(repair["certain"] for repair in further["repairs"]):
        hint = f"{hint} Or send repair: true, which does what is listed as certain in repairs.".strip()
    return BadRequest(problem.what, hint, 400, problem.kind, problem.node, problem.input, further)


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [finding.to_api() for finding in findings][:MOST_TOLD]


def _repairs(proposed: Iterable[Repair]) -> list[dict[str, Any]]:
    shown = [
        {
            "sentence": repair.sentence,
            "certain": repair.certain,
            "node": repair.finding.node or None,
            "input": repair.finding.input or None,
            "diff": list(repair.lines),
        }
        for repair in proposed
    ]
    return shown[:MOST_TOLD]
