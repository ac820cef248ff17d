"""A series as JSON, for page and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from ..belief.time_budget import seconds_of
from ..run import Run, Status
from ..view import run_summary
from .series import GoalRecord, GoalState, Series, SeriesLimits, SeriesState, used_of
from .series_steps import STOPPED_REASON


class SeriesGoalView(BaseModel):
    """number: from 1. state: waiting, running or ended. status, reason: of its run; "" before that has begun, and where
    none did, which reason then tells. image: file name of the best picture in the run."""

    number: int
    goal: str
    checklist: tuple[str, ...]
    state: GoalState
    run_id: str
    prompt_id: str
    status: Status | Literal[""]
    reason: str
    iteration_count: int
    score: float | None
    sure: float | None
    image: str | None


class SeriesSummary(BaseModel):
    """state: suspended where no server that lives is at it. ended, met: how many goals have had their run, and how many
    of these were met. elsewhere: only other servers are at it."""

    series_id: str
    created: float
    state: SeriesState
    stopping: Literal["", "now", "after"]
    reason: str
    count: int
    ended: int
    met: int
    renders: int
    minutes: float
    limits: SeriesLimits
    elsewhere: bool


class SeriesView(SeriesSummary):
    """A series. goals: in the order in which they are taken. contact_sheet: whether there is a picture for one."""

    goals: list[SeriesGoalView]
    contact_sheet: bool


class SeriesPresence(BaseModel):
    """Who is at a series: this server, others that live."""

    here: bool = False
    others: bool = False


def series_summary(series: Series, records: Sequence[GoalRecord], presence: SeriesPresence) -> SeriesSummary:
    state, reason = series.state, series.reason
    ended = sum(one.state == "ended" for one in records)
    if state == "running" and not (presence.here or presence.others):
        reason = f"The server stopped after {ended} of {len(records)} goals. Resume the series to go on."
        state = "suspended"
        if series.stopping:
            state, reason = "stopped", STOPPED_REASON
    renders, seconds = used_of(records)
    return SeriesSummary(
        series_id=series.id,
        created=series.created,
        state=state,
        stopping=series.stopping if state == "running" else "",
        reason=reason,
        count=len(records),
        ended=ended,
        met=sum(one.status == "done" for one in records),
        renders=renders,
        minutes=round(seconds / 60, 2),
        limits=series.limits,
        elsewhere=presence.others and not presence.here,
    )


def series_view(series: Series, records: Sequence[GoalRecord], presence: SeriesPresence) -> SeriesView:
    goals = [
        SeriesGoalView(
            number=record.number,
            goal=asked.goal,
            checklist=asked.checklist,
            state=record.state,
            run_id=record.run_id,
            prompt_id=record.prompt_id,
            status=record.status,
            reason=record.reason,
            iteration_count=record.renders,
            score=record.score,
            sure=record.sure,
            image=record.best,
        )
        for asked, record in zip(series.goals, records, strict=True)
    ]
    drawn = any(record.best for record in records)
    return SeriesView(**dict(series_summary(series, records, presence)), goals=goals, contact_sheet=drawn)


def as_it_stands(record: GoalRecord, run: Run, now: float = 0.0) -> GoalRecord:
    """The record of a goal with what its run shows. now: when the run ended, 0 while it goes on."""
    best = run_summary(run).best
    return record.model_copy(
        update={
            "state": "ended" if now else "running",
            "run_id": run.id,
            "status": run.status if now else "",
            "reason": run.reason if now else "",
            "renders": len(run.iterations),
            "seconds": round(sum(map(seconds_of, run.iterations)), 3),
            "best": best.image if best else None,
            "score": best.score if best else None,
            "sure": best.sure if best else None,
            "ended_at": now,
        }
    )
