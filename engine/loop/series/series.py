"""A series as data: its goals, what they share, and what has become of each. All of it is written in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..run import Status

SeriesState = Literal["running", "done", "limit", "stopped", "failed", "suspended"]
"""running: goals are taken one by one.   done: each has had its run.   limit: what the runs share is used up.
stopped: by the user, or by ComfyUI's Interrupt.   failed: several runs in a row failed, or it cannot go on.
suspended: no server that lives is at it; told, never written."""
GoalState = Literal["waiting", "running", "ended"]


class SeriesGoal(BaseModel):
    """checklist: requirements, one each; empty to have them made from the goal."""

    model_config = ConfigDict(frozen=True)

    goal: str
    checklist: tuple[str, ...] = ()


class SeriesLimits(BaseModel):
    """What the runs of a series share; 0 and "" for no limit.

    minutes: of rendering and judging, all runs together. renders: of all runs together. until: a time of day of the
    server, as "07:30": then the render at hand is the last.
    """

    model_config = ConfigDict(frozen=True)

    minutes: float = Field(default=0.0, ge=0)
    renders: int = Field(default=0, ge=0)
    until: str = ""


class Series(BaseModel):
    """id: as of a run. limits: what the runs share. round: how often it was begun: once, and at each resume. begun:
    when the last time, and deadline: when `until` comes after that; epoch seconds, 0 for none. stopping: the user wants
    it to end, at once or after the render at hand.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    created: float
    goals: tuple[SeriesGoal, ...]
    limits: SeriesLimits = SeriesLimits()
    round: int = 1
    begun: float
    deadline: float = 0.0
    stopping: Literal["", "now", "after"] = ""
    state: SeriesState = "running"
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.state != "running"


class GoalRecord(BaseModel):
    """What has become of one goal of a series, written by the server that has it.

    prompt_id: of its run's first render. status: of its run, from its end on; "" for none: its prompt was refused, or
    ended before a run began, which reason tells. renders, seconds: of its run. best: file name of the best picture in
    the run. ended_at: epoch seconds.
    """

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1)
    state: GoalState = "waiting"
    prompt_id: str = ""
    run_id: str = ""
    status: Status | Literal[""] = ""
    reason: str = ""
    renders: int = 0
    seconds: float = 0.0
    best: str | None = None
    score: float | None = None
    sure: float | None = None
    ended_at: float = 0.0


def next_time(until: str, now: float) -> float:
    """When a time of day ("07:30", of this computer) comes next, as epoch seconds; 0 for "". Raises ValueError."""
    if not until:
        return 0.0
    try:
        clock = datetime.strptime(until, "%H:%M").time()
    except ValueError as problem:
        raise ValueError(f"until: '{until[:20]}' is no time of day. Write it as 07:30.") from problem
    here = datetime.fromtimestamp(now)
    then = datetime.combine(here.date(), clock)
    return (then if then > here else then + timedelta(days=1)).timestamp()


def used_of(records: Sequence[GoalRecord]) -> tuple[int, float]:
    """(renders, seconds) of all runs so far."""
    return sum(one.renders for one in records), sum(one.seconds for one in records)
