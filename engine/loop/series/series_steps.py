"""What a series does next: which goal is taken, with how much of what is shared, or why it ends. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...graph.run_request import OrderLimits
from ...settings import Limits
from .series import GoalRecord, Series, SeriesState, used_of

FAILURES_IN_A_ROW = 3
"""After so many runs in a row that failed a series gives up: what is wrong is wrong with all of them."""
FAILED = ("", "failed", "judge_failed", "unreadable")
LEAST_MINUTES = 1 / 60
"""A run that has less of them is not begun."""
STOPPED_REASON = "You stopped the series. Resume it to go on with what is left."


@dataclass(frozen=True)
class SeriesEnd:
    """Why a series takes no further goal, in plain words."""

    state: SeriesState
    reason: str


def next_goal(
    series: Series, records: Sequence[GoalRecord], elsewhere: Collection[int], now: float
) -> int | SeriesEnd | None:
    """The number of the goal to take; None while all that are left are on other servers.

    elsewhere: numbers of those.
    """
    if series.ended:  # as another server found, that is at it too
        return SeriesEnd(series.state, series.reason)
    if series.stopping:
        return SeriesEnd("stopped", STOPPED_REASON)
    left = [one for one in records if one.state != "ended"]
    if not left:
        met = sum(one.status == "done" for one in records)
        return SeriesEnd("done", f"All {len(records)} goals are through: {met} met.")
    end = _interrupted(series, records) or _given_up(series, records) or _used_up(series, records, now)
    if end is not None:
        return end
    free = [one for one in left if one.number not in elsewhere]
    # One that was begun and cut off comes before what nobody has begun.
    return min(free, key=lambda one: (one.state == "waiting", one.number)).number if free else None


def limits_left(series: Series, records: Sequence[GoalRecord], own: OrderLimits, now: float) -> OrderLimits:
    """The limits of the next run: its own, and no more than the series has left."""
    renders, seconds = used_of(records)
    fields: dict[str, float | int] = {}
    if series.limits.renders:
        left, usual = max(1, series.limits.renders - renders), Limits()
        loop = min(own.iterations_per_loop or usual.iterations_per_loop, left)
        fields |= {"iterations_per_loop": loop, "max_loops": min(own.max_loops or usual.max_loops, left // loop)}
    minutes = [own.minutes] if own.minutes else []
    if series.limits.minutes:
        minutes.append(series.limits.minutes - seconds / 60)
    if series.deadline:
        minutes.append((series.deadline - now) / 60)
    if minutes:
        fields["minutes"] = round(max(min(minutes), LEAST_MINUTES), 4)
    return own.model_copy(update=fields)


def _this_round(series: Series, records: Sequence[GoalRecord]) -> list[GoalRecord]:
    """What ended since the series was begun or resumed, the latest last."""
    return sorted((one for one in records if one.ended_at >= series.begun), key=lambda one: one.ended_at)


def _interrupted(series: Series, records: Sequence[GoalRecord]) -> SeriesEnd | None:
    for one in _this_round(series, records):
        if one.status in ("interrupted", "deleted"):
            what = "ComfyUI's Interrupt ended" if one.status == "interrupted" else "The queue was cleared of"
            return SeriesEnd("stopped", f"{what} the run of goal {one.number}. Resume the series to go on.")
        if one.status == "unsaved":
            return SeriesEnd("failed", one.reason)
    return None


def _given_up(series: Series, records: Sequence[GoalRecord]) -> SeriesEnd | None:
    last = _this_round(series, records)[-FAILURES_IN_A_ROW:]
    if len(last) < FAILURES_IN_A_ROW or any(one.status not in FAILED for one in last):
        return None
    return SeriesEnd("failed", f"{FAILURES_IN_A_ROW} runs in a row failed, the last one so: {last[-1].reason}")


def _used_up(series: Series, records: Sequence[GoalRecord], now: float) -> SeriesEnd | None:
    renders, seconds = used_of(records)
    limits, left = series.limits, sum(one.state != "ended" for one in records)
    told = f"{left} of {len(records)} goals are left."
    if limits.renders and renders >= limits.renders:
        return SeriesEnd("limit", f"All {limits.renders} renders of the series are used. {told}")
    if limits.minutes and seconds / 60 >= limits.minutes - LEAST_MINUTES:
        return SeriesEnd("limit", f"The {limits.minutes:g} minutes of the series are used. {told}")
    if series.deadline and now >= series.deadline:
        return SeriesEnd("limit", f"It is past {limits.until}. {told}")
    return None
