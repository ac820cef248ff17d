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
from typing import Any

from ..graph import ui_workflow
from ..graph.family import family_of
from ..graph.loop_nodes import Graph, clean_copy, with_settings
from ..settings import Settings
from .journal import Journal
from .live_runs import LiveRun, LiveRuns, NotNow
from .outcome import OUR_MISTAKE, STOPPED, end_of_run, iteration_of, unsaved_reason, with_iteration
from .policy import continued_plan, first_plan, next_step
from .ports import Events, ModelUnloader, PromptState, Queue, Submission, SubmissionRejected, WordingStore
from .retry import apply_recoveries, explain_refusal, plan_after_timeout, plan_retry
from .run import Iteration, Pending, Plan, Recovery, Run, Stop
from .run_changes import add_instruction, user_pick_stop, with_user_pick
from .run_context import KnownPicture, PromptContext, Report, RunContext
from .wording_memory import WordingMemory

POLL_SECONDS = 0.005
"""How often a waiting run looks for the end of its prompt. Costs about 10 microseconds each time."""
NEAR_END_POLL_SECONDS = 0.001
NEAR_END_SECONDS = 0.1
"""So long after the critic's report the end of the prompt is expected at any moment, and looked for more often."""


class Driver:
    """One for the server. journal: a callable, because the output folder may change while the server runs."""

    def __init__(
        self,
        queue: Queue,
        journal: Callable[[], Journal],
        events: Events,
        poll: float = POLL_SECONDS,
        wording_store: WordingStore | None = None,
        memory: ModelUnloader | None = None,
    ) -> None:
        self._queue, self._journal, self._events, self._poll = queue, journal, events, poll
        self._memory = memory
        self._wording_memory = WordingMemory(wording_store)
        self.live = LiveRuns(journal)

    # What the critic calls.

    async def expect(self, prompt_context: PromptContext) -> None:
        """The graph of this prompt is about to render. A prompt that no run waits for starts a run of its own."""
        if self.live.waiting_for(prompt_context.prompt_id) is None:
            self._announce(await self._start(prompt_context))

    async def begin(self, prompt_context: PromptContext) -> RunContext:
        """The critic of this prompt starts judging. A prompt that no run waits for starts a run of its own."""
        live = self.live.waiting_for(prompt_context.prompt_id)
        if live is None:
            live = await self._start(prompt_context)
        live.judging_since = time.time()
        self._change(live, phase="judging")
        plan = live.run.pending.plan
        return RunContext(live.run, plan, tuple(live.seen))

    def report(self, prompt_id: str, report: Report) -> Run | None:
        """Keep the critic's findings until the prompt has ended. The run, or None when it waits no longer."""
        live = self.live.waiting_for(prompt_id)
        if live is None:
            return None
        live.report, live.reported_at = report, time.monotonic()
        return live.run

    # What the routes call.

    def prompt_state(self, prompt_id: str) -> PromptState:
        return self._queue.state(prompt_id)

    async def stop(self, run_id: str, after_this: bool = False) -> Run:
        """Stop the run now, or after the iteration at hand. Raises as find does, NotNow when it has ended."""
        live = self.live.get(run_id)
        if live is None or live.run.ended:
            self.live.find(run_id)
            raise NotNow("The run has already ended.")
        live.stop = "now" if live.stop == "now" or not after_this else "after"
        self._change(live, stopping=live.stop)
        if live.stop == "now" and live.run.pending is not None:
            await self._queue.cancel(live.run.pending.prompt_id)
        return live.run

    async def take(self, run_id: str, number: int) -> Run:
        """The user takes an iteration as the best; a run that is going on stops with it.

        Raises as find does, ValueError for an iteration that cannot be taken, OSError when it cannot be recorded.
        """
        live = self.live.get(run_id)
        if live is None or live.run.ended:
            run = with_user_pick(self.live.find(run_id), number).changed(time.time())
            journal = self._journal()
            await asyncio.to_thread(journal.record, run, None)
            await asyncio.to_thread(journal.close, run)
            if live is not None:
                live.run = run
            self._publish(run)
            return run
        with_user_pick(live.run, number)
        if live.ending:
            raise NotNow("The run is ending at this moment. Try again.")
        live.took = number
        return await self.stop(run_id)

    def attach(self, run_id: str, client_id: str) -> Run:
        """A page follows the run: ComfyUI's own progress goes to it from the next render on. Raises as stop does."""
        live = self.live.get(run_id)
        if live is None or live.run.ended:
            self.live.find(run_id)
            raise NotNow("The run has already ended.")
        live.client_id = client_id
        return live.run

    async def delete(self, run_id: str) -> None:
        """Delete a run and its folder. Raises as find does, NotNow while it is going on, OSError."""
        run = self.live.find(run_id)
        if not run.ended:
            raise NotNow("The run is still going on. Stop it first.")
        self.live.remove(run_id)
        await asyncio.to_thread(self._journal().delete, run_id)

    async def continue_run(self, run_id: str, instruction: str = "", client_id: str = "") -> Run:
        """Go on with an ended run for as many loops as it first had, with a further instruction or without.

        Raises as find does, NotNow while the run is going on or when its graph is lost, OSError when the journal cannot
        be written.
        """
        live = await self._revive(run_id, client_id)
        run = live.run
        if run.status == "suspended" and not instruction:
            return await self._resubmit(live)
        count = len(run.iterations)
        fields: dict[str, Any] = {
            "extra_loops": run.extra_loops + run.start.limits.max_loops,
            "continued_after": count,
        }
        if instruction:
            fields["start"] = add_instruction(run.start, instruction)
            fields["instructions"] = (*run.instructions, instruction)
            fields["fresh_from"] = count + 1
            fields["checklist"] = None
            fields["remembered"] = {}
            live.seen.clear()  # judged against the old goal
        plan = continued_plan(run.model_copy(update=fields), instruction)
        if isinstance(plan, Stop):
            raise NotNow(plan.reason)
        live.stop, live.took = "", None
        live.tried.clear()
        self._change(live, **fields, status="running", reason="", stopping="")
        self._spawn(live, self._submit_and_drive(live, plan))
        return live.run

    async def resume(self, run_id: str, client_id: str = "") -> Run:
        """Go on with a run that a server stop cut off, with the render that was lost. Raises as continue_run does."""
        if self.live.find(run_id).status != "suspended":
            raise NotNow("Only a run that was cut off by a server stop can be resumed. Use continue instead.")
        return await self._resubmit(await self._revive(run_id, client_id))

    # Starting.

    async def _start(self, prompt_context: PromptContext) -> LiveRun:
        now = time.time()
        graph = clean_copy(prompt_context.graph)
        extra_pnginfo = dict(prompt_context.extra_pnginfo) if prompt_context.extra_pnginfo else None
        run = Run(
            id=_run_id(now),
            created=now,
            updated=now,
            start=prompt_context.handle,
            first_prompt_id=prompt_context.prompt_id,
            family=family_of(graph),
            loop_node=prompt_context.loop_node,
            critic_node=prompt_context.critic_node,
            client_id=prompt_context.client_id,
            workflow_id=str(((extra_pnginfo or {}).get("workflow") or {}).get("id") or ""),
            warnings=prompt_context.warnings,
        )
        run = run.model_copy(update={"pending": Pending(prompt_id=prompt_context.prompt_id, plan=first_plan(run))})
        live = LiveRun(run, graph, extra_pnginfo)
        self.live.add(live)
        self.live.belongs(prompt_context.prompt_id, run.id)
        try:
            await asyncio.to_thread(self._journal().open, run, graph, extra_pnginfo)
        except OSError as problem:
            live.broken_journal = unsaved_reason(problem)
        self._spawn(live, self._drive(live))
        return live

    async def _revive(self, run_id: str, client_id: str) -> LiveRun:
        """An ended run made live again, its graph and fingerprints read back from disk where they are not in memory."""
        run = self.live.find(run_id)
        if not run.ended:
            raise NotNow("The run is still going on. Stop it first, or wait for its end.")
        live = self.live.get(run_id) or await self.live.revived(run)
        if not live.run.ended:  # somebody else was faster
            raise NotNow("The run is already going on.")
        if client_id:
            live.client_id = client_id
            live.run = live.run.model_copy(update={"client_id": client_id})
        return live

    async def _resubmit(self, live: LiveRun) -> Run:
        pending = live.run.pending
        plan = (
            pending.plan
            if pending is not None
            else next_step(live.run)
            if live.run.iterations
            else first_plan(live.run)
        )
        if isinstance(plan, Stop):
            await self._finish(live, live.run, plan)
            return live.run
        live.stop, live.took = "", None
        self._change(live, status="running", reason="", stopping="")
        self._spawn(live, self._submit_and_drive(live, plan))
        return live.run

    def _spawn(self, live: LiveRun, work: Awaitable[None]) -> None:
        live.task = asyncio.ensure_future(self._guarded(live, work))

    async def _guarded(self, live: LiveRun, work: Awaitable[None]) -> None:
        """No run may hang in "running" because of a mistake of ours."""
        try:
            await work
        except Exception:
            logging.exception("Imitatoes: run %s ended by an error of the pack itself", live.run.id)
            await self._finish(live, live.run, Stop("failed", OUR_MISTAKE))

    # Driving.

    async def _submit_and_drive(self, live: LiveRun, plan: Plan) -> None:
        if await self._submit(live, live.run, plan):
            await self._drive(live)

    async def _drive(self, live: LiveRun) -> None:
        """Follow the prompt in flight to its end, record it, and go on until a stop."""
        while True:
            state = await self._end_of_prompt(live)
            report, live.report = live.report, None
            run, iteration = live.run, None
            if report is None and not live.stop:
                change = await self._recovery(live, state)
                if isinstance(change, Recovery):
                    if not await self._try_again(live, change, state):
                        return
                    continue
                if change is not None:
                    await self._finish(live, run, change)
                    return
            if report is not None:
                live.tried.clear()
                iteration = iteration_of(run, report, state.started, live.judging_since)
                run = with_iteration(run, report, iteration).changed(time.time(), pending=None)
                if live.run.checklist is None:
                    run = await self._wording_memory.recalled(run)
                if report.fingerprint and report.critique.score is not None and report.duplicate_of is None:
                    live.seen.append(KnownPicture(iteration.number, report.fingerprint, report.critique))
            problem = live.broken_journal or (report.save_error if report is not None else "")
            step = end_of_run(state, report, live.stop == "now", problem) or next_step(run)
            if live.stop and not isinstance(step, Stop):
                step = Stop("stopped", STOPPED)
            if isinstance(step, Stop):
                await self._finish(live, run, step, iteration)
                return
            if not await self._submit(live, run, step, iteration):
                return

    async def _end_of_prompt(self, live: LiveRun) -> PromptState:
        prompt_id = live.run.pending.prompt_id
        limit, rendering_since = 60 * live.run.start.limits.render_minutes, None
        live.late = False
        while True:
            state = self._queue.state(prompt_id)
            if state.ended:
                return state
            if state.kind == "running" and live.run.phase == "rendering":
                rendering_since = rendering_since or time.monotonic()
                if limit and not live.late and time.monotonic() - rendering_since > limit:
                    live.late = True
                    await self._queue.cancel(prompt_id)
            near = live.report is not None and time.monotonic() - live.reported_at < NEAR_END_SECONDS
            await asyncio.sleep(NEAR_END_POLL_SECONDS if near else self._poll)

    async def _recovery(self, live: LiveRun, state: PromptState) -> Recovery | Stop | None:
        """What to do about a render that ended without a verdict; None when nothing but ending the run is left."""
        if live.late and state.kind in ("interrupted", "gone"):
            return plan_after_timeout(live.run, live.tried)
        if state.kind != "error" or state.error is None or state.error.kind == "other":
            return None
        known = await self._queue.object_info()
        graph = self._settled(live, live.run, live.run.pending.plan)
        return await asyncio.to_thread(plan_retry, live.run, graph, state.error, live.tried, known)

    async def _try_again(self, live: LiveRun, change: Recovery, state: PromptState) -> bool:
        """The same plan once more, with the change. False when that ended the run."""
        logging.info("Imitatoes: run %s: %s %s", live.run.id, change.error, change.sentence)
        if self._memory is not None and state.error is not None and state.error.kind == "out_of_memory":
            await self._memory.unload()
        live.tried.append(change)
        live.graph = apply_recoveries(live.graph, [change])
        run = live.run.model_copy(update={"recoveries": (*live.run.recoveries, change)})
        return await self._submit(live, run, live.run.pending.plan)

    def _settled(self, live: LiveRun, run: Run, plan: Plan) -> Graph:
        """The graph that renders this plan."""
        return with_settings(live.graph, *_shown(run, plan))

    async def _submit(self, live: LiveRun, run: Run, plan: Plan, iteration: Iteration | None = None) -> bool:
        """Journal first, then the page, then the queue. False when that ended the run.

        iteration: the one just recorded in run, not yet on disk. Nobody sees it before it is.
        """
        pending = Pending(prompt_id=str(uuid.uuid4()), plan=plan)
        run = run.changed(time.time(), pending=pending, phase="rendering")
        graph = self._settled(live, run, plan)
        extra_pnginfo = ui_workflow.in_extra_pnginfo(live.extra_pnginfo, *_shown(run, plan))
        try:
            await asyncio.to_thread(self._journal().record, run, iteration)
        except OSError as problem:
            await self._finish(live, run, Stop("unsaved", unsaved_reason(problem)))
            return False
        run = run.model_copy(update={"stopping": live.stop, "client_id": live.client_id or run.client_id})
        live.keep(run)
        self.live.belongs(pending.prompt_id, run.id)
        self._announce(live)
        if live.stop != "now":
            try:
                await self._queue.submit(Submission(pending.prompt_id, graph, extra_pnginfo, run.client_id))
            except SubmissionRejected as problem:
                known = await self._queue.object_info() if problem.error is not None else {}
                await self._finish(live, run, explain_refusal(graph, problem, known))
                return False
        if live.stop == "now":  # asked for while the prompt was on its way
            await self._queue.cancel(pending.prompt_id)
        return True

    async def _finish(self, live: LiveRun, run: Run, stop: Stop, iteration: Iteration | None = None) -> None:
        journal = self._journal()
        live.ending = True
        if live.took is not None and stop.status != "unsaved":
            run, stop = with_user_pick(run, live.took), user_pick_stop(live.took)
        fields = {"status": stop.status, "reason": stop.reason, "phase": "waiting", "pending": None, "stopping": ""}
        ended = run.changed(time.time(), **fields)
        if stop.status != "unsaved":
            try:
                await asyncio.to_thread(journal.record, ended, iteration)
                await asyncio.to_thread(journal.close, ended)
            except OSError as problem:
                reason = f"{stop.reason} {unsaved_reason(problem)}"
                ended = ended.changed(time.time(), status="unsaved", reason=reason)
        await self._wording_memory.learn(ended)
        live.task, live.ending = None, False
        live.keep(ended)
        self._announce(live)
        self.live.forget_old()

    # Small things.

    def _change(self, live: LiveRun, **fields: Any) -> None:
        live.run = live.run.changed(time.time(), **fields)
        self._announce(live)

    def _announce(self, live: LiveRun) -> None:
        woken, live.changed = live.changed, asyncio.Event()
        woken.set()
        self._publish(live.run)

    def _publish(self, run: Run) -> None:
        try:
            self._events.publish(run)
        except Exception:  # the page is a guest: whatever goes wrong on the way there must not end a run
            logging.exception("Imitatoes: the page could not be told about run %s", run.id)


def _shown(run: Run, plan: Plan) -> tuple[str, Settings, str, str]:
    """What SelfImprovingPrompt shows in this render: its node id, settings, goal and checklist."""
    return run.loop_node, plan.settings, run.start.goal, run.start.checklist


def _run_id(now: float) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{uuid.uuid4().hex[:8]}"
