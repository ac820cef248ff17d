"""What users do to runs: stop, take, judge, follow, continue, resume, delete. One at a time for a run (see RunLocks),
and only on the server that owns it. What is answered is on disk by then, so that a killed server does not forget it.

Runs on the driver's event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ..graph.local_edit_parts import EditRefused
from ..judge.judge import Judge
from ..unicode_text import mend_text, mend_texts
from .corrections import as_judged_now, correct_judge, edit_checklist, what_differs
from .driver import Driver
from .endings import paid_out_stop
from .journal import Journal
from .later_verdict import judge_later
from .live_runs import LiveRun
from .next_plan import next_loop
from .plan import Plan
from .policy import continued_plan, first_plan
from .ports import CarriedRequest
from .refusals import NotNow
from .repair_plan import next_step_with_repair
from .run import Iteration, Run, Status, Stop
from .run_changes import add_instruction, with_user_pick
from .run_owners import ELSEWHERE
from .waiting_wishes import wish_first, wish_place, with_wish
from .wished_repair import WishedRegion, plan_wish

ENDED = "The run has already ended."
GOING_ON = "The run is still going on. Stop it first, or wait for its end."


class UserActions:
    """Every action raises RunNotFound; ValueError for what is no run id; NotNow where the state of the run, another
    action or another server does not allow it; OSError where it cannot be written, and then nothing has changed."""

    def __init__(self, driver: Driver, journal: Callable[[], Journal]) -> None:
        self._driver, self._journal = driver, journal
        self._mended: set[tuple[str, int | None]] = set()

    async def read(self, run_id: str) -> Run:
        """A run as it is to be shown. What an ended one lacks of best.png and contact sheet, because its server died
        or its disk was full, is made when it is read first. Never refuses, and raises no OSError."""
        run, journal = await self._driver.live.find(run_id), self._journal()
        state = (run_id, journal.written(run_id))
        if not run.ended or not run.iterations or run.status == "unsaved" or state in self._mended:
            return run
        if self._driver.locks.is_held(run_id):  # an action may take a minute; the next reader comes
            return run
        async with self._driver.locks.driver_step(run_id):
            run = await self._driver.live.find(run_id)
            if run.ended:
                try:
                    await asyncio.to_thread(self._mend, run)
                except OSError as problem:
                    logging.warning("Imitatoes: best.png of run %s could not be made: %s", run_id, problem)
                self._mended.add(state)
        return run

    async def stop(self, run_id: str, after_this: bool = False) -> Run:
        """Stop the run now, or after the iteration at hand."""
        async with self._driver.locks.user_action(run_id, "being stopped"):
            live = await self._going_on(run_id)
            live.stop = "now" if live.stop == "now" or not after_this else "after"
            try:
                await self._driver.write(live.run.changed(time.time(), stopping=live.stop))
            except OSError as problem:  # a full disk is no reason to go on
                logging.warning("Imitatoes: that run %s stops could not be written: %s", run_id, problem)
            return await self._stopping(live)

    async def take(self, run_id: str, number: int) -> Run:
        """The user takes an iteration as the best; a run that is going on stops with it.

        Raises ValueError for an iteration that cannot be taken.
        """
        async with self._driver.locks.user_action(run_id, "being changed"):
            run = await self._driver.live.find(run_id)
            if run.ended:
                return await self._take_of_ended(run_id, number)
            live = await self._going_on(run_id)
            taken = with_user_pick(live.run, number).taken
            await self._driver.write(live.run.changed(time.time(), taken=taken, stopping="now"))
            live.stop, live.took = "now", number
            return await self._stopping(live, taken=taken)

    async def judge(self, run_id: str, number: int, judge: Judge) -> Run:
        """Have a picture of an ended run judged that no judge has looked at.

        Raises ValueError for an iteration that cannot be judged, NotNow also where the judge gives no verdict.
        """
        async with self._driver.locks.user_action(run_id, "being judged"), self._owned(run_id):
            run = await self._ended(run_id)
            run = mend_texts(await judge_later(judge, self._journal(), run, number)).changed(time.time())
            return await self._amend(run, run.iterations[number - 1])

    async def correct(self, run_id: str, number: int, requirement: str, met: bool | None) -> Run:
        """The user says whether a picture meets a requirement, against the judge; None takes that back.

        Raises ValueError for what cannot be corrected.
        """
        return await self._put_right(run_id, lambda run: correct_judge(run, number, requirement, met))

    async def edit_checklist(self, run_id: str, lines: Sequence[str]) -> Run:
        """What the run's pictures are judged by from now on, one requirement a line. Raises ValueError."""
        return await self._put_right(run_id, lambda run: edit_checklist(run, lines))

    async def _put_right(self, run_id: str, change: Callable[[Run], Run]) -> Run:
        """A change of what is known about a run's pictures, while it goes on too."""
        async with self._driver.locks.user_action(run_id, "being changed"):
            run = await self._driver.live.find(run_id)
            if run.ended:
                async with self._owned(run_id):
                    before = await self._ended(run_id)
                    after = await asyncio.to_thread(change, before)
                    return await self._amend_all(before, mend_texts(after).changed(time.time()))
            live = await self._going_on(run_id)
            before = live.run
            after = mend_texts(await asyncio.to_thread(change, before)).changed(time.time())
            await self._write_all(before, after)
            self._driver.change(live, **what_differs(before, after))
            live.seen = as_judged_now(live.seen, before, after)
            return live.run

    async def star(self, run_id: str, starred: bool) -> Run:
        """The user wants to find the ended run again, or no longer."""
        async with self._driver.locks.user_action(run_id, "being changed"), self._owned(run_id):
            run = await self._ended(run_id)
            return await self._amend(run.changed(time.time(), starred=starred))

    async def attach(self, run_id: str, client_id: str) -> Run:
        """A page follows the run: ComfyUI's own progress goes to it from the next render on."""
        async with self._driver.locks.user_action(run_id, "being followed by another page"):
            live = await self._going_on(run_id)
            live.client_id = mend_text(client_id)
            return live.run

    async def delete(self, run_id: str) -> None:
        """Delete an ended run and its folder."""
        async with self._driver.locks.user_action(run_id, "being deleted"):
            run = await self._driver.live.find(run_id)
            if not run.ended:
                raise NotNow(ELSEWHERE if run.elsewhere else "The run is still going on. Stop it first.")
            journal = self._journal()
            if journal.folder(run_id).is_symlink() or not journal.folder(run_id).is_dir():
                await asyncio.to_thread(journal.delete, run_id)
            else:
                async with self._owned(run_id):
                    await asyncio.to_thread(journal.delete, run_id)
            self._driver.live.remove(run_id)

    async def continue_run(
        self, run_id: str, instruction: str = "", client_id: str = "", extra_data: Mapping[str, Any] | None = None
    ) -> Run:
        """Go on with an ended run for as many renders as it first had, with a further instruction or without.

        extra_data: what goes with its renders, where that of the first one is no longer in memory.
        """
        instruction = mend_text(instruction)
        reviving = self._revived(run_id, client_id, extra_data)
        async with self._driver.locks.user_action(run_id, "being continued"), reviving as live:
            run = live.run
            if run.status == "suspended" and not instruction:
                return await self._resubmit(live)
            count = len(run.iterations)
            fields: dict[str, Any] = {
                "renders_granted": count + run.renders_to_grant,
                "continued_after": count,
                "paid_used": 0,
            }
            if instruction:
                fields["start"] = add_instruction(run.start, instruction)
                fields["instructions"] = (*run.instructions, instruction)
                fields["fresh_from"] = count + 1
                fields["checklist"] = None
                fields["remembered"] = fields["past_wordings"] = {}
            run = run.model_copy(update=fields)
            whole = run.model_copy(update={"can_edit_locally": False})  # a loop begins with a whole picture
            plan = await asyncio.to_thread(continued_plan, whole, instruction)
            if not instruction:
                plan = wish_first(run, plan)
            if isinstance(plan, Stop):
                raise NotNow(plan.reason)
            _refuse_without_account(live)
            seen = [] if instruction else live.seen  # judged against the old goal
            await self._driver.go_on(live, run, plan)
            live.seen = seen
            return live.run

    async def repair(
        self,
        run_id: str,
        number: int,
        wish: str,
        region: WishedRegion,
        judge: Judge | None,
        client_id: str = "",
        extra_data: Mapping[str, Any] | None = None,
    ) -> Run:
        """Paint one region of a picture anew, as the user wishes. The result is an iteration like any.

        Of an ended run at once, and judge is asked what belongs there; of a run that goes on it is the next render, and
        that run's own judge is asked when it has looked at the present picture. extra_data: as of continue_run. Raises
        ValueError for a picture or region that cannot be taken, NotNow also where the graph cannot be repaired.
        """
        wish = mend_text(wish)
        async with self._driver.locks.user_action(run_id, "being repaired"):
            if not (await self._driver.live.find(run_id)).ended:
                return await self._wait_for_repair(await self._going_on(run_id), number, wish, region)
            async with self._revived(run_id, client_id, extra_data) as live:
                run = live.run
                plan = await self._repair_plan(live, number, wish, region, judge, (next_loop(run), 1))
                granted = max(run.renders_allowed, len(run.iterations) + 1)
                await self._driver.go_on(live, run.model_copy(update={"renders_granted": granted}), plan)
                return live.run

    async def _wait_for_repair(self, live: LiveRun, number: int, wish: str, region: WishedRegion) -> Run:
        """A wish about a run that goes on: written before it is answered."""
        if live.stop:
            raise NotNow("The run is about to stop. Repair the picture once it has.")
        plan = await self._repair_plan(live, number, wish, region, None, wish_place(live.run))
        run = with_wish(live.run, plan)
        await self._driver.write(run.changed(time.time()))
        self._driver.change(live, wishes=run.wishes, renders_granted=run.renders_granted)
        return live.run

    async def _repair_plan(
        self,
        live: LiveRun,
        number: int,
        wish: str,
        region: WishedRegion,
        judge: Judge | None,
        place: tuple[int, int],
    ) -> Plan:
        """Raises ValueError, NotNow, OSError."""
        run = live.run
        if run.paid_out:
            raise NotNow(paid_out_stop(run).reason)
        plan = await plan_wish(self._journal(), run, number, wish, region, judge, place)
        try:
            await self._driver.repairs.graph(run, plan, live.graph)
        except EditRefused as problem:
            raise NotNow(f"This picture cannot be repaired in place. {problem}") from problem
        return plan

    async def resume(
        self,
        run_id: str,
        client_id: str = "",
        extra_data: Mapping[str, Any] | None = None,
        cut_off: Collection[Status] = ("suspended",),
    ) -> Run:
        """Go on with a run that a server stop cut off, with the render that was lost.

        extra_data: as of continue_run. cut_off: ends that count as being cut off: its limits stay as they were.
        """
        async with self._driver.locks.user_action(run_id, "being resumed"):
            run = await self._driver.live.find(run_id)
            if run.ended and run.status not in cut_off:
                raise NotNow("Only a run that was cut off by a server stop can be resumed. Use continue instead.")
            async with self._revived(run_id, client_id, extra_data) as live:
                return await self._resubmit(live)

    async def _going_on(self, run_id: str) -> LiveRun:
        """A run of this server that has not ended."""
        live = self._driver.live.get(run_id)
        if live is None or live.run.ended:
            raise NotNow(ELSEWHERE if (await self._driver.live.find(run_id)).elsewhere else ENDED)
        return live

    async def _stopping(self, live: LiveRun, **fields: Any) -> Run:
        self._driver.change(live, stopping=live.stop, **fields)
        if live.stop == "now":
            await self._driver.cancel_pending(live)
        return live.run

    async def _take_of_ended(self, run_id: str, number: int) -> Run:
        async with self._owned(run_id):
            run = await self._ended(run_id)
            return await self._amend(with_user_pick(run, number).changed(time.time()))

    async def _ended(self, run_id: str) -> Run:
        """An ended run. Raises NotNow for one that is going on or cannot be read."""
        run = await self._driver.live.find(run_id)
        if not run.ended:
            raise NotNow(ELSEWHERE if run.elsewhere else GOING_ON)
        if run.status == "unreadable":
            raise NotNow(run.reason)
        return run

    async def _amend(self, run: Run, iteration: Iteration | None = None) -> Run:
        """Write an ended run that was changed, and tell the pages. iteration: the one that differs."""
        journal = self._journal()
        await self._driver.write(run, iteration)
        live = self._driver.live.get(run.id)
        if live is not None:
            live.run, live.written = run, journal.written(run.id)
        try:
            joined, _ = await asyncio.to_thread(self._driver.close_folder, run)
            if joined != run.joined:
                run = run.changed(time.time(), joined=joined)
                await self._driver.write(run)
                if live is not None:
                    live.run, live.written = run, journal.written(run.id)
        except OSError as problem:  # made again when the run is read next
            logging.warning("Imitatoes: best.png of run %s could not be written: %s", run.id, problem)
        self._driver.publish(run)
        return run

    def _mend(self, run: Run) -> None:
        if not self._journal().is_closed(run):
            self._driver.close_folder(run)

    async def _amend_all(self, before: Run, run: Run) -> Run:
        """As _amend, with every iteration that differs."""
        await self._write_all(before, run)
        return await self._amend(run)

    async def _write_all(self, before: Run, run: Run) -> None:
        differing = [i for i, old in zip(run.iterations, before.iterations, strict=False) if i is not old and i != old]
        for iteration in differing or [None]:
            await self._driver.write(run, iteration)

    async def _resubmit(self, live: LiveRun) -> Run:
        run = live.run
        if run.paid_out:
            await self._driver.end(live, run, paid_out_stop(run))
            return live.run
        if run.pending is not None:
            plan = run.pending.plan
        else:
            step = await asyncio.to_thread(next_step_with_repair, run) if run.iterations else first_plan(run)
            plan = wish_first(run, step)
        if isinstance(plan, Stop):
            await self._driver.end(live, run, plan)
        else:
            _refuse_without_account(live)
            await self._driver.go_on(live, run, plan)
        return live.run

    @asynccontextmanager
    async def _revived(
        self, run_id: str, client_id: str, extra_data: Mapping[str, Any] | None
    ) -> AsyncIterator[LiveRun]:
        """An ended run that is ours from now on, its graph and fingerprints read from disk where they are not in
        memory, its folder made anew where that is lost."""
        run = await self._ended(run_id)
        live = self._driver.live.get(run_id)
        if live is not None and run.status == "unsaved":
            await asyncio.to_thread(self._journal().restore, run, live.queued_graph, live.extra_pnginfo)
        async with self._owned(run_id, keep=True):
            run = await self._driver.live.find(run_id)  # another server may have been faster
            live = self._driver.live.get(run_id) or await self._driver.live.revived(run)
            if not live.run.ended:
                raise NotNow(GOING_ON)
            if client_id:
                live.client_id = mend_text(client_id)
            if extra_data:
                extra = {name: value for name, value in extra_data.items() if name != "extra_pnginfo"}
                live.carried, live.account_lost = CarriedRequest(live.run.targets, extra), False
            yield live

    @asynccontextmanager
    async def _owned(self, run_id: str, keep: bool = False) -> AsyncIterator[None]:
        """Ours for the time of an action. keep: and afterwards, unless the action fails. What was ours before stays."""
        owners = self._driver.owners
        await self._driver.live.find(run_id)  # it may have been deleted while this action waited for its turn
        new = await asyncio.to_thread(owners.claim, run_id)
        try:
            yield
        except BaseException:
            keep = False
            raise
        finally:
            if new and not keep:
                await asyncio.to_thread(owners.release, run_id)


def _refuse_without_account(live: LiveRun) -> None:
    """Raises NotNow where the next render would fail at a node that costs money."""
    if live.account_lost:
        nodes = ", ".join(live.run.paid_nodes)
        raise NotNow(
            f"The run pays for {nodes} with the account that queued it. That was kept in memory only, and is gone "
            "since the server was restarted. Load the best picture on the canvas and queue it: a new run begins there. "
            "A script can send extra_data with the request instead."
        )
