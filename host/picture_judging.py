"""Pictures judged without a loop: one at once, or a folder of them as a job that can be stopped and resumed."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from ..engine.files import write_text
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
from ..engine.loop.pictures import SheetTile, contact_sheet_names, save_contact_sheets
from ..engine.loop.refusals import NotNow
from .picture_files import find_picture, list_folders, list_pictures, read_picture

LOG = logging.getLogger(__name__)

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
RECORD = "ranking.json"
LISTED = 20
FAILURES_IN_A_ROW = 3
"""After so many pictures without a verdict the job gives up: its server is gone."""

MakeJudge = Callable[[JudgeRequest], Awaitable[Judge]]
"""Raises ValueError for a request that names no judge there is."""


class PictureJudging:
    """What the routes see. Lives on the server's event loop. root: folder of the jobs, asked anew each time."""

    def __init__(self, make_judge: MakeJudge, root: Callable[[], Path]) -> None:
        self._make_judge, self._root = make_judge, root
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._running: Ranking | None = None

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
        self._refuse_while_running()
        images = await asyncio.to_thread(list_pictures, sub_folder, folder)
        judge = await self._make_judge(request)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}"
        ranking = Ranking(
            id=name,
            created=time.time(),
            state="running",
            folder=folder,
            request=request,
            model=", ".join(one.model.name for one in judge.jurors),
            images=tuple(images),
        )
        await asyncio.to_thread(self._save, ranking)
        return self._go_on(ranking, judge)

    async def resume(self, job: str) -> Ranking:
        """Go on with what is left. Raises ValueError for no such job, NotNow while one runs or nothing is left."""
        self._refuse_while_running()
        ranking = await self.show(job)
        if not ranking.left:
            raise NotNow("All its pictures are ranked.")
        judge = await self._make_judge(ranking.request)
        return self._go_on(ranking.model_copy(update={"state": "running", "message": ""}), judge)

    async def stop(self, job: str) -> Ranking:
        """Stop now; what was judged stays. Raises ValueError for no such job."""
        ranking = await self.show(job)
        if self._task is not None and self._running is not None and self._running.id == job:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            ranking = await self.show(job)
        return ranking

    async def show(self, job: str) -> Ranking:
        """How far a job is. One that ran when the server ended is stopped. Raises ValueError for no such job."""
        if not ID.fullmatch(job):
            raise ValueError("id: this is no id of a ranking.")
        return await asyncio.to_thread(self._read, job)

    async def newest(self) -> RankingList:
        """The jobs of late, the newest first."""
        return RankingList(rankings=await asyncio.to_thread(self._newest_read))

    async def folders(self) -> FolderList:
        """What can be ranked."""
        return FolderList(folders=await asyncio.to_thread(list_folders))

    def sheet(self, job: str) -> Path:
        """The first contact sheet. Raises ValueError for no such job or sheet."""
        path = self._root() / job / contact_sheet_names(1)[0]
        if not ID.fullmatch(job) or not path.is_file():
            raise ValueError("id: there is no contact sheet of such a ranking yet.")
        return path

    def _read(self, job: str) -> Ranking:
        """Raises ValueError."""
        if self._running is not None and self._running.id == job:
            return self._running
        try:
            kept = Ranking.model_validate_json((self._root() / job / RECORD).read_bytes())
        except (OSError, ValidationError) as problem:
            raise ValueError(f"id: there is no ranking {job}.") from problem
        if kept.state == "running":
            kept = kept.model_copy(update={"state": "stopped", "message": "The server ended. Resume it to go on."})
        return kept

    def _newest_read(self) -> list[RankingSummary]:
        try:
            names = sorted((one.name for one in self._root().iterdir() if ID.fullmatch(one.name)), reverse=True)
        except OSError:
            return []
        found = []
        for name in names[:LISTED]:
            with suppress(ValueError):
                found.append(RankingSummary.of_ranking(self._read(name)))
        return found

    def _refuse_while_running(self) -> None:
        if self._task is not None and not self._task.done():
            raise NotNow("Another folder is being ranked. Wait for its end, or stop it.")

    def _go_on(self, ranking: Ranking, judge: Judge) -> Ranking:
        self._running = ranking
        self._task = asyncio.get_running_loop().create_task(self._run(ranking, judge))
        return ranking

    async def _run(self, ranking: Ranking, judge: Judge) -> None:
        state, message = "failed", "It failed. The server's log says more."
        try:
            message = await self._rank(ranking, judge)
            state = "failed" if message else "done"
        except ModelFailure as problem:
            message = str(problem)
        except Exception:
            LOG.exception("Imitatoes: ranking a folder failed")
        except BaseException:
            state, message = "stopped", "It was stopped. Resume it to go on."
            raise
        finally:
            ended = self._running.model_copy(update={"state": state, "message": message})
            self._running = await asyncio.shield(asyncio.to_thread(self._finished, ended))
            await judge.release()

    async def _rank(self, ranking: Ranking, judge: Judge) -> str:
        """Judge what is left; why it was given up, "" when all is done. Raises ModelFailure, OSError."""
        if ranking.checklist is None:
            async with self._one_at_a_time:
                made = await judge.make_checklist(ranking.request.goal, ranking.request.lines)
            self._running = ranking = ranking.model_copy(update={"checklist": made})
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
            self._running = ranking = self._running.with_verdict(image, critique)
            await asyncio.to_thread(self._save, ranking)
            if failures >= FAILURES_IN_A_ROW:
                return f"Given up after {failures} pictures without a verdict: {critique.reason}"
        return ""

    def _finished(self, ranking: Ranking) -> Ranking:
        """With its contact sheet, best first, and written down."""
        try:
            tiles = []
            for number, one in enumerate(ranking.ranked, 1):
                path, _ = find_picture(one.image, ranking.folder)
                score = "no verdict" if one.score is None else f"{one.score:.2f}"
                tiles.append(SheetTile(path, f"{number}. {score} {path.name}"[:34], number == 1))
            if tiles:
                save_contact_sheets(tiles, self._root() / ranking.id)
                ranking = ranking.model_copy(update={"contact_sheet": contact_sheet_names(1)[0]})
        except (OSError, ValueError) as problem:
            LOG.warning("Imitatoes: no contact sheet of the ranking: %s", problem)
        try:
            self._save(ranking)
        except OSError as problem:
            LOG.warning("Imitatoes: the ranking could not be written: %s", problem)
        return ranking

    def _save(self, ranking: Ranking) -> None:
        folder = self._root() / ranking.id
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / RECORD, ranking.model_dump_json(indent=1))
