"""What the user puts right in a run: a verdict of the judge, and the checklist."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..engine.loop.view import RunView
from .route import Body, RoutesApp
from .run_answer import tell_run
from .runs import find_run


class CorrectBody(Body):
    """met: whether the picture of the iteration meets the requirement; null takes the user's word back."""

    iteration: int = Field(ge=1)
    requirement: str = Field(min_length=1, max_length=20)
    met: bool | None


class ChecklistBody(Body):
    """requirements: one visible fact each."""

    requirements: list[Annotated[str, Field(max_length=500)]] = Field(max_length=100)


async def correct_judge(app: RoutesApp, id: str, body: CorrectBody) -> RunView:
    run_id = (await find_run(app, id)).id
    return await tell_run(await app.actions.correct(run_id, body.iteration, body.requirement, body.met))


async def edit_checklist(app: RoutesApp, id: str, body: ChecklistBody) -> RunView:
    return await tell_run(await app.actions.edit_checklist((await find_run(app, id)).id, body.requirements))
