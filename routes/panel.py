"""What the panel asks for beside the runs themselves: thumbnails, deleting, taking, following, folder and nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from aiohttp import web
from pydantic import Field

from ..engine.loop.live_runs import NotNow
from ..engine.loop.pictures import Thumbnails
from ..engine.loop.view import run_view
from . import runs
from .answers import BadRequest, answering, body_of, error

THUMBNAILS_AT_ONCE = 2
"""Making more at a time would only take processors from the render."""
MOST_KEPT = 100_000
ONE_DAY = 86_400


class App(runs.App, Protocol):
    """What the routes need of host/app."""

    def thumbnails(self) -> Thumbnails:
        """The cache of thumbnails."""


class TakeBody(runs.Body):
    iteration: int = Field(ge=1)


class AttachBody(runs.Body):
    client_id: str = Field(min_length=1, max_length=200)


class ThumbnailsBody(runs.Body):
    kept: int = Field(ge=0, le=MOST_KEPT)


def register(routes: web.RouteTableDef, app: Callable[[], App]) -> None:
    """Add the handlers. app is asked at each request."""
    handlers = PanelHandlers(app)
    routes.get("/imitatoes/runs/{id}/thumbnails/{name}")(answering(handlers.thumbnail))
    routes.get("/imitatoes/runs/{id}/folder")(answering(handlers.folder))
    routes.get("/imitatoes/runs/{id}/nodes")(answering(handlers.nodes))
    routes.post("/imitatoes/runs/{id}/take")(answering(handlers.take))
    routes.post("/imitatoes/runs/{id}/attach")(answering(handlers.attach))
    routes.post("/imitatoes/runs/{id}/delete")(answering(handlers.delete))
    routes.post("/imitatoes/thumbnails")(answering(handlers.keep_thumbnails))


class PanelHandlers:
    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app
        self._making = asyncio.Semaphore(THUMBNAILS_AT_ONCE)

    async def thumbnail(self, request: web.Request) -> web.StreamResponse:
        """A small JPEG of a picture. With ?v= naming the render it may be kept by the browser."""
        run_id = runs.run_of(self._app(), request).id
        picture = self._app().journal().picture(run_id, request.match_info["name"])
        if picture is None:
            raise BadRequest("There is no such picture.", "GET the run to see its pictures.", 404, "no_picture")
        try:
            async with self._making:
                jpeg = await asyncio.to_thread(self._app().thumbnails().of, picture, run_id)
        except OSError as problem:
            raise BadRequest("The picture cannot be read.", "", 404, "no_picture") from problem
        kept = f"private, max-age={ONE_DAY}" if request.query.get("v") else "no-cache"
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": kept})

    async def folder(self, request: web.Request) -> web.Response:
        """Where the run lies on the server's disk."""
        run_id = runs.run_of(self._app(), request).id
        return web.json_response({"folder": str(self._app().journal().folder(run_id))})

    async def nodes(self, request: web.Request) -> web.Response:
        """The nodes that each render of the run executes, by id: the page's progress counts them."""
        run_id = runs.run_of(self._app(), request).id
        try:
            graph, _ = await asyncio.to_thread(self._app().journal().load_graph, run_id)
        except (OSError, ValueError, KeyError) as problem:
            raise NotNow("The graph of this run cannot be read.") from problem
        return web.json_response({"nodes": {name: node.get("class_type", "") for name, node in graph.items()}})

    async def take(self, request: web.Request) -> web.Response:
        body = await body_of(request, TakeBody)
        run = runs.run_of(self._app(), request)
        return web.json_response(run_view(await self._app().driver.take(run.id, body.iteration)))

    async def attach(self, request: web.Request) -> web.Response:
        body = await body_of(request, AttachBody)
        run = runs.run_of(self._app(), request)
        return web.json_response(run_view(self._app().driver.attach(run.id, body.client_id)))

    async def delete(self, request: web.Request) -> web.Response:
        await body_of(request, runs.Body)
        run_id = runs.run_of(self._app(), request).id
        try:
            await self._app().driver.delete(run_id)
        except OSError as problem:
            why = problem.strerror or str(problem)
            return error(507, "undeleted", f"The run's folder could not be deleted ({why}).", "Delete it by hand.")
        await asyncio.to_thread(self._app().thumbnails().forget, run_id)
        return web.json_response({"deleted": run_id})

    async def keep_thumbnails(self, request: web.Request) -> web.Response:
        """How many thumbnails are kept on disk."""
        body = await body_of(request, ThumbnailsBody)
        self._app().thumbnails().kept = body.kept
        return web.json_response({"kept": body.kept})
