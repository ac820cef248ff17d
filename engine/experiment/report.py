"""The report of an experiment as data, and several reports pooled. Pure.

The JSON holds what was seen, so that everything else can be worked out again: the summary in it is for whoever reads
it without this pack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from .arms import ARM_NAMES, ArmName
from .outcomes import ReportedPicture, ReportedPrompt
from .prompts import OWN_SET, ExperimentPrompt
from .record import PromptRecord, Setup
from .summary import CountedPrompt, ExperimentSummary, summarise


class ReportUnusable(ValueError):
    """A report that cannot be read or pooled. The message says which and why."""


class ExperimentReport(BaseModel):
    """arms_left_out: by arm, why it was not played. summary: the figures of this report alone."""

    model_config = ConfigDict(frozen=True)

    format: Literal["imitatoes-experiment"] = "imitatoes-experiment"
    version: Literal[1] = 1
    id: str
    created: float
    setup: Setup
    arms: tuple[ArmName, ...]
    arms_left_out: dict[ArmName, str] = {}
    prompts: tuple[ReportedPrompt, ...]
    summary: ExperimentSummary


class PooledReport(BaseModel):
    """Several reports as one. setups: of each, by its id."""

    model_config = ConfigDict(frozen=True)

    format: Literal["imitatoes-experiments-pooled"] = "imitatoes-experiments-pooled"
    version: Literal[1] = 1
    setups: dict[str, Setup]
    arms: tuple[ArmName, ...]
    renders: int
    summary: ExperimentSummary


def make_report(
    name: str,
    created: float,
    setup: Setup,
    arms: Sequence[ArmName],
    arms_left_out: Mapping[ArmName, str],
    prompts: Sequence[ExperimentPrompt],
    records: Mapping[str, PromptRecord],
    ticks: Mapping[str, Mapping[str, bool]],
) -> ExperimentReport:
    """Of the prompts whose looks were all made. records: by prompt id. ticks: by picture key, what a person said."""
    reported = []
    for prompt in prompts:
        record = records.get(prompt.id)
        if record is None or not record.looked:
            continue
        pictures = tuple(
            ReportedPicture(seen=seen, ticked=dict(ticks[seen.key]) if seen.key in ticks else None)
            for seen in record.pictures
        )
        reported.append(
            ReportedPrompt(
                id=prompt.id,
                prompt=prompt.prompt,
                requirements=prompt.requirements,
                runs=record.runs,
                failed=record.failed,
                pictures=pictures,
            )
        )
    counted = [CountedPrompt(0, prompt, setup.renders) for prompt in reported]
    return ExperimentReport(
        id=name,
        created=created,
        setup=setup,
        arms=tuple(arms),
        arms_left_out=dict(arms_left_out),
        prompts=tuple(reported),
        summary=summarise(counted, arms),
    )


def read_report(text: str | bytes, name: str) -> ExperimentReport:
    """name: of the file, for messages. Raises ReportUnusable."""
    try:
        return ExperimentReport.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ReportUnusable(f"{name} is no report of an experiment: {where}: {first['msg']}.") from problem


def pool_reports(reports: Sequence[ExperimentReport]) -> PooledReport:
    """Several users' reports as one: each prompt of each counts once, and is compared with itself alone.

    Raises ReportUnusable for fewer than two, for the same one twice, and for reports that cannot be compared: another
    number of renders, other prompts of ours, held-out ones with others, no common arms.
    """
    if len(reports) < 2:
        raise ReportUnusable("Pooling takes at least two reports.")
    names = [one.id for one in reports]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ReportUnusable(f"Report {twice} is given twice. Give each report once.")
    first = reports[0]
    for one in reports[1:]:
        for what, mine, theirs in (
            ("renders a run", first.setup.renders, one.setup.renders),
            ("checklists", first.setup.checklists, one.setup.checklists),
            ("held-out prompts", first.setup.held_out, one.setup.held_out),
        ):
            if mine != theirs:
                raise ReportUnusable(
                    f"{one.id} cannot be pooled with {first.id}: {what} differ ({theirs} and {mine}). Pool alike ones."
                )
    sets = {one.setup.prompt_set for one in reports} - {OWN_SET}
    if len(sets) > 1:
        raise ReportUnusable(f"The reports are about different sets of prompts: {', '.join(sorted(sets))}.")
    arms = tuple(arm for arm in ARM_NAMES if all(arm in one.arms for one in reports))
    if len(arms) < 2:
        raise ReportUnusable("The reports have fewer than two arms in common.")
    counted = [
        CountedPrompt(number, prompt, one.setup.renders) for number, one in enumerate(reports) for prompt in one.prompts
    ]
    return PooledReport(
        setups={one.id: one.setup for one in reports},
        arms=arms,
        renders=first.setup.renders,
        summary=summarise(counted, arms, len(reports)),
    )
