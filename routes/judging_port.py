"""What the routes need of whoever judges pictures without a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..engine.judge.ranking import FolderList, JudgeRequest, PictureFolder, PictureVerdict, Ranking, RankingList


class PictureJudgingCalls(Protocol):
    """Pictures judged without a loop. What is raised for a wrong request is a ValueError, NotNow for the moment."""

    async def judge(self, request: JudgeRequest, image: str, folder: PictureFolder | None) -> PictureVerdict:
        """The verdict about one picture."""

    async def start(self, request: JudgeRequest, sub_folder: str, folder: PictureFolder) -> Ranking:
        """Begin to rank a folder."""

    async def resume(self, job: str) -> Ranking:
        """Go on with what is left."""

    async def stop(self, job: str) -> Ranking:
        """Stop now."""

    async def show(self, job: str) -> Ranking:
        """How far it is."""

    async def newest(self) -> RankingList:
        """The jobs of late."""

    async def folders(self) -> FolderList:
        """What can be ranked."""

    def sheet(self, job: str) -> Path:
        """Its contact sheet."""
