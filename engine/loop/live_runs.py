"""The runs of this server session, and those on disk behind them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from ..files import clear_parts
from ..graph.model import Graph
from ..graph.patch import PatchRefused
from .corrections import join_corrections
from .journal import Journal, Written
from .plan import Recovery
from .ports import CarriedRequest
from .refusals import NotNow, RunNotFound
from .retry import apply_recoveries
from .run import Iteration, Run
from .run_changes import as_its_server_left_it
from .run_context import KnownPicture, Report
from .run_owners import ELSEWHERE, RunOwners

REMEMBERED_RUNS = 20
"""Ended runs kept in memory with their graphs."""
READ_RUNS = 3
"""Runs of the disk kept as they were read last: a page that shows one asks for it with each of its pictures."""
ELSEWHERE_POLL_SECONDS = 1.0
"""How often somebody who waits for a run of another server looks for its end."""


@dataclass
class LiveRun:
    """A run that is going on, or ended a short while ago.

    queued_graph: the user's own. graph: as every render begins: the same with what failed renders made necessary.
    stop: what the user asked for. took: the iteration that the user took as best. client_id: the page that follows it,
    where it is another than the one that queued it. carried: what the first render came with. account_lost: the run
    pays, and was read from the disk, where nothing that pays is kept. tried: what was changed for the render at hand.
    late: that render was interrupted for taking too long. written: see Journal.written, as of the run's end. changed:
    set, and replaced, at every change of the run.
    """

    run: Run
    queued_graph: Graph
    graph: Graph
    extra_pnginfo: dict[str, Any] | None
    stop: Literal["", "now", "after"] = ""
    took: int | None = None
    client_id: str = ""
    carried: CarriedRequest = field(default_factory=CarriedRequest)
    account_lost: bool = False
    broken_journal: str = ""
    report: Report | None = None
    reported_at: float = 0.0
    judging_since: float = 0.0
    tried: list[Recovery] = field(default_factory=list)
    late: bool = False
    written: Written | None = None
    seen: list[KnownPicture] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def joined(self, run: Run) -> Run:
        """What was decided on a copy, with what the user asked for meanwhile."""
        now = self.run
        asked = {"stopping": self.stop, "taken": now.taken, "client_id": self.client_id or run.client_id}
        granted = max(run.renders_granted, now.renders_granted)
        return run.model_copy(update={**asked, "wishes": now.wishes, "renders_granted": granted})

    def put_right(self, run: Run, iteration: Iteration | None) -> tuple[Run, Iteration | None]:
        """The same of a run and its new iteration with what the user has put right. Takes a while."""
        joined = join_corrections(run, self.run)
        return joined, None if iteration is None else joined.iterations[iteration.number - 1]

    def keep(self, run: Run) -> None:
        """Take over what was decided on a copy. The run may have changed meanwhile: revisions only grow."""
        self.run = run.model_copy(update={"revision": max(run.revision, self.run.revision + 1)})


class LiveRuns:
    """By run id. journal: a callable, because the output folder may change while the server runs."""

    def __init__(self, journal: Callable[[], Journal], owners: RunOwners) -> None:
        self._journal, self._owners = journal, owners
        self._runs: dict[str, LiveRun] = {}
        self._run_of_prompt: dict[str, str] = {}
        self._read: OrderedDict[str, tuple[Written, Run]] = OrderedDict()
        self._reading = threading.Lock()

    def add(self, live: LiveRun) -> LiveRun:
        """The run from now on; the one that is there already where somebody else was faster."""
        return self._runs.setdefault(live.run.id, live)

    def get(self, run_id: str) -> LiveRun | None:
        """A run in memory, unless it ended here and went on, or was deleted, on another server since."""
        live = self._runs.get(run_id)
        if live is not None and self._is_stale(live):
            del self._runs[run_id]
            return None
        return live

    def _is_stale(self, live: LiveRun) -> bool:
        if not live.run.ended or live.run.status == "unsaved" or live.run.id in self._owners.held:
            return False
        return self._journal().written(live.run.id) != live.written

    def run_ids(self) -> list[str]:
        return list(self._runs)

    def remove(self, run_id: str) -> None:
        self._runs.pop(run_id, None)

    def belongs(self, prompt_id: str, run_id: str) -> None:
        """The prompt is one of the run's."""
        self._run_of_prompt[prompt_id] = run_id

    def listed(
        self, most: int | None = None, before: str = "", keeps: Callable[[Run], bool] = lambda run: True
    ) -> list[Run]:
        """Runs, newest first: all, or so many at most, older than the run id `before` where it is given.

        keeps: which are asked for.

        Reads the disk: call it from a thread when there may be many.
        """
        journal, found = self._journal(), []
        for run_id in sorted({*self.run_ids(), *journal.run_ids()}, reverse=True):
            if most is not None and len(found) >= most:
                break
            if before and run_id >= before:
                continue
            live = self._runs.get(run_id)  # not get(): this is no thread to change what the event loop goes through
            run = live.run if live is not None and not self._is_stale(live) else self._on_disk(run_id, keep=False)
            if run is not None and keeps(run):
                found.append(run)
        return found

    async def find(self, run_id: str) -> Run:
        """A run by its id. Raises RunNotFound, ValueError for what is no run id."""
        live = self.get(run_id)
        run = live.run if live is not None else await asyncio.to_thread(self._on_disk, run_id)
        if run is None:
            raise RunNotFound(f"There is no run {run_id}.")
        return run

    def _on_disk(self, run_id: str, keep: bool = True) -> Run | None:
        run = self._as_written(run_id, keep)
        if run is None or run.ended:
            return run
        if self._owners.is_elsewhere(run_id):
            return run.model_copy(update={"elsewhere": True, "reason": ELSEWHERE})
        return as_its_server_left_it(run)

    def _as_written(self, run_id: str, keep: bool) -> Run | None:
        """As read from disk, or as it was read before where it has not been written since.

        One at a time: reading a long run holds Python's lock for some milliseconds, and several that do so by turns
        would let the event loop come to nothing. keep: for the next time.
        """
        journal = self._journal()
        with self._reading:
            written = journal.written(run_id)
            if written is None:
                return journal.load(run_id)
            known = self._read.get(run_id)
            if known is not None and known[0] == written:
                return known[1]
            run = journal.load(run_id)
            if keep and run is not None:
                self._read[run_id] = (written, run)
                self._read.move_to_end(run_id)
                while len(self._read) > READ_RUNS:
                    self._read.popitem(last=False)
            return run

    async def find_by_prompt(self, prompt_id: str) -> Run | None:
        """The run that a prompt of this server session belongs to; None when it started none."""
        run_id = self.run_id_of(prompt_id)
        return None if run_id is None else await self.find(run_id)

    async def find_begun_by(self, prompt_id: str) -> Run | None:
        """The run that began with this prompt, also before the server was started; None when none did. May read all."""
        with suppress(RunNotFound):
            if (run := await self.find_by_prompt(prompt_id)) is not None:
                return run
        found = await asyncio.to_thread(self.listed, 1, keeps=lambda run: run.first_prompt_id == prompt_id)
        return next(iter(found), None)

    async def wait(self, run_id: str, seconds: float) -> Run:
        """The run as soon as it has ended, or as it stands after so many seconds. Raises as find does."""
        deadline = time.monotonic() + seconds
        run = await self.find(run_id)
        while not run.ended and (left := deadline - time.monotonic()) > 0:
            live = self.get(run_id)
            if live is None:  # on another server
                await asyncio.sleep(min(left, ELSEWHERE_POLL_SECONDS))
            else:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(live.changed.wait(), left)
            run = await self.find(run_id)
        return run

    async def revived(self, run: Run) -> LiveRun:
        """A run of the disk made live again, with its graph and the marks of its pictures. Raises NotNow."""
        return self.add(await asyncio.to_thread(self._read_whole, run))

    def _read_whole(self, run: Run) -> LiveRun:
        journal = self._journal()
        written = journal.written(run.id)
        try:
            graph, extra_pnginfo = journal.load_graph(run.id)
            live = LiveRun(run, graph, apply_recoveries(graph, run.recoveries), extra_pnginfo, written=written)
            live.carried, live.account_lost = CarriedRequest(run.targets), bool(run.paid_nodes)
        except (OSError, ValueError, PatchRefused) as problem:
            raise NotNow(
                "The graph of this run cannot be read, so it cannot go on. Load its best picture on the canvas and "
                "queue that instead."
            ) from problem
        for i in run.comparable:
            mark = journal.load_fingerprint(run.id, i.plan)
            if mark and i.critique.score is not None:
                live.seen.append(KnownPicture(i.number, mark, i.critique))
        return live

    def run_id_of(self, prompt_id: str) -> str | None:
        """Id of the run that a prompt of this server session belongs to, whether it still waits for it or not."""
        return self._run_of_prompt.get(prompt_id)

    def waiting_for(self, prompt_id: str) -> LiveRun | None:
        """The run whose render this prompt is."""
        for live in self._runs.values():
            pending = live.run.pending
            if not live.run.ended and pending is not None and pending.prompt_id == prompt_id:
                return live
        return None

    def clear_parts(self, before: float) -> int:
        """Remove what dead servers left half written in the run folders; how many files. Reads the disk: call it from
        a thread. before: epoch seconds; what was written later may be an action's of this very moment."""
        journal = self._journal()
        dead = [name for name in journal.run_ids() if name not in self._runs and not self._owners.is_elsewhere(name)]
        return clear_parts((journal.folder(name) for name in dead), before)

    def forget_old(self) -> None:
        """Ended runs beyond the last few live on disk alone. What could not be saved stays: there is nowhere else. So
        does what is being continued at this moment."""
        ended = [run_id for run_id, live in self._runs.items() if live.run.ended and live.run.status != "unsaved"]
        for run_id in ended[:-REMEMBERED_RUNS]:
            if run_id not in self._owners.held:
                del self._runs[run_id]
