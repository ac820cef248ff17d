"""The user's own choice of the best, against the judge. Pure."""

from __future__ import annotations

from .ending import Stop
from .run import Run, Taken


def taken(run: Run, number: int) -> Run:
    """The run with iteration `number` as its best by the user's word. Raises ValueError when that cannot be.

    What is rendered later, should the run be continued, may still become best by its score.
    """
    found = next((i for i in run.iterations if i.number == number), None)
    if found is None:
        raise ValueError(f"iteration: there is no iteration {number} in this run. It has {len(run.iterations)}.")
    if found.number < run.fresh_from:
        raise ValueError(f"iteration: {number} was made for the goal before your instruction. Take a later one.")
    if found.picture is None:
        raise ValueError(f"iteration: the picture of iteration {number} was not saved. Take another one.")
    if found.critique.score is None:
        raise ValueError(f"iteration: {number} was not judged, so it cannot be compared. Copy its picture instead.")
    return run.model_copy(update={"taken": Taken(iteration=number, after=len(run.iterations))})


def taken_stop(number: int) -> Stop:
    """The end that taking an iteration brings to a run that is still going on."""
    return Stop("stopped", f"You took iteration {number}. Continue the run to go on from it.")
