"""The runs of this server session, and those on disk behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..graph.model import Graph
from .journal import Journal
from .retry import apply_recoveries
from .run import Recovery, Run
from .run_changes import mark_suspended
from .run_context import KnownPicture, Report

REMEMBERED_RUNS = 20
"""Ended runs kept in memory with their graphs."""


class RunNotFound(Exception):
    """No run of that id, live or on disk."""


class NotNow(Exception):
    """The run's state does not allow this. The message says why and what to do."""


@dataclass
class LiveRun:
    """A run that is going on, or ended a short while ago.

    graph: as every render begins: the user's own, with what failed renders made necessary. stop: what the user asked
    for. took: the iteration that the user took as best. ending: the end is being written. client_id: the page that
    follows it, where it is another than the one that queued it. tried: what was changed for the render at hand.
    late: that render was interrupted for taking too long. changed: set, and replaced, at every change of the run.
    """

    run: Run
    graph: Graph
    extra_pnginfo: dict[str, Any] | None
    stop: Literal["", "now", "after"] = ""
    took: int | None = None
    ending: bool = False
    client_id: str = ""
    broken_journal: str = ""
    report: Report | None = None
    reported_at: float = 0.0
    judging_since: float = 0.0
    tried: list[Recovery] = field(default_factory=list)
    late: bool = False
    seen: list[KnownPicture] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def keep(self, run: Run) -> None:
        """Take over what was decided on a copy. The run may have changed meanwhile: revisions only grow."""
        self.run = run.model_copy(update={"revision": max(run.revision, self.run.revision + 1)})


class LiveRuns:
    """By run id. journal: a callable, because the output folder may change while the server runs."""

    def __init__(self, journal: Callable[[], Journal]) -> None:
        self._journal = journal
        self._runs: dict[str, LiveRun] = {}
        self._run_of_prompt: dict[str, str] = {}

    def add(self, live: LiveRun) -> LiveRun:
        """The run from now on; the one that is there already where somebody else was faster."""
        return self._runs.setdefault(live.run.id, live)

    def get(self, run_id: str) -> LiveRun | None:
        return self._runs.get(run_id)

    def remove(self, run_id: str) -> None:
        self._runs.pop(run_id, None)

    def belongs(self, prompt_id: str, run_id: str) -> None:
        """The prompt is one of the run's."""
        self._run_of_prompt[prompt_id] = run_id

    def listed(self, most: int | None = None, before: str = "") -> list[Run]:
        """Runs, newest first: all, or so many at most, older than the run id `before` where it is given.

        Reads the disk: call it from a thread when there may be many.
        """
        live = {run_id: one.run for run_id, one in list(self._runs.items())}
        journal, found = self._journal(), []
        for run_id in sorted({*live, *journal.run_ids()}, reverse=True):
            if most is not None and len(found) >= most:
                break
            if before and run_id >= before:
                continue
            run = live[run_id] if run_id in live else journal.load(run_id)
            if run is not None:
                found.append(run if run_id in live else mark_suspended(run))
        return found

    def find(self, run_id: str) -> Run:
        """A run by its id. Raises RunNotFound, ValueError for what is no run id."""
        if run_id in self._runs:
            return self._runs[run_id].run
        run = self._journal().load(run_id)
        if run is None:
            raise RunNotFound(f"There is no run {run_id}.")
        return mark_suspended(run)

    def find_by_prompt(self, prompt_id: str) -> Run | None:
        """The run that a prompt of this server session belongs to; None when it started none."""
        run_id = self._run_of_prompt.get(prompt_id)
        return None if run_id is None else self.find(run_id)

    async def wait(self, run_id: str, seconds: float) -> Run:
        """The run as soon as it has ended, or as it stands after so many seconds. Raises as find does."""
        deadline = time.monotonic() + seconds
        run = self.find(run_id)
        while not run.ended and (live := self.get(run_id)) is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(live.changed.wait(), left)
            except asyncio.TimeoutError:
                break
            run = live.run
        return self.find(run_id)

    async def revived(self, run: Run) -> LiveRun:
        """A run of the disk made live again, with its graph and the marks of its pictures. Raises NotNow."""
        journal = self._journal()
        try:
            graph, extra_pnginfo = await asyncio.to_thread(journal.load_graph, run.id)
            live = self.add(LiveRun(run, apply_recoveries(graph, run.recoveries), extra_pnginfo))
        except (OSError, ValueError, KeyError) as problem:
            raise NotNow(
                "The graph of this run cannot be read, so it cannot go on. Load its best picture on the canvas and "
                "queue that instead."
            ) from problem
        for i in run.comparable:
            mark = await asyncio.to_thread(journal.load_fingerprint, run.id, i.plan)
            if mark and i.critique.score is not None:
                live.seen.append(KnownPicture(i.number, mark, i.critique))
        return live

    def waiting_for(self, prompt_id: str) -> LiveRun | None:
        """The run whose render this prompt is."""
        for live in self._runs.values():
            pending = live.run.pending
            if not live.run.ended and pending is not None and pending.prompt_id == prompt_id:
                return live
        return None

    def forget_old(self) -> None:
        """Ended runs beyond the last few live on disk alone. What could not be saved stays: there is nowhere else."""
        ended = [run_id for run_id, live in self._runs.items() if live.run.ended and live.run.status != "unsaved"]
        for run_id in ended[:-REMEMBERED_RUNS]:
            del self._runs[run_id]
