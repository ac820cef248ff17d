"""Experiments as jobs, stopped, resumed and kept on disk: runs through the driver, looks at their pictures, reports."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..engine.experiment.arms import order_of
from ..engine.experiment.experiment import Experiment, blocks_of, plan_of, plan_words
from ..engine.experiment.model_families import same_family
from ..engine.experiment.prompts import OWN_SET, PROMPT_SET, ExperimentPrompt, draw_prompts, own_prompts
from ..engine.experiment.record import ExperimentRequest, Looker, Measured, PlayedRun, PromptRecord, Setup
from ..engine.experiment.report import ExperimentReport, make_report
from ..engine.experiment.report_page import report_page
from ..engine.experiment.report_text import power_text
from ..engine.experiment.ticking_page import pictures_to_tick, ticking_page
from ..engine.files import folder_size, write_text
from ..engine.graph.model import Graph
from ..engine.judge.judge import Judge
from ..engine.judge.picture import Picture
from ..engine.judge.ranking import JudgeChoice
from ..engine.loop.refusals import NotNow
from .experiment_folder import (
    RECORD,
    REPORT_DATA,
    REPORT_PAGE,
    read_prompts,
    read_workflow,
    small_pictures,
    write_prompt,
    write_workflow,
)
from .experiment_looks import LookerGone, look_at_prompts, look_once
from .experiment_runs import RunFailed, RunPlayer, RunStopped, Starting
from .jobs import JobEnd, Jobs, new_job_id

LOG = logging.getLogger(__name__)

LISTED = 20
FAILURES_IN_A_ROW = 2
"""After so many runs that gave nothing the experiment gives up."""
PROBE_RENDERS = 2
"""The first render loads the models; the second tells what a render takes."""
SAME_FAMILY = (
    "referee: {referee} is of the same model family as the judge {judge}, and shares its errors. Name a referee of "
    "another family, or send same_family: true; the report then says so."
)

MakeLooker = Callable[[JudgeChoice], Awaitable[Judge]]
"""The judge that a choice names, which must answer. Raises ValueError, NotNow."""
DescribeSetup = Callable[[ExperimentRequest, Mapping[Looker, Judge], Graph], Awaitable[Setup]]


@dataclass
class _Open:
    """What an experiment works with while it goes on."""

    player: RunPlayer
    lookers: dict[Looker, Judge]
    records: dict[str, PromptRecord] = field(default_factory=dict)


class Experiments:
    """What the routes see. Lives on the server's event loop. root: folder of the experiments, asked anew each time.

    judge_kind: what VLM Critique's judge input must be so that nobody else judges in its place. make_room: takes
    ComfyUI's models off the card before judge and referee look.
    """

    def __init__(
        self,
        app: Starting,
        make_looker: MakeLooker,
        judge_kind: Callable[[JudgeChoice], str],
        describe: DescribeSetup,
        make_room: Callable[[], Awaitable[None]],
        root: Callable[[], Path],
    ) -> None:
        self._app, self._make_looker, self._judge_kind, self._describe = app, make_looker, judge_kind, describe
        self._make_room = make_room
        busy = "Another experiment is going on. Wait for its end, or stop it."
        self._jobs: Jobs[Experiment] = Jobs(root, RECORD, Experiment, "an experiment", busy)
        self._opened: _Open | None = None
        self._told: tuple[str, ExperimentReport] | None = None
        self._ticking = asyncio.Lock()

    async def start(self, request: ExperimentRequest) -> Experiment:
        """Begin one. Raises NotReady for the workflow; ValueError; NotNow while another one goes on, and where a judge
        does not answer; OSError."""
        async with self._jobs.beginning():
            request = request.settled()
            prompts = _prompts_of(request)
            lookers = await self._lookers(request)
            player = self._player(request, request.workflow)
            ready = await self._app.prepare_graph(player.order(prompts[0], "ours", request.renders))
            setup = await self._describe(request, lookers, ready.graph)
            if same_family(setup.judge, setup.referee):
                if not request.same_family:
                    raise ValueError(SAME_FAMILY.format(referee=setup.referee, judge=setup.judge))
                setup = setup.model_copy(update={"same_family": True})
            experiment = Experiment(
                id=new_job_id(),
                created=time.time(),
                state="running",
                request=request.model_copy(update={"workflow": {}}),
                prompts=prompts,
                setup=setup.model_copy(update={"prompt_set": OWN_SET if request.own else PROMPT_SET}),
            )
            await asyncio.to_thread(write_workflow, self._jobs.folder(experiment.id), request.workflow)
            await self._jobs.keep(experiment)
            return self._go_on(experiment, _Open(player, lookers))

    async def resume(self, name: str) -> Experiment:
        """Go on with what is left. Raises ValueError; NotNow where one goes on or nothing is left, and where a judge
        does not answer; OSError."""
        async with self._jobs.beginning():
            experiment = await self._jobs.show(name)
            if experiment.state == "done":
                raise NotNow("This experiment is done. Read its report, or start another one.")
            lookers = await self._lookers(experiment.request)
            folder = self._jobs.folder(name)
            workflow = await asyncio.to_thread(read_workflow, folder)
            records = await asyncio.to_thread(read_prompts, folder, [one.id for one in experiment.prompts])
            records = {key: one.tried_again() for key, one in records.items()}
            went_on = experiment.went_on or experiment.measured is not None
            going = experiment.model_copy(update={"state": "running", "message": "", "went_on": went_on})
            await self._jobs.keep(going)
            return self._go_on(going, _Open(self._player(going.request, workflow), lookers, records))

    async def stop(self, name: str) -> Experiment:
        """Stop now; every render that was recorded stays. Raises ValueError."""
        return await self._jobs.stop(name)

    async def show(self, name: str) -> tuple[Experiment, dict[str, PromptRecord]]:
        """How far one is, and what was seen. Raises ValueError."""
        experiment = await self._jobs.show(name)
        if self._jobs.is_running(name) and self._opened is not None:
            return experiment, dict(self._opened.records)
        ids = [one.id for one in experiment.prompts]
        return experiment, await asyncio.to_thread(read_prompts, self._jobs.folder(name), ids)

    async def listed(self) -> list[Experiment]:
        """Those of late, the newest first."""
        return await asyncio.to_thread(self._jobs.newest, LISTED)

    async def report(self, name: str) -> ExperimentReport:
        """The report of what was seen so far, remembered until more is seen or ticked. Raises ValueError."""
        return await self._report(*await self.show(name))

    async def report_file(self, name: str) -> Path:
        """The report as a page, made anew. Raises ValueError, OSError."""
        return await asyncio.to_thread(self._write_report, await self.report(name))

    async def ticking_page(self, name: str) -> bytes:
        """The page for a person. Raises ValueError."""
        experiment, records = await self.show(name)
        report = await self._report(experiment, records)

        def made() -> bytes:
            wanted = {key for _, key in pictures_to_tick(report)}
            pictures = [one.seen for prompt in report.prompts for one in prompt.pictures if one.key in wanted]
            return ticking_page(report, small_pictures(self._app.journal(), pictures), experiment.ticks).encode()

        return await asyncio.to_thread(made)

    async def tick(self, name: str, key: str, met: Mapping[str, bool]) -> tuple[int, int]:
        """Keep what a person said of a picture; how many are ticked, of how many. Raises ValueError, OSError."""
        wanted = {found: prompt for prompt, found in pictures_to_tick(await self.report(name))}
        if key not in wanted:
            raise ValueError(f"picture: '{key[:60]}' is none of those to be ticked.")
        asked = {f"r{number}" for number, _ in enumerate(wanted[key].requirements, 1)}
        if set(met) != asked:
            raise ValueError(f"met: say of each of {', '.join(sorted(asked))} whether it is met.")
        async with self._ticking:
            experiment = (await self._jobs.show(name)).with_ticks(key, met)
            if self._jobs.is_running(name):
                await self._jobs.keep(self._jobs.running.with_ticks(key, met))
            else:
                await asyncio.to_thread(self._jobs.save, experiment)
                self._jobs.forget(name)
        return sum(one in experiment.ticks for one in wanted), len(wanted)

    async def _report(self, experiment: Experiment, records: Mapping[str, PromptRecord]) -> ExperimentReport:
        seen = [[key, *sorted(one.failed)] for key, one in records.items() if one.looked]
        mark = json.dumps([experiment.id, seen, experiment.ticks, list(experiment.arms)])
        if self._told is None or self._told[0] != mark:
            self._told = mark, await asyncio.to_thread(_report_of, experiment, records)
        return self._told[1]

    # The work.

    def _player(self, request: ExperimentRequest, workflow: object) -> RunPlayer:
        return RunPlayer(self._app, request, workflow, self._judge_kind(request.judge))

    async def _lookers(self, request: ExperimentRequest) -> dict[Looker, Judge]:
        """The judge first: after the runs it is loaded. Raises ValueError, ModelFailure."""
        if not request.referee.model:
            raise ValueError("referee.model: is empty. Name a vision model of another family than the judge's.")
        choices: dict[Looker, JudgeChoice] = {"judge": request.judge, "referee": request.referee}
        return {by: await self._looker(by, choice) for by, choice in choices.items()}

    async def _looker(self, by: Looker, choice: JudgeChoice) -> Judge:
        """Raises ValueError that names the field."""
        try:
            return await self._make_looker(choice)
        except ValueError as problem:
            raise ValueError(f"{by}.{str(problem).removeprefix('judge.')}") from problem

    def _go_on(self, experiment: Experiment, opened: _Open) -> Experiment:
        async def work() -> JobEnd:
            try:
                return await self._work(opened)
            except (RunFailed, LookerGone) as problem:
                return JobEnd("failed", str(problem))
            except RunStopped as problem:
                return JobEnd("stopped", str(problem))

        async def release() -> None:
            for judge in opened.lookers.values():
                await judge.release()

        self._opened = opened
        return self._jobs.begin(experiment, work, self._finished, release)

    async def _work(self, opened: _Open) -> JobEnd:
        if self._jobs.running.measured is None:
            await self._measure(opened)
        experiment = self._jobs.running
        if experiment.request.ask_first and not experiment.went_on:
            plan = plan_of(experiment)
            return JobEnd("planned", f"{power_text(plan.power)} {plan_words(plan)} Resume it to begin.")
        unseen = ""
        for block in blocks_of(experiment.prompts):
            await self._play(block, opened)
            left = [one for one in block if not opened.records[one.id].looked]
            if left:
                await self._make_room()
                problem = await look_at_prompts(
                    left,
                    opened.records,
                    opened.lookers,
                    self._app.journal(),
                    experiment.request.renders,
                    experiment.request.seed,
                    lambda record: self._keep(opened, record),
                )
                unseen = problem or unseen
        if unseen:
            return JobEnd("failed", f"Some pictures were not looked at. {unseen} Resume it to have them looked at.")
        return JobEnd("done")

    async def _measure(self, opened: _Open) -> None:
        """A run that counts for nothing: what a render and a look take, and whether the graph can be repaired."""
        experiment = self._jobs.running
        prompt = experiment.prompts[0]

        async def keep(played: PlayedRun) -> None:
            await self._jobs.keep(self._jobs.running.model_copy(update={"probe": played}))

        before = experiment.probe or PlayedRun(arm="seeds")
        played = await opened.player.play(prompt, before, min(PROBE_RENDERS, experiment.request.renders), keep)
        run = await self._app.driver.live.find(played.run_id)
        journal = self._app.journal()
        name = next(iter(played.files.values()))
        image = Picture(await asyncio.to_thread(journal.load_picture, run.id, name))
        looks = {}
        await self._make_room()
        for by, judge in opened.lookers.items():
            looks[by] = [await look_once(by, judge, prompt, image, wording) for wording in (1, 2)]
            await judge.release()
        size = await asyncio.to_thread(folder_size, journal.folder(run.id))
        measured = Measured(
            render=min(i.seconds.get("render", 0.0) for i in run.iterations),
            look=min(look.seconds for look in looks["judge"]),
            referee=min(look.seconds for look in looks["referee"]),
            picture_bytes=size // (len(run.iterations) + 1),
        )
        left_out = {}
        if "repairs" in experiment.request.arms and not run.can_edit_locally:
            left_out["repairs"] = run.edit_refusal or "This workflow's pictures cannot be repaired in place."
        update = {"measured": measured, "probe": played, "arms_left_out": left_out}
        await self._jobs.keep(self._jobs.running.model_copy(update=update))

    async def _play(self, block: tuple[ExperimentPrompt, ...], opened: _Open) -> None:
        experiment, failures = self._jobs.running, 0
        for prompt in block:
            record = opened.records.setdefault(prompt.id, PromptRecord(id=prompt.id))
            for arm in order_of(prompt.id, experiment.request.seed, experiment.arms):
                played = record.runs.get(arm) or PlayedRun(arm=arm)
                if played.ended:
                    continue

                async def keep(run: PlayedRun, prompt_id: str = prompt.id) -> None:
                    await self._keep(opened, opened.records[prompt_id].with_run(run))

                try:
                    await keep(await opened.player.play(prompt, played, experiment.request.renders, keep))
                    failures = 0
                except RunFailed as problem:
                    failures += 1
                    now = opened.records[prompt.id]
                    await self._keep(opened, now.model_copy(update={"failed": {**now.failed, arm: str(problem)}}))
                    if failures >= FAILURES_IN_A_ROW:
                        raise
                record = opened.records[prompt.id]

    async def _keep(self, opened: _Open, record: PromptRecord) -> None:
        await asyncio.to_thread(write_prompt, self._jobs.folder(self._jobs.running.id), record)
        opened.records[record.id] = record

    def _finished(self, experiment: Experiment) -> Experiment:
        """With its report written, as far as it is. Blocks."""
        records = read_prompts(self._jobs.folder(experiment.id), [one.id for one in experiment.prompts])
        if any(one.looked for one in records.values()):
            self._write_report(_report_of(experiment, records))
        return experiment

    def _write_report(self, report: ExperimentReport) -> Path:
        pictures = [one.seen for prompt in report.prompts for one in prompt.pictures]
        folder = self._jobs.folder(report.id)
        write_text(folder / REPORT_DATA, report.model_dump_json(indent=1))
        write_text(folder / REPORT_PAGE, report_page(report, small_pictures(self._app.journal(), pictures)))
        return folder / REPORT_PAGE


def _prompts_of(request: ExperimentRequest) -> tuple[ExperimentPrompt, ...]:
    if request.own:
        return own_prompts(request.own)
    return draw_prompts(request.prompts, request.seed, request.held_out)


def _report_of(experiment: Experiment, records: Mapping[str, PromptRecord]) -> ExperimentReport:
    return make_report(
        experiment.id,
        experiment.created,
        experiment.setup,
        experiment.arms,
        experiment.arms_left_out,
        experiment.prompts,
        records,
        experiment.ticks,
    )
