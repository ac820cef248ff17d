"""An experiment as it stands: its head on disk, what is left of it, and what it would take. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from .arms import ARMS, ArmName, runs_of
from .prompts import ExperimentPrompt
from .record import ExperimentRequest, ExperimentState, Measured, PlayedRun, PromptRecord, Setup
from .summary import Power, power_before

BLOCK = 10
"""Prompts whose pictures are looked at together, so that the card changes models seldom, and a report comes early."""
LOOKS_AT_ONCE = 2
"""Each looker sees each picture in both wordings."""
PICTURES_A_RUN = 3
"""Pictures of a run that are looked at afterwards, at most as a rule: of its first, at half and at its end."""


class Experiment(BaseModel):
    """The head of an experiment: everything but what was seen at each prompt.

    request: without its workflow, which lies beside it. arms_left_out: by arm, why it is not played. probe: the run
    whose renders were measured before all others; it counts for nothing. went_on: the user saw what it takes.
    ticks: by picture key, what a person said.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    created: float
    state: ExperimentState
    message: str = ""
    request: ExperimentRequest
    prompts: tuple[ExperimentPrompt, ...]
    arms_left_out: dict[ArmName, str] = Field(default_factory=dict)
    setup: Setup
    measured: Measured | None = None
    probe: PlayedRun | None = None
    went_on: bool = False
    ticks: dict[str, dict[str, bool]] = Field(default_factory=dict)

    @property
    def arms(self) -> tuple[ArmName, ...]:
        """Those that are compared."""
        return tuple(arm for arm in self.request.arms if arm not in self.arms_left_out)

    def with_ticks(self, key: str, met: Mapping[str, bool]) -> Experiment:
        return self.model_copy(update={"ticks": {**self.ticks, key: dict(met)}})


class ExperimentProgress(BaseModel):
    """runs: of so many. renders: made by these runs so far. looked: prompts whose pictures were looked at.
    seconds_left: None until something was measured."""

    prompts: int
    looked: int
    runs: int
    runs_done: int
    renders: int
    seconds_left: float | None


class ExperimentPlan(BaseModel):
    """What it would take, told before it starts. power: what so many prompts can show. seconds, bytes: at most, where
    every run uses all its renders; None before the first render was measured."""

    power: Power
    renders: int
    seconds: float | None
    bytes: int | None


def plan_of(experiment: Experiment) -> ExperimentPlan:
    """By the measured render and looks."""
    runs = len(runs_of(experiment.arms)) * len(experiment.prompts)
    renders = runs * experiment.request.renders
    measured = experiment.measured
    return ExperimentPlan(
        power=power_before(len(experiment.prompts)),
        renders=renders,
        seconds=None if measured is None else round(runs * _seconds_of_run(experiment, measured), 1),
        # Beside each picture the best one is kept once more.
        bytes=None if measured is None else measured.picture_bytes * (renders + runs),
    )


def progress_of(experiment: Experiment, records: Mapping[str, PromptRecord]) -> ExperimentProgress:
    """records: by prompt id."""
    wanted = runs_of(experiment.arms)
    done = [run for one in records.values() for run in one.runs.values() if run.ended]
    failed = sum(len(one.failed) for one in records.values())
    total = len(wanted) * len(experiment.prompts)
    looked = sum(one.looked for one in records.values())
    return ExperimentProgress(
        prompts=len(experiment.prompts),
        looked=looked,
        runs=total,
        runs_done=len(done) + failed,
        renders=sum(run.milestones[-1].renders for run in done if run.milestones),
        seconds_left=_seconds_left(experiment, done, total - len(done) - failed, len(experiment.prompts) - looked),
    )


def blocks_of(prompts: Sequence[ExperimentPrompt]) -> list[tuple[ExperimentPrompt, ...]]:
    """Prompts that are played, and then looked at, together."""
    return [tuple(prompts[at : at + BLOCK]) for at in range(0, len(prompts), BLOCK)]


def plan_words(plan: ExperimentPlan) -> str:
    """What it would take, in a sentence for the user."""
    told = f"At most {plan.renders} renders"
    if plan.seconds is not None and plan.bytes is not None:
        told += f", about {_time_words(plan.seconds)} and {max(1, round(plan.bytes / 2**20))} MB of pictures"
    return f"{told}."


def titles_of(arms: Sequence[ArmName]) -> dict[ArmName, str]:
    return {arm: ARMS[arm].title for arm in arms}


def _seconds_left(experiment: Experiment, done: Sequence[PlayedRun], runs: int, prompts: int) -> float | None:
    measured = experiment.measured
    if measured is None:
        return None
    each = _looks(measured)
    known = [run.milestones[-1].seconds for run in done if run.milestones]
    one = sum(known) / len(known) if known else _seconds_of_run(experiment, measured) - each
    return round(runs * one + prompts * len(runs_of(experiment.arms)) * each, 1)


def _seconds_of_run(experiment: Experiment, measured: Measured) -> float:
    """With a look for each render, half a further one, and the looks afterwards."""
    return experiment.request.renders * (measured.render + 1.5 * measured.look) + _looks(measured)


def _looks(measured: Measured) -> float:
    return PICTURES_A_RUN * LOOKS_AT_ONCE * (measured.look + measured.referee)


def _time_words(seconds: float) -> str:
    if seconds < 5400:
        return f"{max(1, round(seconds / 60))} minutes"
    return f"{seconds / 3600:.1f} hours"
