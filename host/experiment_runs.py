"""The runs of an experiment, played through the shipped driver: each is an ordinary run, shown and kept as any."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..engine.experiment.arms import ARMS, ArmName, first_seed
from ..engine.experiment.milestones import gave_picture, milestones_of, verdicts_of
from ..engine.experiment.prompts import ExperimentPrompt
from ..engine.experiment.record import ExperimentRequest, PlayedRun
from ..engine.graph.model import Graph
from ..engine.graph.prepare_graph import NotReady, PreparedGraph
from ..engine.graph.run_request import OrderCritic, OrderLimits, OrderSettings, RunRequest
from ..engine.loop.driver import Driver
from ..engine.loop.journal import Journal
from ..engine.loop.ports import PromptState, SubmissionRejected
from ..engine.loop.refusals import NotNow, RunNotFound
from ..engine.loop.run import MEASURING, Run, Status
from ..engine.loop.start import wait_for_run
from ..engine.loop.user_actions import UserActions
from .experiment_folder import picture_key

LOG = logging.getLogger(__name__)

CUT_OFF: tuple[Status, ...] = ("suspended", "stopped", "interrupted", "deleted", "failed", "judge_failed", "unsaved")
"""Ends of a run that an experiment goes on from when it is resumed."""
WAIT_SECONDS = 3600.0
"""How long one look for a run's beginning or end waits; then it looks again."""
ENDED_BEFORE = "Imitatoes: a run of an experiment had ended when it was to be stopped: %s"


class RunFailed(Exception):
    """A run gave nothing. The message says why, for the user."""


class RunStopped(Exception):
    """Somebody stopped a run of the experiment, and so the experiment."""


class Starting(Protocol):
    """What of the app is needed to start runs."""

    driver: Driver
    actions: UserActions

    def journal(self) -> Journal:
        """The journal of the present output folder."""

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        """Raises NotReady."""

    async def start(self, graph: Graph, client_id: str, extra_data: Mapping[str, Any], prompt_id: str = "") -> str:
        """Queue a graph, under this prompt id where it can be; its prompt id. Raises SubmissionRejected."""

    async def cancel(self, prompt_id: str) -> None:
        """Take a prompt out of the queue, or interrupt it."""


Keep = Callable[[PlayedRun], Awaitable[None]]
"""Writes down how far a run is. Raises OSError."""


@dataclass(frozen=True)
class RunPlayer:
    """Plays the runs of one experiment. judge_kind: of the critic, so that no other judge takes its place."""

    app: Starting
    request: ExperimentRequest
    workflow: Any
    judge_kind: str

    async def play(self, prompt: ExperimentPrompt, played: PlayedRun, renders: int, keep: Keep) -> PlayedRun:
        """A run of this arm to its end, begun anew or gone on with where it was cut off.

        played: what is known of it. keep: called before it is queued, and once it has begun. Raises RunFailed,
        RunStopped, OSError. Where this is cancelled the run is stopped; nothing that it recorded is lost.
        """
        run = await self._known(played)
        if run is not None:
            run = await self._gone_on(run)
        try:
            if run is None:
                played, run = await self._begun(prompt, played.arm, renders, keep)
            if run.id != played.run_id:
                played = played.model_copy(update={"run_id": run.id})
                await keep(played)
            while not run.ended:
                run = await self.app.driver.live.wait(run.id, WAIT_SECONDS)
        except asyncio.CancelledError:
            if run is not None:
                await asyncio.shield(self._stop(run))
            raise
        except RunNotFound as problem:
            raise RunFailed(f"{problem} It was deleted.") from problem
        if run.status in ("stopped", "interrupted", "deleted"):
            raise RunStopped(f"Run {run.id} was stopped, and so is the experiment. Resume it to go on with that run.")
        if not gave_picture(run):
            raise RunFailed(run.reason)
        told = await asyncio.to_thread(self._told, prompt, run)
        if not told["milestones"]:
            raise RunFailed(f"No picture of run {run.id} was saved.")
        return played.model_copy(update={"ended": run.status, "reason": run.reason, **told})

    def order(self, prompt: ExperimentPrompt, arm: ArmName, renders: int) -> RunRequest:
        """The run as a script would ask for it."""
        request, how = self.request, ARMS[arm]
        return RunRequest(
            workflow=self.workflow,
            goal=prompt.prompt,
            checklist=prompt.lines if request.checklists == "given" else [],
            settings=OrderSettings(prompt=prompt.prompt, seed=first_seed(prompt.id, request.seed), vary=how.vary),
            limits=OrderLimits(iterations_per_loop=renders, max_loops=1, repairs=how.repairs),
            critic=OrderCritic(
                model=request.judge.model,
                connection=request.judge.connection,
                checks=request.judge.checks,
                judge=self.judge_kind,
            ),
            judge_node=request.judge_node,
        )

    async def _begun(self, prompt: ExperimentPrompt, arm: ArmName, renders: int, keep: Keep) -> tuple[PlayedRun, Run]:
        """A new run. Its prompt id is written down before it is queued: so it is found again whatever happens."""
        try:
            ready = await self.app.prepare_graph(self.order(prompt, arm, renders))
        except NotReady as problem:
            raise RunFailed(str(problem)) from problem
        if ready.rejected:
            raise RunFailed(ready.rejected[0].message())
        played = PlayedRun(arm=arm, prompt_id=str(uuid.uuid4()))
        await keep(played)
        try:
            queued = await self.app.start(ready.graph, f"{MEASURING}{uuid.uuid4().hex}", {}, played.prompt_id)
            if queued != played.prompt_id:  # of a graph for several cards
                played = played.model_copy(update={"prompt_id": queued})
                await keep(played)
            found = await self._outcome(queued)
        except SubmissionRejected as problem:
            raise RunFailed(str(problem)) from problem
        except asyncio.CancelledError:
            await asyncio.shield(self._stop_prompt(played.prompt_id))
            raise
        if isinstance(found, Run):
            return played, found
        if found.kind in ("interrupted", "gone"):
            raise RunStopped("A render of the experiment was stopped, and so is the experiment. Resume it to go on.")
        raise RunFailed(found.message or f"The prompt ended before its run began ({found.kind}).")

    async def _outcome(self, prompt_id: str) -> Run | PromptState:
        """The run that a queued prompt begins, or how it ended without one."""
        found = await wait_for_run(self.app.driver, prompt_id, WAIT_SECONDS)
        while not isinstance(found, Run) and not found.ended:
            found = await wait_for_run(self.app.driver, prompt_id, WAIT_SECONDS)
        return found

    async def _known(self, played: PlayedRun) -> Run | None:
        """The run as the journal has it, or as it goes on; None where there is none (any more)."""
        live = self.app.driver.live
        try:
            if played.run_id:
                return await live.find(played.run_id)
            if played.prompt_id:
                return await live.find_begun_by(played.prompt_id)
        except (RunNotFound, ValueError):
            pass
        return None

    async def _gone_on(self, run: Run) -> Run | None:
        """The run, going on where it was cut off; None where nothing comes of that, so that it has to begin anew."""
        if not run.ended or gave_picture(run):
            return run
        if run.status not in CUT_OFF:
            return None
        before = len(run.iterations)
        try:
            after = await self.app.actions.resume(run.id, cut_off=CUT_OFF)
        except (NotNow, RunNotFound, ValueError) as problem:
            LOG.warning("Imitatoes: run %s of an experiment begins anew: %s", run.id, problem)
            return None
        useless = after.ended and not gave_picture(after) and len(after.iterations) == before
        return None if useless else after

    async def _stop_prompt(self, prompt_id: str) -> None:
        """Stop a queued prompt, and the run that it begins, and wait until they have ended. Never raises."""
        try:
            found = await self.app.driver.live.find_by_prompt(prompt_id)
            if found is None:
                await self.app.cancel(prompt_id)
                # Its render may have been done just before: then there was nothing to interrupt, and its run begins.
                found = await self._outcome(prompt_id)
        except (RunNotFound, ValueError, OSError) as problem:
            LOG.info(ENDED_BEFORE, problem)
            return
        if isinstance(found, Run):
            await self._stop(found)

    async def _stop(self, run: Run) -> None:
        """Stop a run, and wait until it has ended. Never raises."""
        try:
            await self.app.actions.stop(run.id)
            while not (await self.app.driver.live.wait(run.id, WAIT_SECONDS)).ended:
                pass
        except (NotNow, RunNotFound, ValueError, OSError) as problem:
            LOG.info(ENDED_BEFORE, problem)

    def _told(self, prompt: ExperimentPrompt, run: Run) -> dict[str, Any]:
        """milestones, files and verdicts of the ended run. Reads its pictures."""
        journal, keys = self.app.journal(), {}
        for iteration in run.iterations:
            try:
                path = journal.picture(run.id, iteration.picture) if iteration.picture else None
                if path is not None:
                    keys[iteration.number] = picture_key(prompt.id, path)
            except OSError as problem:
                LOG.warning("Imitatoes: a picture of run %s cannot be read: %s", run.id, problem)
        milestones = milestones_of(run, keys)
        led = {one.picture for one in milestones}
        files = {key: run.iteration_at(number).picture for number, key in keys.items() if key in led}
        return {"milestones": milestones, "files": files, "verdicts": verdicts_of(run)}
