"""Many pictures judged by one checklist, the best first: what is kept of them, as data. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .checklist import Checklist
from .critique import Critique, Item

MOST_PICTURES = 500

RankingState = Literal["running", "stopped", "done", "failed"]
PictureFolder = Literal["output", "input", "temp"]
"""Which of ComfyUI's own folders a picture lies in."""


class JudgeChoice(BaseModel):
    """Who judges: names as VLM Critique has them. connection: of the server's settings, never an address."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    model: str = Field(default="", max_length=400)
    connection: str = Field(default="local", max_length=200)
    checks: str = Field(default="", max_length=400)


class JudgeRequest(BaseModel):
    """What a picture is judged by. goal or checklist: at least one. checklist: requirements, one a line or a list."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    goal: str = Field(default="", max_length=20_000)
    checklist: str | list[str] = ""
    pass_score: float = Field(default=0.8, ge=0, le=1)
    judge: JudgeChoice = JudgeChoice()

    @property
    def lines(self) -> list[str]:
        given = self.checklist.splitlines() if isinstance(self.checklist, str) else self.checklist
        return [line for line in given if line.strip()]


class PictureVerdict(BaseModel):
    """The verdict about one picture, and the checklist that it was judged by."""

    image: str
    folder: PictureFolder
    checklist: Checklist | None
    critique: Critique


class RankedPicture(BaseModel):
    """One picture of a ranking. image: name in the folder, with its sub-folder. score: null without a verdict."""

    model_config = ConfigDict(frozen=True)

    image: str
    score: float | None = None
    passed: bool = False
    reason: str = ""
    items: tuple[Item, ...] = ()
    seconds: float = 0.0


class Ranking(BaseModel):
    """A job. images: all that are to be judged, in the order of their names. ranked: those that were, the best first.

    contact_sheet: file name in the job's folder, "" as long as there is none. message: why it failed or was stopped.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    created: float
    state: RankingState
    message: str = ""
    folder: PictureFolder
    request: JudgeRequest
    model: str = ""
    checklist: Checklist | None = None
    images: tuple[str, ...]
    ranked: tuple[RankedPicture, ...] = ()
    contact_sheet: str = ""

    @property
    def left(self) -> list[str]:
        """Images that nobody has judged yet. One without a verdict is tried again."""
        known = {one.image for one in self.ranked if one.score is not None}
        return [image for image in self.images if image not in known]

    def with_verdict(self, image: str, critique: Critique) -> Ranking:
        """The ranking with one more verdict, in its place."""
        found = RankedPicture(
            image=image,
            score=critique.score,
            passed=critique.passed,
            reason=critique.reason,
            items=critique.items,
            seconds=critique.seconds,
        )
        others = [one for one in self.ranked if one.image != image]
        return self.model_copy(update={"ranked": tuple(sorted([*others, found], key=_rank))})


class RankingSummary(BaseModel):
    """A job among others. done: pictures with a verdict, of so many. best: the first of the ranking, "" without any."""

    id: str
    created: float
    state: RankingState
    goal: str
    done: int
    of: int
    best: str

    @classmethod
    def of_ranking(cls, ranking: Ranking) -> RankingSummary:
        return cls(
            id=ranking.id,
            created=ranking.created,
            state=ranking.state,
            goal=ranking.request.goal or "; ".join(ranking.request.lines),
            done=len(ranking.images) - len(ranking.left),
            of=len(ranking.images),
            best=ranking.ranked[0].image if ranking.ranked else "",
        )


class RankingList(BaseModel):
    """The newest first."""

    rankings: list[RankingSummary]


class FolderOfPictures(BaseModel):
    """sub_folder: below ComfyUI's own folder, "" for that itself. pictures: how many lie in it, not below it."""

    folder: PictureFolder
    sub_folder: str
    pictures: int


class FolderList(BaseModel):
    """Folders that hold pictures. most: pictures that can be ranked at once."""

    folders: list[FolderOfPictures]
    most: int = MOST_PICTURES


def _rank(one: RankedPicture) -> tuple[bool, float, str]:
    """Passed first, then by score; without a verdict last; by name where they are alike."""
    return not one.passed, -1.0 * (-1.0 if one.score is None else one.score), one.image
