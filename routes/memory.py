"""Memory: how it stands, what the last reports said, and what a graph would want."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from ..engine.memory.preflight import Preflight
from .answers import BadRequest, answering, body_of


class Reports(Protocol):
    """What the routes need of host/memory_reports."""

    def newest_first(self) -> list[dict[str, Any]]:
        """The last reports as JSON."""


class App(Protocol):
    """What the routes need of host/app."""

    memory_reports: Reports

    async def memory_state(self) -> dict[str, Any]:
        """How memory stands now."""

    async def memory_preflight(self, graph: Mapping[str, Any]) -> Preflight:
        """What an API graph will want."""


class PreflightBody(BaseModel):
    """prompt: an API graph, as POST /prompt takes it."""

    model_config = ConfigDict(extra="forbid")

    prompt: dict[str, dict[str, Any]] = Field(min_length=1, max_length=10_000)


def register(routes: web.RouteTableDef, app: Callable[[], App]) -> None:
    """Add the handlers. app is asked at each request."""
    handlers = MemoryHandlers(app)
    routes.get("/imitatoes/memory")(answering(handlers.show))
    routes.post("/imitatoes/memory/preflight")(answering(handlers.preflight))


class MemoryHandlers:
    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app

    async def show(self, request: web.Request) -> web.Response:
        """The present state and the last reports, the newest first; amounts in bytes."""
        app = self._app()
        return web.json_response({"now": await app.memory_state(), "reports": app.memory_reports.newest_first()})

    async def preflight(self, request: web.Request) -> web.Response:
        """Estimates and warnings for a graph, before it is queued."""
        graph = (await body_of(request, PreflightBody)).prompt
        for node_id, node in graph.items():
            if not isinstance(node.get("class_type"), str) or not isinstance(node.get("inputs", {}), dict):
                raise BadRequest(f"prompt: node {node_id} has no class_type or inputs.", "Send a graph in API format.")
        found = await self._app().memory_preflight(graph)
        return web.json_response({**found.model_dump(), "lines": found.lines()})
