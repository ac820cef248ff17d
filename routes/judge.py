"""The judge's self-test: start it, ask how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from .answers import BadRequest, answering, body_of

LONGEST_NAME = 200
LOCAL = "local"


class SelfTests(Protocol):
    """What the routes need of host/self_tests."""

    def start(self, connection: str, model: str) -> dict[str, Any]:
        """Begin one. Raises ValueError, NotNow."""

    async def state(self, connection: str, model: str) -> dict[str, Any]:
        """How far it is. Raises ValueError."""


class App(Protocol):
    """What the routes need of host/app."""

    self_tests: SelfTests


class SelfTestBody(BaseModel):
    """connection: a name from the server's settings, never an address."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    connection: str = Field(default=LOCAL, min_length=1, max_length=LONGEST_NAME)
    model: str = Field(min_length=1, max_length=LONGEST_NAME)


def register(routes: web.RouteTableDef, app: Callable[[], App]) -> None:
    """Add the handlers. app is asked at each request."""
    handlers = JudgeHandlers(app)
    routes.post("/imitatoes/judge/self-test")(answering(handlers.start))
    routes.get("/imitatoes/judge/self-test")(answering(handlers.state))


class JudgeHandlers:
    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app

    async def start(self, request: web.Request) -> web.Response:
        """Answers at once; the test goes on for minutes."""
        body = await body_of(request, SelfTestBody)
        return web.json_response(self._app().self_tests.start(body.connection, body.model), status=202)

    async def state(self, request: web.Request) -> web.Response:
        model, connection = request.query.get("model", "").strip(), request.query.get("connection", LOCAL).strip()
        if not model or max(len(model), len(connection)) > LONGEST_NAME:
            raise BadRequest("model must name a judge model.", "GET /imitatoes/judge/self-test?model=NAME")
        return web.json_response(await self._app().self_tests.state(connection, model))
