"""When a run ends, and what it says then. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from . import items
from .run import Iteration, Run, Status

PLATEAU = 6
"""Renders without a better best after which a run stops (loop-science, 4.4)."""
PATIENCE = 2 * PLATEAU
"""The same where luck may still bring together what single pictures show: each requirement was met in one of the last
PLATEAU renders. Costs one render and gains 1.8 points of all-correct at 12 renders (benchmarks/README.md)."""
FAILED_JUDGEMENTS = 2
"""Failed judgements in a row after which a run stops."""


@dataclass(frozen=True)
class Stop:
    """The end of a run, with its reason in plain words."""

    status: Status
    reason: str


def comparable_best(run: Run) -> Iteration | None:
    """The best of the present goal."""
    best = run.best
    return best if best is not None and best.number >= run.fresh_from else None


def stop_after(run: Run, last: Iteration) -> Stop | None:
    """The end that the last iteration brings, None when the run goes on."""
    best = comparable_best(run)
    critique = last.critique
    if critique.passed and critique.sees_content:
        return Stop("done", f"The goal is met in iteration {last.number}, score {critique.score:.2f}: two looks agree.")
    if critique.passed and last.duplicate_of is None:
        return Stop(
            "unverified",
            f"{critique.reason} Look for yourself; to have it judged, start Ollama, set judge to auto and queue again.",
        )
    tail = [i for i in run.iterations if i.number > run.continued_after][-FAILED_JUDGEMENTS:]
    if len(tail) == FAILED_JUDGEMENTS and all(i.critique.score is None for i in tail):
        return Stop("judge_failed", f"{critique.reason} Put that right, then continue the run.")
    if run.renders_left <= 0:
        return Stop("limit", _limit_reason(run, best))
    return _no_progress(run, best, last) if best is not None else None


def _no_progress(run: Run, best: Iteration, last: Iteration) -> Stop | None:
    idle = last.number - max(best.number, run.continued_after)
    if idle < PLATEAU:
        return None
    recent = items.teaching(run)[-PLATEAU:]
    missed = items.missed_throughout(recent) if len(recent) == PLATEAU else set()
    if recent and not missed and idle < PATIENCE:
        return None
    never = ", ".join(i.text for i in run.checklist.requirements if i.id in missed) if run.checklist else ""
    return Stop(
        "no_progress",
        f"{idle} renders in a row did not beat iteration {best.number} (score {run.score_of(best):.2f})"
        f"{f', and the last {PLATEAU} never showed: {never}' if never else ''}. "
        "Try another wording of the goal or prompt, then continue.",
    )


def _limit_reason(run: Run, best: Iteration | None) -> str:
    count = len(run.iterations)
    if best is None:
        return f"All {count} renders are used and none could be judged."
    said = f"All {count} renders are used. Best: iteration {best.number}, score {run.score_of(best):.2f}."
    failing = items.failing(run, best.critique)
    if failing:
        return f"{said} Still failing: {items.named(run, failing)}."
    if best.critique.items:
        return f"{said} A second look did not confirm it."
    return f"{said} Still missing: {best.critique.reason}" if best.critique.reason else said
