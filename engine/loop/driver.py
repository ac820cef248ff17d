"""The driver: the only part with side effects in time. It queues, waits, records, decides and queues again.

Everything here runs on one event loop, the server's. One task drives one run, with one prompt in flight; the file work
goes to threads. State is keyed by prompt id, so runs cannot mix.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from ..graph.local_edit_parts import EditRefused
from ..graph.patch import Patch
from ..graph.render_error import RenderError
from .clip_saving import keep_clip
from .endings import paid_out_stop
from .extending import close_folder
from .journal import Journal
from .live_runs import LiveRun, LiveRuns
from .new_run import new_run
from .outcome import OUR_MISTAKE, STOPPED, end_of_run, record, unsaved_reason
from .plan import Pending, Plan, Recovery
from .plan_submission import plan_graph, plan_submission
from .ports import (
    ClipFiles,
    Events,
    ModelUnloader,
    PromptState,
    Queue,
    Queued,
    SubmissionRejected,
    WordingStore,
)
from .prompt_end import POLL_SECONDS, end_of_prompt
from .refusals import RunIsOver, TakenOver
from .repair_plan import next_step_after, next_step_with_repair, repair_failed_stop
from .repair_rendering import RepairRenders, told_why_unrepaired, without_repairs
from .retry import apply_recoveries, explain_refusal, plan_after_timeout, plan_retry
from .run import Iteration, Run, Stop
from .run_changes import end_fields, user_pick_stop, with_user_pick
from .run_context import KnownPicture, PromptContext, Report, RunContext
from .run_ids import new_run_id
from .run_locks import RunLocks
from .run_owners import ELSEWHERE, RunOwners
from .waiting_wishes import wish_first, without_wish
from .wording_memory import WordingMemory


class Driver:
    """One for the server. journal: a callable, because the output folder may change while the server runs.

    mask_engine: see RepairRenders. clips: None where clips cannot be joined. locks, owners: whoever changes a run has
    its lock, and is on a server that owns it; see UserActions.
    """

    def __init__(
        self,
        queue: Queue,
        journal: Callable[[], Journal],
        events: Events,
        poll: float = POLL_SECONDS,
        wording_store: WordingStore | None = None,
        memory: ModelUnloader | None = None,
        owners: RunOwners | None = None,
        mask_engine: Callable[[], str] = lambda: "auto",
        clips: ClipFiles | None = None,
    ) -> None:
        self._queue, self._journal, self._events, self._poll = queue, journal, events, poll
        self._memory, self._clips = memory, clips
        self.wording_memory = WordingMemory(wording_store)
        self.repairs = RepairRenders(queue, journal, mask_engine)
        self.owners = owners or RunOwners(lambda: journal().root)
        self.locks = RunLocks()
        self.live = LiveRuns(journal, self.owners)

    # What the critic calls.

    async def expect(self, prompt_context: PromptContext) -> None:
        """The graph of this prompt is about to render. A prompt that no run knows starts one of its own.

        Raises RunIsOver for a prompt of a run that waits for it no longer.
        """
        if self._waiting_for(prompt_context.prompt_id) is None:
            self.announce(await self._start(prompt_context))

    async def begin(self, prompt_context: PromptContext) -> RunContext:
        """The critic of this prompt starts judging. Starts runs, and raises, as expect does."""
        live = self._waiting_for(prompt_context.prompt_id)
        if live is None:
            live = await self._start(prompt_context)
        live.judging_since = time.time()
        self.change(live, phase="judging")
        return RunContext(live.run, live.run.pending.plan, tuple(live.seen))

    def report(self, prompt_id: str, report: Report) -> Run | None:
        """Keep the critic's findings until the prompt has ended. The run, or None when it waits no longer."""
        live = self.live.waiting_for(prompt_id)
        if live is None:
            return None
        live.report, live.reported_at = report.writable(), time.monotonic()
        return live.run

    def prompt_state(self, prompt_id: str) -> PromptState:
        return self._queue.state(prompt_id)

    def _waiting_for(self, prompt_id: str) -> LiveRun | None:
        live = self.live.waiting_for(prompt_id)
        if live is None and (run_id := self.live.run_id_of(prompt_id)) is not None:
            raise RunIsOver(
                f"This render belongs to run {run_id}, which no longer waits for it, so it is not judged. "
                "Queue the graph again to start a new run."
            )
        return live

    # Starting.

    async def _start(self, prompt_context: PromptContext) -> LiveRun:
        others = [*self.live.run_ids(), *await asyncio.to_thread(self._journal().run_ids)]
        carried = self._queue.carried(prompt_context.prompt_id)
        run, graph = await asyncio.to_thread(new_run, new_run_id(time.time(), others), prompt_context, carried)
        live = LiveRun(run, graph, graph, prompt_context.extra_pnginfo, carried=carried)
        self.live.add(live)
        self.live.belongs(prompt_context.prompt_id, run.id)
        opened = asyncio.Event()
        live.task = asyncio.ensure_future(self._guarded(live, self._open_and_drive(live, opened)))
        await opened.wait()
        return live

    async def _open_and_drive(self, live: LiveRun, opened: asyncio.Event) -> None:
        """opened: set as soon as the folder is there, or could not be made.

        In the run's own task, because the critic that waits for it may be cut off, and the run must come to its end.
        """
        async with self.locks.driver_step(live.run.id):
            try:
                await asyncio.to_thread(self._open, live)
            except OSError as problem:
                live.broken_journal = unsaved_reason(problem)
            except Exception:
                logging.exception("Imitatoes: the folder of run %s could not be made", live.run.id)
                live.broken_journal = OUR_MISTAKE
        opened.set()
        await self._drive(live)

    def _open(self, live: LiveRun) -> None:
        self._journal().open(live.run, live.queued_graph, live.extra_pnginfo)
        self.owners.claim(live.run.id)

    async def go_on(self, live: LiveRun, run: Run, plan: Plan) -> None:
        """An ended run, as changed by a user action that has its lock, goes on with this plan: written first.

        Raises OSError, TakenOver; then it has not changed.
        """
        live.stop, live.took, live.broken_journal = "", None, ""
        live.tried.clear()
        going = {"status": "running", "reason": "", "stopping": "", "end": None}
        await self._record_pending(live, run.model_copy(update=going), plan)
        live.task = asyncio.ensure_future(self._guarded(live, self._queue_and_drive(live)))

    async def _guarded(self, live: LiveRun, work: Awaitable[None]) -> None:
        """No run may hang in "running" because of a mistake of ours, and none go on that is another server's."""
        try:
            try:
                await work
            except TakenOver:
                raise
            except Exception:
                logging.exception("Imitatoes: run %s ended by an error of the pack itself", live.run.id)
                with suppress(Exception):  # a render that could not be cancelled is told at its critic: RunIsOver
                    await self.cancel_pending(live)
                await self.finish(live, live.run, Stop("failed", OUR_MISTAKE))
        except TakenOver:
            logging.warning("Imitatoes: run %s was taken over by another server", live.run.id)
            with suppress(Exception):
                await self.cancel_pending(live)
            self.live.remove(live.run.id)
            live.run = live.run.changed(time.time(), elsewhere=True, reason=ELSEWHERE)
            self.announce(live)

    # Driving.

    async def _queue_and_drive(self, live: LiveRun) -> None:
        if await self._queue_pending(live):
            await self._drive(live)

    async def _drive(self, live: LiveRun) -> None:
        """Follow the prompt in flight to its end, record it, and go on until a stop."""
        while True:
            state = await end_of_prompt(self._queue, live, self._poll)
            report, live.report = live.report, None
            run, iteration = live.run, None
            if report is None and not live.stop:
                change = await self._recovery(live, state)
                if isinstance(change, Recovery) and run.paid_out:
                    change = paid_out_stop(run)
                if isinstance(change, Recovery):
                    if not await self._try_again(live, change, state):
                        return
                    continue
                if run.pending.plan.repair is not None and state.kind == "error":
                    if not await self._go_on_without_repair(live, state.message, state.error):
                        return
                    continue
                if change is not None:
                    await self.finish(live, run, change)
                    return
            if report is not None:
                live.tried.clear()
                report = await keep_clip(self._journal(), self._queue, run, report)
                run, iteration = await asyncio.to_thread(record, run, report, state.started, live.judging_since)
                run = run.changed(time.time(), pending=None)
                if live.run.checklist is None:
                    run = await self.wording_memory.recalled(run)
                if report.fingerprint and report.critique.score is not None and report.duplicate_of is None:
                    live.seen.append(KnownPicture(iteration.number, report.fingerprint, report.critique))
            problem = live.broken_journal or (report.save_error if report is not None else "")
            step = end_of_run(state, report, live.stop == "now", problem)
            step = step or await asyncio.to_thread(next_step_after, run)
            if live.stop and not isinstance(step, Stop):
                step = Stop("stopped", STOPPED)
            if not await self._carry_out(live, run, step, iteration):
                return

    async def _recovery(self, live: LiveRun, state: PromptState) -> Recovery | Stop | None:
        """What to do about a render that ended without a verdict; None when nothing but ending the run is left."""
        if live.late and state.kind in ("interrupted", "gone"):
            return plan_after_timeout(live.run, live.tried)
        if state.kind != "error" or state.error is None or state.error.kind == "other":
            return None
        known = await self._queue.object_info()
        graph = await plan_graph(self.repairs, live)
        return await asyncio.to_thread(plan_retry, live.run, graph, state.error, live.tried, known)

    async def _try_again(self, live: LiveRun, change: Recovery, state: PromptState) -> bool:
        """The same plan once more, with the change. False when that ended the run."""
        logging.info("Imitatoes: run %s: %s %s", live.run.id, change.error, change.sentence)
        if self._memory is not None and state.error is not None and state.error.kind == "out_of_memory":
            await self._memory.unload()
        live.tried.append(change)
        if live.run.pending.plan.repair is None:
            live.graph = apply_recoveries(live.graph, [change])
        else:  # what a repair needs is of no use to whole pictures
            change = change.model_copy(update={"patch": Patch()})
        run = live.run.model_copy(update={"recoveries": (*live.run.recoveries, change)})
        return await self._carry_out(live, run, live.run.pending.plan, again=True)

    async def _go_on_without_repair(self, live: LiveRun, reason: str, error: RenderError | None = None) -> bool:
        """The pending repair could not be made or rendered: without the detector that failed, else something else is.
        False when that ended the run."""
        plan = live.run.pending.plan
        if await self.repairs.drop_detector(live.run, plan, live.graph, error):
            return await self._carry_out(live, live.run, plan, again=True)
        logging.info("Imitatoes: run %s: no repair: %s", live.run.id, reason)
        live.tried.clear()
        run = without_repairs(live.run, reason)
        if plan.repair.wish and not plan.repair.goes_on:
            step: Plan | Stop = repair_failed_stop(reason)
        else:
            step = await asyncio.to_thread(next_step_with_repair, run)
        return await self._carry_out(live, run, step)

    async def _carry_out(
        self, live: LiveRun, run: Run, step: Plan | Stop, iteration: Iteration | None = None, again: bool = False
    ) -> bool:
        """Journal first, then the page, then the queue. False when that ended the run.

        iteration: the one just recorded in run, not yet on disk. Nobody sees it before it is. again: the render at hand
        once more, before which no wish goes.
        """
        try:
            async with self.locks.driver_step(run.id, "ending" if isinstance(step, Stop) else ""):
                run, iteration = await asyncio.to_thread(live.put_right, run, iteration)
                if not (again or live.stop):
                    step = wish_first(live.joined(run), step)
                if isinstance(step, Stop):
                    await self.end(live, run, step, iteration)
                    return False
                await self._record_pending(live, run, step, iteration)
        except OSError as problem:
            await self.finish(live, run, Stop("unsaved", unsaved_reason(problem)), iteration)
            return False
        return await self._queue_pending(live)

    async def _record_pending(self, live: LiveRun, run: Run, plan: Plan, iteration: Iteration | None = None) -> None:
        """The next render into the journal, then to the page. The caller has the lock. Raises OSError, TakenOver."""
        pending = Pending(prompt_id=str(uuid.uuid4()), plan=plan)
        fields = {"pending": pending, "phase": "rendering", "paid_used": run.paid_used + bool(run.paid_nodes)}
        run = without_wish(live.joined(run), plan).changed(time.time(), **fields)
        await self.write(run, iteration)
        live.keep(run)
        self.live.belongs(pending.prompt_id, run.id)
        self.announce(live)

    async def _queue_pending(self, live: LiveRun) -> bool:
        """The recorded render into the queue. False when that ended the run."""
        pending = live.run.pending
        try:
            asked = await plan_submission(self.repairs, live)
        except (EditRefused, OSError, ValueError) as problem:
            if pending.plan.repair is None:
                raise
            return await self._go_on_without_repair(live, str(problem))
        if live.stop != "now":
            try:
                queued = await self._queue.submit(asked)
                if queued is not None:  # nothing is awaited in between: its critic may ask at any moment
                    pending = self._queued_as(live, queued)
            except SubmissionRejected as problem:
                if pending.plan.repair is not None:
                    return await self._go_on_without_repair(live, str(problem))
                known = await self._queue.object_info() if problem.error is not None else {}
                await self.finish(live, live.run, explain_refusal(asked.graph, problem, known))
                return False
        if live.stop == "now":  # asked for while the prompt was on its way
            await self._queue.cancel(pending.prompt_id)
        return True

    def _queued_as(self, live: LiveRun, queued: Queued) -> Pending:
        """The pending render under the id that the queue gave it, and what is to be told, once."""
        pending = live.run.pending.model_copy(update={"prompt_id": queued.prompt_id})
        self.live.belongs(queued.prompt_id, live.run.id)
        told = {note.what for note in live.run.warnings}
        new = tuple(note for note in queued.notes if note.what not in told)
        if new or pending != live.run.pending:
            self.change(live, pending=pending, warnings=(*live.run.warnings, *new))
        return pending

    # Ending.

    async def finish(self, live: LiveRun, run: Run, stop: Stop, iteration: Iteration | None = None) -> None:
        """End a run that has no lock. Raises TakenOver."""
        async with self.locks.driver_step(run.id, "ending"):
            run, iteration = await asyncio.to_thread(live.put_right, run, iteration)
            await self.end(live, run, stop, iteration)

    async def end(self, live: LiveRun, run: Run, stop: Stop, iteration: Iteration | None = None) -> None:
        """End a run whose lock the caller has: best.png and the contact sheet first, then run.json, then the page.

        iteration: the last one, where it is not yet on disk. Raises TakenOver alone: a run always comes to its end.
        """
        run = live.joined(run)
        if live.took is not None and stop.status != "unsaved":
            run, stop = with_user_pick(run, live.took), user_pick_stop(live.took)
        run = told_why_unrepaired(run, stop)
        ending = run.changed(time.time(), pending=None, end=stop)
        ended = ending.changed(time.time(), **end_fields(stop))
        try:
            if iteration is not None or stop.status != "unsaved":
                await self.write(ending, iteration)
            if stop.status != "unsaved":
                joined, told = await asyncio.to_thread(self.close_folder, ending)
                ended = ended.model_copy(update={"joined": joined, "reason": f"{ended.reason} {told}".strip()})
            await self.write(ended)
        except OSError as problem:
            if stop.status != "unsaved":
                reason = f"{stop.reason} {unsaved_reason(problem)}"
                ended = ended.changed(time.time(), status="unsaved", reason=reason)
        except TakenOver:
            raise
        except Exception:
            logging.exception("Imitatoes: the end of run %s could not be written", run.id)
            ended = ended.changed(time.time(), status="failed", reason=OUR_MISTAKE)
        await self.wording_memory.learn(ended)
        if ended.status != "unsaved":
            await asyncio.to_thread(self.owners.release, run.id)
        live.task, live.written = None, await asyncio.to_thread(self._journal().written, run.id)
        live.keep(ended)
        self.announce(live)
        self.live.forget_old()

    # Small things, also for UserActions.

    def close_folder(self, run: Run) -> tuple[bool, str]:
        """What an ended run leaves behind, see extending.close_folder. Blocks. Raises OSError."""
        return close_folder(self._journal(), self._clips, run)

    async def write(self, run: Run, iteration: Iteration | None = None) -> None:
        """Into the journal. Raises OSError, TakenOver."""
        await asyncio.to_thread(self._write, run, iteration)

    def _write(self, run: Run, iteration: Iteration | None) -> None:
        if not self.owners.is_ours(run.id):
            raise TakenOver(ELSEWHERE)
        self._journal().record(run, iteration)

    def change(self, live: LiveRun, **fields: Any) -> None:
        live.run = live.run.changed(time.time(), **fields)
        self.announce(live)

    def announce(self, live: LiveRun) -> None:
        """Tell the page, and wake whoever waits."""
        woken, live.changed = live.changed, asyncio.Event()
        woken.set()
        self.publish(live.run)

    def publish(self, run: Run) -> None:
        try:
            self._events.publish(run)
        except Exception:  # the page is a guest: whatever goes wrong on the way there must not end a run
            logging.exception("Imitatoes: the page could not be told about run %s", run.id)

    async def cancel_prompt(self, prompt_id: str) -> None:
        """A prompt that has not begun a run yet. Touches no other."""
        await self._queue.cancel(prompt_id)

    async def cancel_pending(self, live: LiveRun) -> None:
        if live.run.pending is not None:
            await self._queue.cancel(live.run.pending.prompt_id)
