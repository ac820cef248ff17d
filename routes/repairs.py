"""Repairs that a user asks for: one region of a picture of a run, painted anew."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from ..engine.judge.judge import Judge
from ..engine.loop.refusals import NotNow
from ..engine.loop.run import Run
from ..engine.loop.view import RunView
from ..engine.loop.wished_repair import LONGEST_WISH, WishedRegion
from .route import RoutesApp
from .run_answer import tell_run
from .runs import ResumeBody, find_run

LONGEST_MASK = 8 * 2**20
"""Characters: a PNG of a mask is small, whatever its size."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class RepairBody(ResumeBody):
    """Where, by exactly one of mask (a PNG in base64, white where it may change), box (left, top, right, bottom as
    shares of width and height) and words (as Text Segment Mask takes them)."""

    iteration: int = Field(ge=1)
    wish: str = Field(min_length=1, max_length=LONGEST_WISH, pattern=r"\S")
    mask: str = Field(default="", max_length=LONGEST_MASK)
    box: tuple[Share, Share, Share, Share] | SkipJsonSchema[None] = None
    words: str = Field(default="", max_length=200)


async def repair_iteration(app: RoutesApp, id: str, body: RepairBody) -> RunView:
    """Answers when the repair is queued: the judge is asked first what belongs there, which may take a while. Where the
    run goes on it waits for the present render, as `wishes` shows, and is the next one."""
    run = await find_run(app, id)
    region = WishedRegion(body.words, body.box, body.mask)
    judge = await _judge_of(app, run) if run.ended else None
    wish = body.wish.strip()
    asked = (run.id, body.iteration, wish, region, judge, body.client_id, body.extra_data)
    return await tell_run(await app.actions.repair(*asked))


async def _judge_of(app: RoutesApp, run: Run) -> Judge | None:
    """The run's judge; None where it has none that sees: then the wish itself is the region's prompt."""
    if not any(i.critique.looks for i in run.iterations):
        return None
    try:
        return await app.judge_of(run)
    except NotNow:
        return None
