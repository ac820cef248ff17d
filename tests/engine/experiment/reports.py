"""Experiments as test data: outcomes drawn with known rates, put into records and reports as the job does it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from pack.engine.experiment.arms import ArmName
from pack.engine.experiment.prompts import ExperimentPrompt, draw_prompts
from pack.engine.experiment.record import LookedAtPicture, Milestone, PictureLook, PlayedRun, PromptRecord, Setup
from pack.engine.experiment.report import ExperimentReport, make_report

RENDERS = 12
SURE, UNSURE = 0.95, 0.05
SETUP = Setup(prompt_set="test", renders=RENDERS, judge="qwen3-vl:8b-instruct", referee="gemma3:12b", card="none")


def seen(key: str, met: Mapping[str, bool], judged: Mapping[str, bool] | None = None) -> LookedAtPicture:
    """A picture that the referee found so in both wordings, and the judge too where it is given."""
    looks = [
        PictureLook(by=by, wording=wording, p={name: SURE if yes else UNSURE for name, yes in said.items()})
        for by, said in (("referee", met), ("judge", judged))
        if said is not None
        for wording in (1, 2)
    ]
    return LookedAtPicture(key=key, run_id="20260101-120000-0123abcd", name="loop_01_iter_01.png", looks=tuple(looks))


def played(
    arm: ArmName, *pictures: str, ended: str = "limit", seconds: float = 10.0, claimed: float = 1.0
) -> PlayedRun:
    """A run that would give these pictures after 1, 2, ... renders."""
    milestones = tuple(
        Milestone(renders=n, seconds=seconds * n, calls=n, picture=key, claimed=claimed, sure=0.9)
        for n, key in enumerate(pictures, 1)
    )
    return PlayedRun(arm=arm, prompt_id="p", run_id="r", ended=ended, milestones=milestones)


def drawn_record(prompt: ExperimentPrompt, dice: random.Random, rates: Mapping[ArmName, float]) -> PromptRecord:
    """Each arm's picture meets each requirement with its rate; prompts are easier or harder, for all arms alike."""
    hard = dice.uniform(-0.25, 0.25)
    record = PromptRecord(id=prompt.id, looked=True)
    names = [f"r{n}" for n, _ in enumerate(prompt.requirements, 1)]
    for arm, rate in rates.items():
        first, last = f"{prompt.id}-{arm}-first", f"{prompt.id}-{arm}"
        for key, chance in ((first, rate - 0.3), (last, rate)):
            met = {name: dice.random() < min(max(chance + hard, 0.02), 0.98) for name in names}
            record = record.with_picture(seen(key, met, met))
        record = record.with_run(played(arm, first, *[last] * (RENDERS - 1)))
    return record


def drawn_report(
    seed: int,
    rates: Mapping[ArmName, float],
    count: int = 60,
    arms: Sequence[ArmName] = ("one_shot", "seeds", "ours"),
    name: str = "",
    ticks: Mapping[str, Mapping[str, bool]] | None = None,
    **setup: object,
) -> ExperimentReport:
    dice = random.Random(seed)
    prompts = draw_prompts(count, seed)
    records = {one.id: drawn_record(one, dice, rates) for one in prompts}
    changed = SETUP.model_copy(update=setup)
    return make_report(name or f"e{seed}", 1.0, changed, arms, {}, prompts, records, ticks or {})
