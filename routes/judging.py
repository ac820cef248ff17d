"""Judging pictures without a loop: one, or a folder of them as a job."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ..engine.judge.ranking import FolderList, JudgeRequest, PictureFolder, PictureVerdict, Ranking, RankingList
from .errors import BadRequest
from .route import Body, PictureAnswer, RoutesApp

LONGEST_NAME = 500


class JudgePictureBody(JudgeRequest):
    """image: name in ComfyUI's output or input folder, with its sub-folder. folder: where it lies; null looks into
    output, then input."""

    image: str = Field(min_length=1, max_length=LONGEST_NAME)
    folder: PictureFolder | None = None


class RankFolderBody(JudgeRequest):
    """sub_folder: of ComfyUI's output or input folder; "" for that folder itself."""

    sub_folder: str = Field(default="", max_length=LONGEST_NAME)
    folder: PictureFolder = "output"


class RankingBody(Body):
    id: str = Field(max_length=60)


class RankingQuery(BaseModel):
    id: str = Field(max_length=60, description="Of the ranking.")


async def judge_picture(app: RoutesApp, body: JudgePictureBody) -> PictureVerdict:
    """Answers when the judge has: seconds, or a minute where its model must be loaded."""
    _demand_something_to_judge_by(body)
    return await app.picture_judging.judge(body, body.image, body.folder)


async def rank_folder(app: RoutesApp, body: RankFolderBody) -> Ranking:
    """Answers at once; at most 500 pictures are ranked, and nothing is moved or deleted."""
    _demand_something_to_judge_by(body)
    request = JudgeRequest(goal=body.goal, checklist=body.checklist, pass_score=body.pass_score, judge=body.judge)
    return await app.picture_judging.start(request, body.sub_folder, body.folder)


async def show_ranking(app: RoutesApp, query: RankingQuery) -> Ranking:
    return await app.picture_judging.show(query.id)


async def show_ranking_sheet(app: RoutesApp, query: RankingQuery) -> PictureAnswer:
    return PictureAnswer(app.picture_judging.sheet(query.id))


async def list_rankings(app: RoutesApp) -> RankingList:
    return await app.picture_judging.newest()


async def list_folders(app: RoutesApp) -> FolderList:
    return await app.picture_judging.folders()


async def stop_ranking(app: RoutesApp, body: RankingBody) -> Ranking:
    return await app.picture_judging.stop(body.id)


async def resume_ranking(app: RoutesApp, body: RankingBody) -> Ranking:
    return await app.picture_judging.resume(body.id)


def _demand_something_to_judge_by(body: JudgeRequest) -> None:
    if not (body.goal or body.lines):
        raise BadRequest("goal: is empty, and so is checklist.", "Say what the picture must show.", input_="goal")
