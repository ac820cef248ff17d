"""One shape for every error, and the rules every request must keep."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from ..engine.loop.live_runs import NotNow, RunNotFound
from ..engine.loop.outcome import unsaved_reason

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Model = TypeVar("Model", bound=BaseModel)


class ErrorBody(BaseModel):
    """What went wrong.

    type: a short name that stays the same. node: id of the node of the workflow that it is about. input: of that node,
    or the field of the request. hint: what to do.
    """

    type: str
    message: str
    node: str | None = None
    input: str | None = None
    hint: str = ""


class BadRequest(Exception):
    """The request itself is wrong. hint: what to do. node, input: what it is about. further: keys beside `error`."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        status: int = 400,
        type_: str = "bad_request",
        node: str = "",
        input_: str = "",
        further: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.further = status, further or {}
        self.body = ErrorBody(type=type_, message=message, node=node or None, input=input_ or None, hint=hint)


def error(status: int, type_: str, message: str, hint: str = "") -> web.Response:
    return _answer(BadRequest(message, hint, status, type_))


def _answer(problem: BadRequest) -> web.Response:
    return web.json_response({"error": problem.body.model_dump(), **problem.further}, status=problem.status)


def answering(handler: Handler) -> Handler:
    """Turns what a handler may raise into the error shape."""

    @functools.wraps(handler)
    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadRequest as problem:
            return _answer(problem)
        except RunNotFound as problem:
            return error(404, "run_not_found", str(problem), "GET /imitatoes/runs lists the runs there are.")
        except NotNow as problem:
            return error(409, "not_now", str(problem))
        except OSError as problem:
            return error(507, "unsaved", unsaved_reason(problem))
        except ValueError as problem:
            return error(400, "bad_request", str(problem))
        except web.HTTPException:
            raise
        except Exception:
            logging.exception("Imitatoes: %s %s failed", request.method, request.path)
            return error(
                500, "our_mistake", "An error inside Imitatoes. Please report it.", "The log of ComfyUI says more."
            )

    return wrapped


async def body_of(request: web.Request, model: type[Model]) -> Model:
    """The JSON body as a model. Raises BadRequest.

    The content type is demanded because a page of another site can post text/plain without asking, but not JSON.
    """
    if request.content_type != "application/json":
        raise BadRequest("The body must be JSON.", "Send the header Content-Type: application/json.", 415, "not_json")
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except web.HTTPRequestEntityTooLarge as problem:
        hint = "Send less, or start ComfyUI with a larger --max-upload-size (in MB)."
        raise BadRequest("The body is larger than this server takes.", hint, 413, "too_large") from problem
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        hint = "GET /imitatoes/openapi.json describes every request."
        raise BadRequest(f"{where or 'body'}: {first['msg']}.", hint, input_=where) from problem
