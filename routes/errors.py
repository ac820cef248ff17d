"""One shape for every error."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aiohttp import web
from pydantic import BaseModel, ValidationError

from ..engine.graph.finding_view import FindingView, RepairView
from ..engine.loop.outcome import is_disk_full, unsaved_reason
from ..engine.loop.refusals import NotNow, RunNotFound

DOCUMENT_HINT = "GET /imitatoes/openapi.json describes every request."


class ErrorBody(BaseModel):
    """What went wrong.

    type: a short name that stays the same. node: id of the node of the workflow that it is about. input: of that node,
    or the field of the request. hint: what to do.
    """

    type: str
    message: str
    node: str | None
    input: str | None
    hint: str


class ErrorAnswer(BaseModel):
    """Every error. findings, repairs: only where a workflow was checked."""

    error: ErrorBody
    findings: list[FindingView] = []
    repairs: list[RepairView] = []


class BadRequest(Exception):
    """The request itself is wrong. hint: what to do. node, input: what it is about; findings, repairs: of a check."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        status: int = 400,
        type_: str = "bad_request",
        node: str = "",
        input_: str = "",
        findings: Sequence[FindingView] | None = None,
        repairs: Sequence[RepairView] | None = None,
    ) -> None:
        super().__init__(message)
        error = ErrorBody(type=type_, message=message, node=node or None, input=input_ or None, hint=hint)
        checked = {"findings": findings, "repairs": repairs} if findings is not None else {}
        self.status, self.answer = status, ErrorAnswer(error=error, **checked)


def wrong_field(problem: ValidationError, place: str) -> BadRequest:
    """The first field that is wrong. place: what to call the whole: body, query."""
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return BadRequest(f"{where or place}: {first['msg']}.", DOCUMENT_HINT, input_=where)


def error_response(problem: Exception, request: web.Request) -> web.Response:
    """The answer to whatever a handler raised."""
    told = _told(problem)
    if told is None:
        logging.error("Imitatoes: %s %s failed", request.method, request.path, exc_info=problem)
        hint = "The log of ComfyUI says more."
        told = BadRequest("An error inside Imitatoes. Please report it.", hint, 500, "our_mistake")
    # Without what was not set: findings and repairs are keys only where a workflow was checked.
    return web.json_response(told.answer.model_dump(mode="json", exclude_unset=True), status=told.status)


def _told(problem: Exception) -> BadRequest | None:
    """The problem for the one who asked; None for a mistake of ours."""
    if isinstance(problem, BadRequest):
        return problem
    if isinstance(problem, RunNotFound):
        return BadRequest(str(problem), "GET /imitatoes/runs lists the runs there are.", 404, "run_not_found")
    if isinstance(problem, NotNow):
        return BadRequest(str(problem), "", 409, "not_now")
    if isinstance(problem, OSError):
        return BadRequest(unsaved_reason(problem), "", 507 if is_disk_full(problem) else 500, "unsaved")
    if isinstance(problem, ValueError) and not isinstance(problem, ValidationError):
        return BadRequest(str(problem))
    return None
