"""What a run with a time limit has spent, and what the next render will take, by what its renders took so far."""

from __future__ import annotations

from ..plan import Action
from ..run import Iteration, Run

RECENT = 3
"""The next render is expected to take as long as the last so many on average, judging included."""


def seconds_spent(run: Run) -> float:
    """Seconds of rendering, judging and saving since the run was started, or continued by the user."""
    return sum(seconds_of(i) for i in run.iterations if i.number > run.continued_after)


def seconds_of(iteration: Iteration) -> float:
    """What an iteration took, all stages together."""
    return sum(iteration.seconds.values())


def seconds_expected(run: Run, action: Action) -> float:
    """What a render of this kind will take: as the last of its kind did, or as any did; 0 where nothing is known."""
    alike = [i for i in run.iterations if i.plan.action == action] or list(run.iterations)
    recent = [seconds_of(i) for i in alike[-RECENT:]]
    return sum(recent) / len(recent) if recent else 0.0


def out_of_time(run: Run) -> bool:
    """Whether the limit of minutes leaves no room for a further render of the usual kind."""
    limit = 60 * run.start.limits.minutes
    return limit > 0 and seconds_spent(run) + seconds_expected(run, "compose") > limit
