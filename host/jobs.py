"""Jobs of the server that take long: one of a kind at a time, stopped and resumed, their record kept on disk."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from ..engine.files import write_text
from ..engine.judge.vision_model import ModelFailure
from ..engine.loop.refusals import NotNow

LOG = logging.getLogger(__name__)

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
ENDED_WITH_SERVER = "The server ended. Resume it to go on."
STOPPED = "It was stopped. Resume it to go on."


class JobRecord(Protocol):
    """What is kept of a job: a frozen model with an id, a state ("running" among them) and a message."""

    id: str
    state: Any
    message: str

    def model_copy(self, *, update: dict[str, Any]) -> Any:
        """As pydantic's."""

    def model_dump_json(self, *, indent: int) -> str:
        """As pydantic's."""


Record = TypeVar("Record", bound=JobRecord)


class JobEnd(NamedTuple):
    """How a job's work ended. message: why, for the user."""

    state: str
    message: str = ""


def new_job_id() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}"


class Jobs(Generic[Record]):
    """Jobs of one kind. Lives on the server's event loop.

    root: folder of the jobs, asked anew each time. file_name: of the record in a job's folder. model: what it is read
    to. name: what such a job is called in messages. busy: refusal while another one runs.
    """

    def __init__(self, root: Callable[[], Path], file_name: str, model: type[BaseModel], name: str, busy: str) -> None:
        self._root, self._file_name, self._model, self._name, self._busy = root, file_name, model, name, busy
        self._beginning = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.running: Record | None = None

    @asynccontextmanager
    async def beginning(self) -> AsyncIterator[None]:
        """Around what comes before begin: nobody else begins meanwhile. Raises NotNow while one runs."""
        async with self._beginning:
            if self._is_at_work():
                raise NotNow(self._busy)
            yield

    def is_running(self, job: str) -> bool:
        return self._is_at_work() and self.running is not None and self.running.id == job

    def _is_at_work(self) -> bool:
        return self._task is not None and not self._task.done()

    def folder(self, job: str) -> Path:
        """Of one job. Raises ValueError for what is no id, so no path leaves the root."""
        if not ID.fullmatch(job):
            raise ValueError(f"id: this is no id of {self._name}.")
        return self._root() / job

    def newest(self, count: int) -> list[Record]:
        """So many of the jobs on disk at most, the newest first; those that cannot be read are left out. Blocks."""
        try:
            names = sorted((one.name for one in self._root().iterdir() if ID.fullmatch(one.name)), reverse=True)
        except OSError:
            return []
        found = []
        for name in names[:count]:
            with suppress(ValueError):
                found.append(self._read(name))
        return found

    async def show(self, job: str) -> Record:
        """How far a job is. One that ran when the server ended is stopped. Raises ValueError for no such job."""
        return await asyncio.to_thread(self._read, job)

    def _read(self, job: str) -> Record:
        running = self.running
        if running is not None and running.id == job:
            return running
        path = self.folder(job) / self._file_name
        try:
            kept = self._model.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as problem:
            raise ValueError(f"id: there is no job {job}.") from problem
        if kept.state == "running":
            kept = kept.model_copy(update={"state": "stopped", "message": ENDED_WITH_SERVER})
        return kept

    async def keep(self, record: Record) -> None:
        """The record from now on, written down. Raises OSError."""
        await asyncio.to_thread(self.save, record)
        self.running = record

    def forget(self, job: str) -> None:
        """What is in memory of an ended job: it was written by somebody else."""
        if self.running is not None and self.running.id == job and not self.is_running(job):
            self.running = None

    def begin(
        self,
        record: Record,
        work: Callable[[], Awaitable[JobEnd]],
        finish: Callable[[Record], Record],
        release: Callable[[], Awaitable[None]],
    ) -> Record:
        """Go on in the background. work: until it is done, keeping the record on the way. finish: what is made of the
        record at its end, in a thread. release: always, last."""
        self.running = record
        self._task = asyncio.get_running_loop().create_task(self._run(work, finish, release))
        return record

    async def stop(self, job: str) -> Record:
        """Stop now; what was done stays. Raises ValueError for no such job."""
        record = await self.show(job)
        if self.is_running(job):
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            record = await self.show(job)
        return record

    def save(self, record: Record) -> None:
        """Blocks. Raises OSError."""
        folder = self.folder(record.id)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / self._file_name, record.model_dump_json(indent=1))

    async def _run(
        self,
        work: Callable[[], Awaitable[JobEnd]],
        finish: Callable[[Record], Record],
        release: Callable[[], Awaitable[None]],
    ) -> None:
        end = JobEnd("failed", "It failed. The server's log says more.")
        try:
            end = await work()
        except (ModelFailure, NotNow) as problem:
            end = JobEnd("failed", str(problem))
        except Exception:
            LOG.exception("Imitatoes: %s failed", self._name)
        except BaseException:
            end = JobEnd("stopped", STOPPED)
            raise
        finally:
            ended = self.running.model_copy(update={"state": end.state, "message": end.message})
            self.running = await asyncio.shield(asyncio.to_thread(self._finished, ended, finish))
            await release()

    def _finished(self, record: Record, finish: Callable[[Record], Record]) -> Record:
        try:
            record = finish(record)
        except Exception:
            LOG.exception("Imitatoes: the end of %s could not be made", self._name)
        try:
            self.save(record)
        except OSError as problem:
            LOG.warning("Imitatoes: %s could not be written: %s", self._name, problem)
        return record
