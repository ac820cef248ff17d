"""One shape for every error, and the rules every request must keep."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from ..engine.loop.live import NotNow, RunNotFound
from ..engine.loop.outcome import unsaved_reason

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Model = TypeVar("Model", bound=BaseModel)


class BadRequest(Exception):
    """The request itself is wrong. hint: what to do."""

    def __init__(self, message: str, hint: str = "", status: int = 400, type_: str = "bad_request") -> None:
        super().__init__(message)
        self.hint, self.status, self.type = hint, status, type_


def error(status: int, type_: str, message: str, hint: str = "") -> web.Response:
    body = {"type": type_, "message": message, "node": None, "input": None, "hint": hint}
    return web.json_response({"error": body}, status=status)


def answering(handler: Handler) -> Handler:
    """Turns what a handler may raise into the error shape."""

    @functools.wraps(handler)
    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadRequest as problem:
            return error(problem.status, problem.type, str(problem), problem.hint)
        except RunNotFound as problem:
            return error(404, "run_not_found", str(problem), "GET /imitatoes/runs lists the runs there are.")
        except NotNow as problem:
            return error(409, "not_now", str(problem))
        except OSError as problem:
            return error(507, "unsaved", unsaved_reason(problem))
        except ValueError as problem:
            return error(400, "bad_request", str(problem))

    return wrapped


async def body_of(request: web.Request, model: type[Model]) -> Model:
    """The JSON body as a model. Raises BadRequest.

    The content type is demanded because a page of another site can post text/plain without asking, but not JSON.
    """
    if request.content_type != "application/json":
        raise BadRequest("The body must be JSON.", "Send the header Content-Type: application/json.", 415, "not_json")
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise BadRequest(f"{where}: {first['msg']}.") from problem
