"""Working through series: one goal after the other has its run, until all are through or what they share is used.

Runs on the driver's event loop; what blocks goes to threads. Several servers that share an output folder work at one
series together: each takes a goal that nobody has (see run_owners), so none is rendered twice. A goal whose server died
is taken over with its run where that stood.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ...graph.model import Graph
from ...graph.prepare_graph import NotReady, PreparedGraph
from ...graph.run_request import RunRequest
from ...unicode_text import mend_texts
from ..driver import Driver
from ..ports import PromptState, SubmissionRejected
from ..refusals import NotNow, RunNotFound
from ..run import Run, Status
from ..run_ids import new_run_id
from ..start import wait_for_run
from ..user_actions import UserActions
from .series import GoalRecord, Series, SeriesGoal, SeriesLimits, next_time
from .series_steps import SeriesEnd, limits_left, next_goal
from .series_store import SeriesStore
from .series_view import SeriesPresence, SeriesSummary, SeriesView, as_it_stands, series_summary, series_view

CUT_OFF: tuple[Status, ...] = ("suspended", "stopped")
"""Ends of a run after which its goal is taken up again where it was."""
LOOK_SECONDS = 1.0
"""How often a server that is at a series looks whether it is to stop, and whether others have ended theirs."""
JOIN_SECONDS = 10.0
"""How often a server looks for series of others that it could help with."""
LOG = logging.getLogger(__name__)


class SeriesCalls(Protocol):
    """What a series needs of the server."""

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        """The graph of one run. Raises NotReady."""

    async def start(self, graph: Graph, client_id: str, extra_data: Mapping[str, Any], prompt_id: str = "") -> str:
        """Queue it under this id; the prompt id. Raises SubmissionRejected."""

    def is_free(self) -> bool:
        """Whether nothing waits in the queue of this server."""

    def publish(self, view: SeriesView) -> None:
        """Tell the pages how a series stands."""

    async def tell_end(self, view: SeriesView) -> None:
        """Tell whoever wants to know that a series has ended. Never raises."""


@dataclass
class _Companion:
    """What goes with the runs of a series and is kept in memory alone."""

    client_id: str = ""
    extra_data: Mapping[str, Any] = field(default_factory=dict, repr=False)


class SeriesWork:
    """Of one server. look_seconds: see LOOK_SECONDS. Every call raises RunNotFound for no such series, ValueError for
    no series id, OSError where it cannot be written, and NotNow where its state does not allow it."""

    def __init__(
        self,
        driver: Driver,
        actions: UserActions,
        store: SeriesStore,
        calls: SeriesCalls,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._driver, self._actions, self._store, self._calls = driver, actions, store, calls
        self._look = look_seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._companions: dict[str, _Companion] = {}
        self._at_hand: dict[str, str] = {}
        self._left_alone: set[str] = set()
        self._looking: asyncio.Task[None] | None = None

    async def start(self, order: RunRequest, client_id: str, extra_data: Mapping[str, Any]) -> SeriesView:
        """Begin a series. Raises ValueError for goals that cannot be used."""
        now, goals = time.time(), order.goals_asked()
        limits = SeriesLimits(**dict(order.series))
        series_id = new_run_id(now, await asyncio.to_thread(self._store.ids))
        series = Series(
            id=series_id,
            created=now,
            goals=tuple(SeriesGoal(goal=goal, checklist=lines) for goal, lines in mend_texts(goals)),
            limits=limits,
            begun=now,
            deadline=next_time(limits.until, now),
        )
        await asyncio.to_thread(self._store.create, series, order)
        return await self._begin(series, _Companion(client_id, dict(extra_data)))

    async def resume(self, series_id: str, client_id: str, extra_data: Mapping[str, Any]) -> SeriesView:
        """Go on with what is left of a series that ended, or whose server did."""
        view = await self.show(series_id)
        if view.state == "running":
            raise NotNow("The series is going on.")
        if view.ended == view.count:
            raise NotNow("All its goals have had their run. Continue a run, or start a new series.")
        series, now = await asyncio.to_thread(self._store.load, series_id), time.time()
        fields = {"state": "running", "reason": "", "stopping": "", "round": series.round + 1, "begun": now}
        series = series.model_copy(update={**fields, "deadline": next_time(series.limits.until, now)})
        await asyncio.to_thread(self._store.save, series)
        known = self._companions.get(series_id, _Companion())
        return await self._begin(series, _Companion(client_id or known.client_id, dict(extra_data) or known.extra_data))

    async def stop(self, series_id: str, after_this: bool = False) -> SeriesView:
        """Take no further goal, on any server; the run at hand ends now, or after its render, and can be resumed."""
        view = await self.show(series_id)
        if view.state != "running":
            raise NotNow("The series has already ended.")
        series = await asyncio.to_thread(self._store.load, series_id)
        stopping = "after" if after_this and series.stopping != "now" else "now"
        await asyncio.to_thread(self._store.save, series.model_copy(update={"stopping": stopping}))
        if (run_id := self._at_hand.get(series_id)) is not None:
            with suppress(NotNow):
                await self._actions.stop(run_id, after_this)
        if (task := self._tasks.get(series_id)) is not None:
            await asyncio.wait([task], timeout=4 * self._look)
        return await self.show(series_id)

    async def delete(self, series_id: str) -> None:
        """Forget a series that does not go on; its runs stay."""
        if (await self.show(series_id)).state == "running":
            raise NotNow("The series is still going on. Stop it first.")
        await asyncio.to_thread(self._store.delete, series_id)
        self._companions.pop(series_id, None)

    async def show(self, series_id: str) -> SeriesView:
        return await asyncio.to_thread(self._view, series_id)

    def sheet(self, series_id: str) -> Path | None:
        """The contact sheet; None while no goal has a picture. Blocks: call it from a thread."""
        return self._store.sheet(self._store.load(series_id))

    async def listed(self) -> list[SeriesSummary]:
        """All, newest first."""

        def summaries() -> list[SeriesSummary]:
            found = []
            for series_id in self._store.ids():
                with suppress(RunNotFound):
                    series = self._store.load(series_id)
                    found.append(series_summary(series, self._store.records(series), self._presence(series_id)))
            return found

        return await asyncio.to_thread(summaries)

    def look_for_others(self) -> None:
        """From now on help with series that other servers of this output folder are at."""
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._look_for_others())

    async def _look_for_others(self) -> None:
        while True:
            await asyncio.sleep(JOIN_SECONDS)
            try:
                await self.join_others()
            except Exception:
                LOG.exception("Imitatoes: the series of other servers could not be looked at")

    async def join_others(self) -> None:
        """Be at each series that goes on elsewhere and that this server is not at, while its queue is empty."""
        if not self._calls.is_free():
            return

        def going() -> list[Series]:
            found = []
            for series_id in self._store.ids():
                if series_id in self._tasks or series_id in self._left_alone:
                    continue
                with suppress(RunNotFound):
                    series = self._store.load(series_id)
                    if series.ended:
                        self._left_alone.add(series_id)
                    elif not series.stopping and self._presence(series_id).others:
                        found.append(series)
            return found

        for series in await asyncio.to_thread(going):
            await self._begin(series, _Companion())

    def _view(self, series_id: str) -> SeriesView:
        series = self._store.load(series_id)
        return series_view(series, self._store.records(series), self._presence(series_id))

    def _presence(self, series_id: str) -> SeriesPresence:
        others = self._driver.owners.is_elsewhere(self._store.place(series_id))
        return SeriesPresence(here=series_id in self._tasks, others=others)

    async def _begin(self, series: Series, companion: _Companion) -> SeriesView:
        await asyncio.to_thread(self._driver.owners.join, self._store.place(series.id))
        self._left_alone.discard(series.id)
        self._companions[series.id] = companion
        self._tasks[series.id] = asyncio.ensure_future(self._guarded(series.id))
        return await self.show(series.id)

    async def _guarded(self, series_id: str) -> None:
        try:
            end = await self._work(series_id)
        except NotReady as problem:
            end = SeriesEnd("failed", f"The workflow of the series cannot be run here. {problem}")
        except OSError as problem:
            why = problem.strerror or str(problem)
            end = SeriesEnd("failed", f"The folder of the series could not be written ({why}). Resume it when it can.")
        except Exception:
            LOG.exception("Imitatoes: series %s ended by an error of the pack itself", series_id)
            end = SeriesEnd("failed", "An error inside Imitatoes ended the series; the server log has the details.")
        ended = None
        with suppress(RunNotFound):
            ended = await self._ended(series_id, end)
        await asyncio.to_thread(self._driver.owners.part, self._store.place(series_id))
        self._tasks.pop(series_id, None)
        if ended is None:
            return
        view = await self.show(series_id)
        self._calls.publish(view)
        if await asyncio.to_thread(self._store.is_first_to_tell, ended):
            await self._calls.tell_end(view)

    async def _ended(self, series_id: str, end: SeriesEnd) -> Series | None:
        """The series with its end, written down; None where others go on with it."""
        others = await asyncio.to_thread(self._driver.owners.is_elsewhere, self._store.place(series_id))
        if others and end.state == "failed":
            LOG.warning("Imitatoes: this server leaves series %s to others: %s", series_id, end.reason)
            self._left_alone.add(series_id)
            return None
        series = await asyncio.to_thread(self._store.load, series_id)
        ended = series.model_copy(update={"state": end.state, "reason": end.reason})
        try:
            await asyncio.to_thread(self._store.save, ended)
        except OSError as problem:
            LOG.warning("Imitatoes: the end of series %s could not be written: %s", series_id, problem)
        return ended

    async def _work(self, series_id: str) -> SeriesEnd:
        while True:
            step = await asyncio.to_thread(self._next, series_id)
            if isinstance(step, SeriesEnd):
                return step
            if step is None or not await self._with_goal(series_id, step):
                await asyncio.sleep(self._look)

    def _next(self, series_id: str) -> int | SeriesEnd | None:
        series = self._store.load(series_id)
        records = self._store.records(series)
        left = [one.number for one in records if one.state != "ended"]
        owners = self._driver.owners
        elsewhere = {number for number in left if owners.is_elsewhere(self._store.place(series_id, number))}
        return next_goal(series, records, elsewhere, time.time())

    async def _with_goal(self, series_id: str, number: int) -> bool:
        """Take a goal and see its run through; False where another server was faster."""
        owners, place = self._driver.owners, self._store.place(series_id, number)
        try:
            await asyncio.to_thread(owners.claim, place)
        except NotNow:
            return False
        try:
            record = await asyncio.to_thread(self._store.record, series_id, number)
            if record.state != "ended":
                await self._see_through(series_id, record)
        finally:
            await asyncio.to_thread(owners.release, place)
        return True

    async def _see_through(self, series_id: str, record: GoalRecord) -> None:
        """Raises NotReady, OSError."""
        run = await self._run_so_far(record)
        companion = self._companions[series_id]
        if run is None:
            begun = await self._begun(series_id, record, companion)
            if isinstance(begun, GoalRecord):
                await self._keep(series_id, begun)
                return
            record, run = begun
        elif run.status in CUT_OFF:
            try:
                run = await self._actions.resume(run.id, companion.client_id, companion.extra_data, cut_off=CUT_OFF)
            except NotNow as problem:
                failed = {"state": "ended", "status": "failed", "reason": str(problem), "ended_at": time.time()}
                await self._keep(series_id, as_it_stands(record, run).model_copy(update=failed))
                return
        record = record.model_copy(update={"run_id": run.id, "state": "running"})
        await self._keep(series_id, record)
        run = await self._until_its_end(series_id, run)
        series = await asyncio.to_thread(self._store.load, series_id)
        # What was stopped with the series goes on with it.
        over = run.status != "stopped" or not (series.stopping or _is_late(series))
        await self._keep(series_id, as_it_stands(record, run, time.time() if over else 0.0))

    async def _run_so_far(self, record: GoalRecord) -> Run | None:
        """The run that a server began for this goal before it died; None where there is none."""
        if record.run_id:
            with suppress(RunNotFound):
                return await self._driver.live.find(record.run_id)
        return await self._driver.live.find_begun_by(record.prompt_id) if record.prompt_id else None

    async def _begun(
        self, series_id: str, record: GoalRecord, companion: _Companion
    ) -> tuple[GoalRecord, Run] | GoalRecord:
        """Queue the goal's first render, and wait for its run; the record of its end where none begins."""
        ready = await self._calls.prepare_graph(await asyncio.to_thread(self._order, series_id, record.number))
        if ready.rejected:
            raise NotReady(ready.rejected[0], ready.findings)
        record = record.model_copy(update={"prompt_id": str(uuid.uuid4()), "state": "running"})
        await self._keep(series_id, record)
        try:
            queued = await self._calls.start(ready.graph, companion.client_id, companion.extra_data, record.prompt_id)
        except SubmissionRejected as problem:
            return _failed(record, str(problem))
        if queued != record.prompt_id:
            record = record.model_copy(update={"prompt_id": queued})
            await self._keep(series_id, record)
        while True:
            found = await wait_for_run(self._driver, queued, self._look)
            if isinstance(found, Run):
                return record, found
            if found.ended:
                return _failed(record, found.message or _ENDED[found.kind], found)
            if (await asyncio.to_thread(self._store.load, series_id)).stopping:
                await self._driver.cancel_prompt(queued)

    async def _until_its_end(self, series_id: str, run: Run) -> Run:
        self._at_hand[series_id] = run.id
        try:
            return await self._followed(series_id, run)
        finally:
            del self._at_hand[series_id]

    async def _followed(self, series_id: str, run: Run) -> Run:
        while not run.ended:
            run = await self._driver.live.wait(run.id, self._look)
            if run.ended:
                break
            series = await asyncio.to_thread(self._store.load, series_id)
            wanted = series.stopping or ("after" if _is_late(series) else "")
            if wanted and run.stopping not in ("now", wanted):
                with suppress(NotNow):
                    await self._actions.stop(run.id, after_this=wanted == "after")
        return run

    def _order(self, series_id: str, number: int) -> RunRequest:
        """What one run is asked for with. Raises OSError, ValueError."""
        series, order = self._store.load(series_id), self._store.request(series_id)
        asked = series.goals[number - 1]
        settings = order.settings
        if settings.prompt is None:  # that of the workflow is about something else
            settings = settings.model_copy(update={"prompt": ""})
        limits = limits_left(series, self._store.records(series), order.limits, time.time())
        fields = {"goal": asked.goal, "checklist": list(asked.checklist), "settings": settings, "limits": limits}
        return order.model_copy(update={**fields, "goals": [], "checklists": []})

    async def _keep(self, series_id: str, record: GoalRecord) -> None:
        await asyncio.to_thread(self._store.keep, series_id, record)
        self._calls.publish(await self.show(series_id))


def _is_late(series: Series) -> bool:
    return 0 < series.deadline <= time.time()


_ENDED = {
    "success": "The workflow ran without beginning a run: its VLM Critique was not executed.",
    "interrupted": "ComfyUI's Interrupt ended its first render.",
    "gone": "Its first render was removed from the queue.",
    "error": "Its first render failed.",
}


def _failed(record: GoalRecord, reason: str, state: PromptState | None = None) -> GoalRecord:
    """The record of a goal for which no run began."""
    status = {"interrupted": "interrupted", "gone": "deleted"}.get(state.kind, "") if state is not None else ""
    fields = {"state": "ended", "status": status, "reason": reason, "ended_at": time.time()}
    return record.model_copy(update=fields)
