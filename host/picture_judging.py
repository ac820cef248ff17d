"""Pictures judged without a loop: one at once, or a folder of them as a job that can be stopped and resumed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..engine.judge.judge import Judge
from ..engine.judge.picture import Picture
from ..engine.judge.ranking import (
    FolderList,
    JudgeRequest,
    PictureFolder,
    PictureVerdict,
    Ranking,
    RankingList,
    RankingSummary,
)
from ..engine.judge.vision_model import ModelFailure
from ..engine.loop.pictures import LONGEST_CAPTION, SheetTile, contact_sheet_names, save_contact_sheets
from ..engine.loop.refusals import NotNow
from .jobs import JobEnd, Jobs, new_job_id
from .picture_files import find_picture, list_folders, list_pictures, read_picture

LOG = logging.getLogger(__name__)

RECORD = "ranking.json"
LISTED = 20
FAILURES_IN_A_ROW = 3
"""After so many pictures without a verdict the job gives up: its server is gone."""

MakeJudge = Callable[[JudgeRequest], Awaitable[Judge]]
"""Raises ValueError for a request that names no judge there is."""


class PictureJudging:
    """What the routes see. Lives on the server's event loop. root: folder of the jobs, asked anew each time."""

    def __init__(self, make_judge: MakeJudge, root: Callable[[], Path]) -> None:
        self._make_judge = make_judge
        self._one_at_a_time = asyncio.Lock()
        busy = "Another folder is being ranked. Wait for its end, or stop it."
        self._jobs: Jobs[Ranking] = Jobs(root, RECORD, Ranking, "a ranking", busy)

    async def judge(self, request: JudgeRequest, image: str, folder: PictureFolder | None) -> PictureVerdict:
        """The verdict about one picture. Raises ValueError, and NotNow where the judge gives none."""
        path, place = await asyncio.to_thread(find_picture, image, folder)
        picture = Picture(await asyncio.to_thread(read_picture, path))
        judge = await self._make_judge(request)
        async with self._one_at_a_time:
            try:
                checklist = await judge.make_checklist(request.goal, request.lines)
                critique = (await judge.judge_pictures([picture], checklist, 0)).critiques[0]
            except ModelFailure as problem:
                raise NotNow(str(problem)) from problem
            finally:
                await judge.release()
        return PictureVerdict(image=image, folder=place, checklist=checklist, critique=critique)

    async def start(self, request: JudgeRequest, sub_folder: str, folder: PictureFolder) -> Ranking:
        """Begin a job. Raises ValueError, OSError, NotNow while another one runs."""
        async with self._jobs.beginning():
            images = await asyncio.to_thread(list_pictures, sub_folder, folder)
            judge = await self._make_judge(request)
            ranking = Ranking(
                id=new_job_id(),
                created=time.time(),
                state="running",
                folder=folder,
                request=request,
                model=", ".join(one.model.name for one in judge.jurors),
                images=tuple(images),
            )
            await self._jobs.keep(ranking)
            return self._go_on(ranking, judge)

    async def resume(self, job: str) -> Ranking:
        """Go on with what is left. Raises ValueError for no such job, NotNow while one runs or nothing is left."""
        async with self._jobs.beginning():
            ranking = await self.show(job)
            if not ranking.left:
                raise NotNow("All its pictures are ranked.")
            judge = await self._make_judge(ranking.request)
            return self._go_on(ranking.model_copy(update={"state": "running", "message": ""}), judge)

    async def stop(self, job: str) -> Ranking:
        """Stop now; what was judged stays. Raises ValueError for no such job."""
        return await self._jobs.stop(job)

    async def show(self, job: str) -> Ranking:
        """How far a job is. One that ran when the server ended is stopped. Raises ValueError for no such job."""
        return await self._jobs.show(job)

    async def newest(self) -> RankingList:
        """The jobs of late, the newest first."""
        kept = await asyncio.to_thread(self._jobs.newest, LISTED)
        return RankingList(rankings=[RankingSummary.of_ranking(one) for one in kept])

    async def folders(self) -> FolderList:
        """What can be ranked."""
        return FolderList(folders=await asyncio.to_thread(list_folders))

    def sheet(self, job: str) -> Path:
        """The first contact sheet. Raises ValueError for no such job or sheet."""
        path = self._jobs.folder(job) / contact_sheet_names(1)[0]
        if not path.is_file():
            raise ValueError("id: there is no contact sheet of such a ranking yet.")
        return path

    def _go_on(self, ranking: Ranking, judge: Judge) -> Ranking:
        async def work() -> JobEnd:
            message = await self._rank(ranking, judge)
            return JobEnd("failed" if message else "done", message)

        return self._jobs.begin(ranking, work, self._with_sheet, judge.release)

    async def _rank(self, ranking: Ranking, judge: Judge) -> str:
        """Judge what is left; why it was given up, "" when all is done. Raises ModelFailure, OSError."""
        if ranking.checklist is None:
            async with self._one_at_a_time:
                made = await judge.make_checklist(ranking.request.goal, ranking.request.lines)
            self._jobs.running = ranking = ranking.model_copy(update={"checklist": made})
        failures = 0
        for image in ranking.left:
            try:
                path, _ = await asyncio.to_thread(find_picture, image, ranking.folder)
                picture = Picture(await asyncio.to_thread(read_picture, path))
            except ValueError as problem:
                LOG.warning("Imitatoes: left out of the ranking: %s", problem)
                continue
            async with self._one_at_a_time:
                critique = (await judge.judge_pictures([picture], ranking.checklist, 0)).critiques[0]
            failures = 0 if critique.score is not None else failures + 1
            ranking = ranking.with_verdict(image, critique)
            await self._jobs.keep(ranking)
            if failures >= FAILURES_IN_A_ROW:
                return f"Given up after {failures} pictures without a verdict: {critique.reason}"
        return ""

    def _with_sheet(self, ranking: Ranking) -> Ranking:
        """With its contact sheet, best first."""
        try:
            tiles = []
            for number, one in enumerate(ranking.ranked, 1):
                path, _ = find_picture(one.image, ranking.folder)
                score = "no verdict" if one.score is None else f"{one.score:.2f}"
                tiles.append(SheetTile(path, f"{number}. {score} {path.name}"[:LONGEST_CAPTION], number == 1))
            if tiles:
                save_contact_sheets(tiles, self._jobs.folder(ranking.id))
                ranking = ranking.model_copy(update={"contact_sheet": contact_sheet_names(1)[0]})
        except (OSError, ValueError) as problem:
            LOG.warning("Imitatoes: no contact sheet of the ranking: %s", problem)
        return ranking
