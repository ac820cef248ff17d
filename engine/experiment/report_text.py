"""The figures of a summary as lines of text, for people who read a terminal or a page. Pure."""

from __future__ import annotations

from .arms import ARMS
from .outcomes import SHARES, Metric, Point
from .statistics import Difference, Estimate
from .summary import ArmComparison, ArmFigures, ExperimentSummary, PointFigures, Power

METRIC_WORDS: dict[Metric, str] = {
    "all_correct": "all correct",
    "share": "requirements met",
    "wrong_done": "said done, was not",
    "overestimate": "judge less referee",
    "seconds": "seconds",
    "calls": "calls of the judge",
    "renders": "renders",
}
POINT_WORDS: dict[Point, str] = {
    "renders": "At the same number of renders",
    "half": "At half of the renders",
    "seconds": "At equal seconds",
}


def estimate_text(metric: Metric, found: Estimate) -> str:
    """ "41.7 % (29.2 to 54.2)" """
    if metric in SHARES:
        return f"{100 * found.mean:.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f})"
    return f"{found.mean:.1f} ({found.low:.1f} to {found.high:.1f})"


def difference_text(metric: Metric, found: Difference) -> str:
    """ "+8.3 (-2.1 to +18.8), no larger than chance" """
    scale = 100 if metric in SHARES else 1
    told = f"{scale * found.mean:+.1f} ({scale * found.low:+.1f} to {scale * found.high:+.1f})"
    return f"{told}, {'larger' if found.larger else 'no larger'} than chance"


def power_text(power: Power) -> str:
    """What so many prompts can show, in a sentence."""
    return (
        f"{power.prompts} prompts tell a difference in all-correct pictures to about +-{power.all_correct:g} points "
        f"and in requirements met to about +-{power.share:g}; a true difference of {power.detectable:g} points of "
        "all-correct would be found in four of five such experiments."
    )


def summary_lines(summary: ExperimentSummary) -> list[str]:
    """The whole summary, for a terminal."""
    lines = [summary.verdict, ""]
    for point in summary.points:
        lines += [*_point_lines(point), ""]
    for one in summary.agreements:
        told = f"{100 * one.share:.0f} % of {one.answers} answers alike, kappa {one.kappa:.2f}"
        lines.append(f"{one.one.capitalize()} and {one.other}: {told}")
    for one in summary.person:
        told = f"all correct {estimate_text('all_correct', one.all_correct)} of {one.all_correct.n} ticked pictures"
        lines.append(f"By the person: {ARMS[one.arm].title}: {told}")
    lines += ["", power_text(summary.power)]
    if summary.left_out:
        lines.append(f"{summary.left_out} prompts are left out: a run of them failed, or nobody looked.")
    return lines


def _point_lines(point: PointFigures) -> list[str]:
    lines = [POINT_WORDS[point.point]]
    for arm in point.arms:
        lines += _arm_lines(arm)
    for one in point.comparisons:
        lines += _comparison_lines(one)
    for one in point.about if point.point == "renders" else ():
        shares = ", ".join(f"{ARMS[arm].title} {estimate_text('share', found)}" for arm, found in one.arms.items())
        lines.append(f"  {one.about}: {shares}")
    return lines


def _arm_lines(arm: ArmFigures) -> list[str]:
    told = [f"{METRIC_WORDS[metric]} {estimate_text(metric, found)}" for metric, found in arm.values.items()]
    return [f"  {ARMS[arm.arm].title}: {'; '.join(told)}"]


def _comparison_lines(one: ArmComparison) -> list[str]:
    told = [
        f"{METRIC_WORDS[metric]} {difference_text(metric, one.values[metric])}"
        for metric in ("all_correct", "share")
        if metric in one.values
    ]
    return [f"  {ARMS[one.one].title} less {ARMS[one.other].title}: {'; '.join(told)}"] if told else []
