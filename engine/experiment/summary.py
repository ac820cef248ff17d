"""The figures of one experiment or of several pooled ones: by arm, between arms, by kind of requirement. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from .arms import ARM_NAMES, ARMS, ArmName
from .outcomes import METRICS, POINTS, SHARES, ArmOutcome, Metric, Point, ReportedPrompt, outcome_of, shares_by_about
from .prompts import About
from .statistics import (
    SPREAD_ALL_CORRECT,
    SPREAD_SHARE,
    Difference,
    Estimate,
    agreement,
    detectable,
    difference,
    estimate,
    half_width,
)

COMPARED: tuple[tuple[ArmName, ArmName], ...] = (
    ("ours", "seeds"),
    ("ours", "one_shot"),
    ("repairs", "seeds"),
    ("repairs", "ours"),
    ("seeds", "one_shot"),
)
"""Pairs of arms whose difference is told. The first is what the experiment is about; the others are looked at beside
it, and of several comparisons one may well seem larger than chance by luck."""


class ArmFigures(BaseModel):
    """values: by metric; those that were never told are left out."""

    model_config = ConfigDict(frozen=True)

    arm: ArmName
    values: dict[Metric, Estimate]


class ArmComparison(BaseModel):
    """one less other, prompt by prompt."""

    model_config = ConfigDict(frozen=True)

    one: ArmName
    other: ArmName
    values: dict[Metric, Difference]


class AboutFigures(BaseModel):
    """The share of requirements of one kind that are met, by arm, and ours less the best of many seeds."""

    model_config = ConfigDict(frozen=True)

    about: About
    arms: dict[ArmName, Estimate]
    gain: Difference | None


class PointFigures(BaseModel):
    """All figures where the arms are compared at one point."""

    model_config = ConfigDict(frozen=True)

    point: Point
    arms: tuple[ArmFigures, ...]
    comparisons: tuple[ArmComparison, ...]
    about: tuple[AboutFigures, ...]


class Agreement(BaseModel):
    """How far two agree about the same requirements of the same pictures. kappa: what of it is more than luck."""

    model_config = ConfigDict(frozen=True)

    one: str
    other: str
    answers: int
    share: float
    kappa: float


class PersonFigures(BaseModel):
    """What a person found on the pictures of each arm that were ticked."""

    model_config = ConfigDict(frozen=True)

    arm: ArmName
    all_correct: Estimate
    share: Estimate


class Power(BaseModel):
    """What so many prompts can show, in points of a hundred. all_correct, share: half the interval of a difference.
    detectable: of all-correct, the true difference that four of five experiments would show."""

    model_config = ConfigDict(frozen=True)

    prompts: int
    all_correct: float
    share: float
    detectable: float


class ExperimentSummary(BaseModel):
    """verdict: in a sentence, whether the difference is larger than chance. left_out: prompts that do not count: a run
    of them failed, or the referee did not look."""

    model_config = ConfigDict(frozen=True)

    reports: int
    prompts: int
    left_out: int
    verdict: str
    points: tuple[PointFigures, ...]
    agreements: tuple[Agreement, ...]
    person: tuple[PersonFigures, ...]
    power: Power


@dataclass(frozen=True)
class CountedPrompt:
    """A prompt of one of several reports. renders: the most of each run there."""

    report: int
    prompt: ReportedPrompt
    renders: int


Outcomes = dict[ArmName, list[ArmOutcome | None]]
"""By arm, what it came to at each prompt."""


def summarise(prompts: Sequence[CountedPrompt], arms: Sequence[ArmName], reports: int = 1) -> ExperimentSummary:
    """The figures over these prompts. arms: those of the experiment."""
    arms = [arm for arm in ARM_NAMES if arm in arms]
    found = {point: _outcomes(prompts, arms, point) for point in POINTS}
    points = tuple(_point(prompts, point, outcomes) for point, outcomes in found.items())
    whole = sum(all(found["renders"][arm][at] for arm in arms) for at in range(len(prompts)))
    first = next(iter(points[0].comparisons), None)
    return ExperimentSummary(
        reports=reports,
        prompts=whole,
        left_out=len(prompts) - whole,
        verdict=verdict(first),
        points=points,
        agreements=_agreements(prompts),
        person=_person(prompts, found["renders"]),
        power=_power(whole, first),
    )


def power_before(prompts: int) -> Power:
    """What so many prompts can show, before anything was measured."""
    return _power(prompts, None)


def verdict(first: ArmComparison | None) -> str:
    """Whether the first comparison's all-correct differs by more than chance would."""
    found = first.values.get("all_correct") if first is not None else None
    if first is None or found is None:
        return "Nothing can be said: no prompt has a picture of both arms that the referee looked at."
    one, other = ARMS[first.one].title, ARMS[first.other].title
    told = f"{100 * found.mean:+.1f} points of all-correct pictures (95 % interval {_range(found)}, {found.n} prompts)"
    if not found.larger:
        return f"No difference larger than chance: {one} against {other} {told}."
    better = one if found.mean > 0 else other
    return f"{better} is better by more than chance would explain: {one} against {other} {told}."


def _range(found: Estimate) -> str:
    return f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"


def _outcomes(prompts: Sequence[CountedPrompt], arms: Sequence[ArmName], point: Point) -> Outcomes:
    return {arm: [outcome_of(one.prompt, arm, point, one.renders) for one in prompts] for arm in arms}


def _point(prompts: Sequence[CountedPrompt], point: Point, found: Outcomes) -> PointFigures:
    strata = [one.report for one in prompts]
    figures = tuple(ArmFigures(arm=arm, values=_estimates(outcomes, strata)) for arm, outcomes in found.items())
    compared = (pair for pair in COMPARED if pair[0] in found and pair[1] in found)
    comparisons = tuple(_comparison(one, other, found[one], found[other], strata) for one, other in compared)
    return PointFigures(point=point, arms=figures, comparisons=comparisons, about=_about(prompts, found, strata))


def _estimates(outcomes: Sequence[ArmOutcome | None], strata: Sequence[int]) -> dict[Metric, Estimate]:
    made = {
        metric: _estimate(_values(outcomes, metric), strata, metric in SHARES and metric != "overestimate")
        for metric in METRICS
    }
    return {metric: one for metric, one in made.items() if one is not None}


def _comparison(
    one: ArmName,
    other: ArmName,
    ours: Sequence[ArmOutcome | None],
    theirs: Sequence[ArmOutcome | None],
    strata: Sequence[int],
) -> ArmComparison:
    made = {
        metric: _difference(_values(ours, metric), _values(theirs, metric), strata, metric in SHARES)
        for metric in METRICS
    }
    return ArmComparison(one=one, other=other, values={m: found for m, found in made.items() if found is not None})


def _values(outcomes: Sequence[ArmOutcome | None], metric: Metric) -> list[float | None]:
    return [None if one is None else one.value(metric) for one in outcomes]


def _estimate(values: Sequence[float | None], strata: Sequence[int], share: bool) -> Estimate | None:
    """As estimate, of those that are known."""
    known = [(value, group) for value, group in zip(values, strata, strict=True) if value is not None]
    return estimate([value for value, _ in known], [group for _, group in known], share)


def _difference(
    ours: Sequence[float | None], theirs: Sequence[float | None], strata: Sequence[int], share: bool
) -> Difference | None:
    """As difference, of the prompts where both are known."""
    known = [pair for pair in zip(ours, theirs, strata, strict=True) if pair[0] is not None and pair[1] is not None]
    return difference([x[0] for x in known], [x[1] for x in known], [x[2] for x in known], share)


def _about(prompts: Sequence[CountedPrompt], found: Outcomes, strata: Sequence[int]) -> tuple[AboutFigures, ...]:
    shares = {
        arm: [
            shares_by_about(outcome, one.prompt.requirements) if outcome is not None else {}
            for one, outcome in zip(prompts, outcomes, strict=True)
        ]
        for arm, outcomes in found.items()
    }
    kinds = dict.fromkeys(about for rows in shares.values() for row in rows for about in row)
    made = []
    for about in kinds:
        values = {arm: [row.get(about) for row in rows] for arm, rows in shares.items()}
        arms = {arm: _estimate(known, strata, share=True) for arm, known in values.items()}
        ours, theirs = (values.get(arm) for arm in COMPARED[0])
        gain = _difference(ours, theirs, strata, share=True) if ours and theirs else None
        told = {arm: value for arm, value in arms.items() if value is not None}
        made.append(AboutFigures(about=about, arms=told, gain=gain))
    return tuple(made)


def _agreements(prompts: Iterable[CountedPrompt]) -> tuple[Agreement, ...]:
    """Between judge and referee on all pictures both looked at, and of both with the person on the ticked ones."""
    said: dict[tuple[str, str], tuple[list[bool], list[bool]]] = {}
    for one in prompts:
        for picture in one.prompt.pictures:
            known = {"person": picture.ticked, "referee": picture.met("referee"), "judge": picture.met("judge")}
            for pair in (("judge", "referee"), ("person", "referee"), ("person", "judge")):
                a, b = known[pair[0]], known[pair[1]]
                for name in (a or {}).keys() & (b or {}).keys():
                    mine, theirs = said.setdefault(pair, ([], []))
                    mine.append(a[name])
                    theirs.append(b[name])
    found = []
    for (one, other), (mine, theirs) in said.items():
        share, kappa = agreement(mine, theirs) or (0.0, 0.0)
        found.append(Agreement(one=one, other=other, answers=len(mine), share=share, kappa=kappa))
    return tuple(found)


def _person(prompts: Sequence[CountedPrompt], outcomes: Outcomes) -> tuple[PersonFigures, ...]:
    found = []
    for arm, of_arm in outcomes.items():
        correct, shares = [], []
        for one, outcome in zip(prompts, of_arm, strict=True):
            picture = one.prompt.picture(outcome.picture) if outcome is not None else None
            ticked = picture.ticked if picture is not None else None
            if ticked:
                shares.append(sum(ticked.values()) / len(ticked))
                correct.append(float(all(ticked.values()) and len(ticked) == len(one.prompt.requirements)))
        a, b = estimate(correct, share=True), estimate(shares, share=True)
        if a is not None and b is not None:
            found.append(PersonFigures(arm=arm, all_correct=a, share=b))
    return tuple(found)


def _power(prompts: int, first: ArmComparison | None) -> Power:
    """By the spread that was measured, where enough was, else by what is expected."""
    known = first.values if first is not None else {}
    correct = known.get("all_correct")
    share = known.get("share")
    enough = correct is not None and correct.n >= 10
    spread = correct.spread if enough and correct.spread > 0 else SPREAD_ALL_CORRECT
    share_spread = share.spread if enough and share is not None and share.spread > 0 else SPREAD_SHARE
    return Power(
        prompts=prompts,
        all_correct=round(100 * half_width(prompts, spread), 1),
        share=round(100 * half_width(prompts, share_spread), 1),
        detectable=round(100 * detectable(prompts, spread), 1),
    )
