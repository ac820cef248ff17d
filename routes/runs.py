"""The runs: list, show, picture, wait, stop, continue, resume, take, delete.

The argument id of a handler is a run id, or the id of a prompt of this server session that belongs to a run.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from ..engine.loop.driver import Driver
from ..engine.loop.journal import RUN_ID
from ..engine.loop.refusals import RunNotFound
from ..engine.loop.run import Run
from ..engine.loop.run_filter import RunFilter
from ..engine.loop.start import wait_for_run
from ..engine.loop.view import IterationView, RunSummary, RunView, run_summary
from .errors import BadRequest
from .route import Body, RoutesApp
from .run_answer import tell_run

PROMPT_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
LONGEST_WAIT = 86_400.0


class RunsQuery(RunFilter):
    limit: Annotated[int, Field(ge=1, le=9999)] | SkipJsonSchema[None] = Field(
        default=None, description="So many at most."
    )
    before: str = Field(default="", description="Only runs older than this run id.")


class WaitQuery(BaseModel):
    seconds: float = Field(
        default=600.0, ge=0, le=LONGEST_WAIT, allow_inf_nan=False, description="The longest to wait."
    )


class StopBody(Body):
    after_this: bool = False


class ResumeBody(Body):
    """extra_data: as POST /prompt takes it, for a run that pays for renders and whose server was restarted since."""

    client_id: str = Field(default="", max_length=200)
    extra_data: dict[str, Any] = Field(default_factory=dict, repr=False)


class ContinueBody(ResumeBody):
    instruction: str = Field(default="", max_length=2000)


class TakeBody(Body):
    iteration: int = Field(ge=1)


class JudgeBody(Body):
    iteration: int = Field(ge=1)


class StarBody(Body):
    starred: bool


class DeleteBody(Body):
    """Nothing: an empty object, so that the request is JSON."""


class RunList(BaseModel):
    runs: list[RunSummary]


class RunIterations(BaseModel):
    run_id: str
    iterations: list[IterationView]


class DeletedRun(BaseModel):
    """deleted: its run id."""

    deleted: str


async def list_runs(app: RoutesApp, query: RunsQuery) -> RunList:
    def listed() -> RunList:
        runs = app.driver.live.listed(query.limit, query.before, query.keeps)
        return RunList(runs=[run_summary(run) for run in runs])

    return await asyncio.to_thread(listed)


async def show_run(app: RoutesApp, id: str) -> RunView:
    return await tell_run(await find_run(app, id))


async def show_iterations(app: RoutesApp, id: str) -> RunIterations:
    run = await find_run(app, id)
    return RunIterations(run_id=run.id, iterations=(await tell_run(run)).iterations)


async def wait_for_end(app: RoutesApp, id: str, query: WaitQuery) -> RunView:
    """Answers when the run has ended, or after so many seconds with the run as it stands."""
    deadline = time.monotonic() + query.seconds
    run_id = id if RUN_ID.fullmatch(id) else await _begun_run(app.driver, id, deadline)
    return await tell_run(await app.driver.live.wait(run_id, max(0.0, deadline - time.monotonic())))


async def star_run(app: RoutesApp, id: str, body: StarBody) -> RunView:
    return await tell_run(await app.actions.star((await find_run(app, id)).id, body.starred))


async def stop_run(app: RoutesApp, id: str, body: StopBody) -> RunView:
    return await tell_run(await app.actions.stop((await find_run(app, id)).id, body.after_this))


async def continue_run(app: RoutesApp, id: str, body: ContinueBody) -> RunView:
    run_id = (await find_run(app, id)).id
    return await tell_run(
        await app.actions.continue_run(run_id, body.instruction.strip(), body.client_id, body.extra_data)
    )


async def resume_run(app: RoutesApp, id: str, body: ResumeBody) -> RunView:
    return await tell_run(await app.actions.resume((await find_run(app, id)).id, body.client_id, body.extra_data))


async def take_iteration(app: RoutesApp, id: str, body: TakeBody) -> RunView:
    return await tell_run(await app.actions.take((await find_run(app, id)).id, body.iteration))


async def judge_iteration(app: RoutesApp, id: str, body: JudgeBody) -> RunView:
    """Answers when the judge has looked, which may take a minute where its model has to be loaded first."""
    run = await find_run(app, id)
    return await tell_run(await app.actions.judge(run.id, body.iteration, await app.judge_of(run)))


async def delete_run(app: RoutesApp, id: str, body: DeleteBody) -> DeletedRun:
    run_id = (await find_run(app, id)).id
    try:
        await app.actions.delete(run_id)
    except OSError as problem:
        why = f"The run's folder could not be deleted ({problem.strerror or problem})."
        raise BadRequest(why, "Close what has its files open, or delete it by hand.", 409, "undeleted") from problem
    await asyncio.to_thread(app.thumbnails().forget, run_id)
    return DeletedRun(deleted=run_id)


async def find_run(app: RoutesApp, id: str) -> Run:
    """The run that {id} names. Raises RunNotFound, ValueError."""
    run_id = id if RUN_ID.fullmatch(id) else app.driver.live.run_id_of(_prompt_id(id))
    if run_id is None:
        raise RunNotFound(f"There is no run {id}.")
    return await app.actions.read(run_id)


async def _begun_run(driver: Driver, name: str, deadline: float) -> str:
    """Id of the run that a prompt starts or belongs to, waiting for a queued or rendering prompt to begin one."""
    prompt_id = _prompt_id(name)
    found = await wait_for_run(driver, prompt_id, deadline - time.monotonic())
    if isinstance(found, Run):
        return found.id
    if found.ended:
        why = f" {found.message}" if found.message else ""
        raise RunNotFound(f"Prompt {prompt_id} started no run ({found.kind}).{why}")
    raise BadRequest("The prompt has not begun its run yet.", "Wait again with more seconds.", 408, "still_queued")


def _prompt_id(name: str) -> str:
    if not PROMPT_ID.fullmatch(name):
        raise ValueError(f"'{name[:80]}' is neither a run id nor a prompt id.")
    return name
