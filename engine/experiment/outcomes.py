"""What the arms came to at one prompt, by the referee's word. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..judge.scoring import logit
from .arms import ArmName, source_of
from .milestones import at_renders, at_seconds, equal_seconds, half_of
from .prompts import About, ExperimentRequirement
from .record import LookedAtPicture, Looker, Milestone, PlayedRun

Point = Literal["renders", "half", "seconds"]
POINTS: tuple[Point, ...] = ("renders", "half", "seconds")
"""Where arms are compared: at all renders, at half of them, at equal seconds."""
Metric = Literal["all_correct", "share", "wrong_done", "overestimate", "seconds", "calls", "renders"]
METRICS: tuple[Metric, ...] = ("all_correct", "share", "wrong_done", "overestimate", "seconds", "calls", "renders")


SHARES: tuple[Metric, ...] = ("all_correct", "share", "wrong_done", "overestimate")
"""Metrics that are shares, or differences of shares: told in points of a hundred."""


class ReportedPicture(BaseModel):
    """seen: with the looks of judge and referee. ticked: what a person said, by requirement id; None without."""

    model_config = ConfigDict(frozen=True)

    seen: LookedAtPicture
    ticked: dict[str, bool] | None = None

    @property
    def key(self) -> str:
        return self.seen.key

    def met(self, by: Looker) -> dict[str, bool] | None:
        """By requirement id, whether it is met by the mean of one looker's looks; None where it did not look."""
        return met_by(self.seen, by)


class ReportedPrompt(BaseModel):
    """One prompt with all that was seen. failed: by arm, why it gave nothing."""

    model_config = ConfigDict(frozen=True)

    id: str
    prompt: str
    requirements: tuple[ExperimentRequirement, ...]
    runs: dict[ArmName, PlayedRun]
    failed: dict[ArmName, str] = {}
    pictures: tuple[ReportedPicture, ...]

    def picture(self, key: str) -> ReportedPicture | None:
        return next((one for one in self.pictures if one.key == key), None)


class ArmOutcome(BaseModel):
    """What one arm came to at one prompt. met: by requirement id. done: whether the run said that the goal is met.
    claimed: the share that the run took the picture to meet."""

    model_config = ConfigDict(frozen=True)

    picture: str
    met: dict[str, bool]
    done: bool
    claimed: float | None
    seconds: float
    calls: int
    renders: int

    @property
    def share(self) -> float:
        return sum(self.met.values()) / len(self.met)

    @property
    def all_correct(self) -> bool:
        return all(self.met.values())

    def value(self, metric: Metric) -> float | None:
        """None where it was not told."""
        match metric:
            case "all_correct":
                return float(self.all_correct)
            case "share":
                return self.share
            case "wrong_done":
                return float(self.done and not self.all_correct)
            case "overestimate":
                return None if self.claimed is None else self.claimed - self.share
            case "seconds":
                return self.seconds
            case "calls":
                return float(self.calls)
        return float(self.renders)


def met_by(seen: LookedAtPicture, by: Looker) -> dict[str, bool] | None:
    """By requirement id, whether one looker finds it met: by the mean of its two wordings, in logits. None without any
    look of it."""
    looks = [one for one in seen.looks if one.by == by]
    if not looks:
        return None
    names = dict.fromkeys(name for look in looks for name in look.p)
    return {name: _mean([logit(look.p[name]) for look in looks if name in look.p]) > 0 for name in names}


def outcome_of(prompt: ReportedPrompt, arm: ArmName, point: Point, renders: int) -> ArmOutcome | None:
    """None where the arm has no run there, or the referee did not look at its picture. renders: the most of a run."""
    run = prompt.runs.get(source_of(arm))
    if run is None or not run.milestones or arm in prompt.failed:
        return None
    at = _milestone(prompt, run, arm, point, renders)
    picture = prompt.picture(at.picture) if at is not None else None
    met = picture.met("referee") if picture is not None else None
    if at is None or not met:
        return None
    ended = at is run.milestones[-1] and arm != "one_shot"
    return ArmOutcome(
        picture=at.picture,
        met=met,
        done=ended and run.ended == "done",
        claimed=at.claimed,
        seconds=at.seconds,
        calls=at.calls,
        renders=at.renders,
    )


def shares_by_about(outcome: ArmOutcome, requirements: Sequence[ExperimentRequirement]) -> Mapping[About, float]:
    """By what they are about, the share of the requirements that are met."""
    found: dict[About, list[bool]] = {}
    for number, requirement in enumerate(requirements, 1):
        if (met := outcome.met.get(f"r{number}")) is not None:
            found.setdefault(requirement.about, []).append(met)
    return {about: _mean(values) for about, values in found.items()}


def _milestone(prompt: ReportedPrompt, run: PlayedRun, arm: ArmName, point: Point, renders: int) -> Milestone | None:
    if arm == "one_shot":
        return at_renders(run, 1)
    match point:
        case "renders":
            return at_renders(run, renders)
        case "half":
            return at_renders(run, half_of(renders))
    return at_seconds(run, equal_seconds(prompt.runs.values()))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
