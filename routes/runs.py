"""The runs: list, show, picture, wait, stop, continue, resume."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from ..engine.loop.driver import Driver
from ..engine.loop.journal import RUN_ID, Journal
from ..engine.loop.live_runs import RunNotFound
from ..engine.loop.run import Run
from ..engine.loop.start import wait_for_run
from ..engine.loop.view import run_summary, run_view
from .answers import BadRequest, answering, body_of

PROMPT_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
LIMIT = re.compile(r"[1-9][0-9]{0,3}")
LONGEST_WAIT = 86_400.0
DEFAULT_WAIT = 600.0


class App(Protocol):
    """What the routes need of host/app."""

    driver: Driver

    def journal(self) -> Journal:
        """The journal of the present output folder."""


class Body(BaseModel):
    """A JSON body: nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class StopBody(Body):
    after_this: bool = False


class ContinueBody(Body):
    instruction: str = Field(default="", max_length=2000)
    client_id: str = Field(default="", max_length=200)


class ResumeBody(Body):
    client_id: str = Field(default="", max_length=200)


def register(routes: web.RouteTableDef, app: Callable[[], App]) -> None:
    """Add the handlers. app is asked at each request, so nothing is built before it is needed."""
    handlers = RunHandlers(app)
    routes.get("/imitatoes/runs")(answering(handlers.list))
    routes.get("/imitatoes/runs/{id}")(answering(handlers.show))
    routes.get("/imitatoes/runs/{id}/iterations")(answering(handlers.iterations))
    routes.get("/imitatoes/runs/{id}/wait")(answering(handlers.wait))
    routes.get("/imitatoes/runs/{id}/best")(answering(handlers.best))
    routes.get("/imitatoes/runs/{id}/pictures/{name}")(answering(handlers.picture))
    routes.post("/imitatoes/runs/{id}/stop")(answering(handlers.stop))
    routes.post("/imitatoes/runs/{id}/continue")(answering(handlers.continue_run))
    routes.post("/imitatoes/runs/{id}/resume")(answering(handlers.resume))


class RunHandlers:
    """{id} is a run id, or the id of a prompt of this server session that belongs to a run."""

    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app

    async def list(self, request: web.Request) -> web.Response:
        """All, or ?limit= of them; ?before= a run id gives the older ones."""
        limit, before = request.query.get("limit", ""), request.query.get("before", "")
        if limit and not LIMIT.fullmatch(limit):
            raise BadRequest("limit must be a number.", "From 1 to 9999.")
        runs = await asyncio.to_thread(self._app().driver.live.listed, int(limit) if limit else None, before)
        return web.json_response({"runs": [run_summary(run) for run in runs]})

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(run_view(self._run(request)))

    async def iterations(self, request: web.Request) -> web.Response:
        """Its iterations alone, each as in the run."""
        run = run_view(self._run(request))
        return web.json_response({"run_id": run["run_id"], "iterations": run["iterations"]})

    async def wait(self, request: web.Request) -> web.Response:
        """Answers when the run has ended, or after ?seconds= with the run as it stands."""
        deadline = time.monotonic() + _seconds(request)
        name, driver = request.match_info["id"], self._app().driver
        if not RUN_ID.fullmatch(name):
            name = await self._started(name, deadline)
        run = await driver.live.wait(name, max(0.0, deadline - time.monotonic()))
        return web.json_response(run_view(run))

    async def best(self, request: web.Request) -> web.StreamResponse:
        """The best picture so far, with the graph that made it."""
        run = self._run(request)
        if run.best is None or run.best.picture is None:
            raise BadRequest("The run has no judged picture yet.", "Wait for it to end.", 404, "no_picture")
        return _file(self._app().journal().picture(run.id, run.best.picture))

    async def picture(self, request: web.Request) -> web.StreamResponse:
        run_id, name = self._run(request).id, request.match_info["name"]
        return _file(self._app().journal().picture(run_id, name))

    async def stop(self, request: web.Request) -> web.Response:
        body = await body_of(request, StopBody)
        return _changed(await self._app().driver.stop(self._run(request).id, body.after_this))

    async def continue_run(self, request: web.Request) -> web.Response:
        body = await body_of(request, ContinueBody)
        run_id = self._run(request).id
        return _changed(await self._app().driver.continue_run(run_id, body.instruction.strip(), body.client_id))

    async def resume(self, request: web.Request) -> web.Response:
        body = await body_of(request, ResumeBody)
        return _changed(await self._app().driver.resume(self._run(request).id, body.client_id))

    def _run(self, request: web.Request) -> Run:
        return run_of(self._app(), request)

    async def _started(self, name: str, deadline: float) -> str:
        """Id of the run that a prompt starts or belongs to, waiting for a queued or rendering prompt to begin one."""
        prompt_id, driver = _prompt_id(name), self._app().driver
        found = await wait_for_run(driver, prompt_id, deadline - time.monotonic())
        if isinstance(found, Run):
            return found.id
        if found.ended:
            why = f" {found.message}" if found.message else ""
            raise RunNotFound(f"Prompt {prompt_id} started no run ({found.kind}).{why}")
        raise BadRequest("The prompt has not begun its run yet.", "Wait again with more seconds.", 408, "still_queued")


def run_of(app: App, request: web.Request) -> Run:
    """The run that {id} names. Raises RunNotFound, ValueError."""
    name = request.match_info["id"]
    if RUN_ID.fullmatch(name):
        return app.driver.live.find(name)
    found = app.driver.live.find_by_prompt(_prompt_id(name))
    if found is None:
        raise RunNotFound(f"There is no run {name}.")
    return found


def _prompt_id(name: str) -> str:
    if not PROMPT_ID.fullmatch(name):
        raise ValueError(f"'{name[:80]}' is neither a run id nor a prompt id.")
    return name


def _seconds(request: web.Request) -> float:
    text = request.query.get("seconds", str(DEFAULT_WAIT))
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise BadRequest("seconds must be a number.", f"From 0 to {LONGEST_WAIT:g}.")
    return seconds


def _changed(run: Run) -> web.Response:
    return web.json_response(run_view(run))


def _file(path: Path | None) -> web.StreamResponse:
    if path is None:
        raise BadRequest("There is no such picture.", "GET the run to see its pictures.", 404, "no_picture")
    headers: dict[str, Any] = {"Cache-Control": "no-cache"}
    return web.FileResponse(path, headers=headers)
