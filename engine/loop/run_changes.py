"""How a run changes beside its iterations: found on disk, given an instruction, overruled by the user. Pure."""

from __future__ import annotations

from ..judge.absence import denies, things_absent, without_denials
from ..judge.text_segmentation import parts_of
from ..settings import LoopHandle
from .clauses import compose
from .outcome import STOPPED
from .plan import Wording
from .run import Run, Status, Stop, UserPick

LONGEST_REASON = 4000
"""Characters. The words of a node's error may be a whole file."""


def as_its_server_left_it(run: Run) -> Run:
    """A run read from disk whose server is no more. "running" there means that it stopped in the middle."""
    if run.ended:
        return run
    if run.end is not None:
        stop = run.end
    elif run.stopping == "now":
        stop = user_pick_stop(run.taken.iteration) if run.taken is not None else Stop("stopped", STOPPED)
    else:
        number = len(run.iterations) + 1
        reason = f"The server stopped during iteration {number}. Resume the run to go on with it."
        return run.model_copy(update={"status": "suspended", "phase": "waiting", "reason": reason, "stopping": ""})
    return run.model_copy(update=end_fields(stop))


def end_fields(stop: Stop) -> dict[str, object]:
    """What of a run changes with its end."""
    reason = stop.reason if len(stop.reason) <= LONGEST_REASON else f"{stop.reason[:LONGEST_REASON]}..."
    gone = {"pending": None, "stopping": "", "end": None}
    return {"status": stop.status, "reason": reason, "phase": "waiting", **gone}


def add_instruction(start: LoopHandle, instruction: str) -> LoopHandle:
    """What the run asks for, with the instruction in goal, prompt and, where the user wrote one, checklist.

    What must not be there goes into the negative: named in a prompt, it is drawn.
    """
    goal = f"{start.goal.rstrip(' .')}. {instruction}"
    wanted = (
        ", ".join(filter(None, map(without_denials, parts_of(instruction)))) if denies(instruction) else instruction
    )
    asked = Wording(clauses=(wanted,) if wanted else (), negative_terms=things_absent(instruction))
    prompt, negative = compose(start.settings, asked)
    checklist = f"{start.checklist.rstrip()}\n{instruction}" if start.checklist.strip() else ""
    settings = start.settings.model_copy(update={"prompt": prompt, "negative": negative})
    return start.model_copy(update={"goal": goal, "checklist": checklist, "settings": settings})


_ENDED_WELL: tuple[Status, ...] = ("done", "unverified", "limit", "no_progress", "stopped")
"""Ends whose reason is about the best picture. Of the others it says what went wrong, and stays."""


def with_user_pick(run: Run, number: int) -> Run:
    """The run with iteration `number` as its best by the user's word. Raises ValueError when that cannot be.

    What is rendered later, should the run be continued, may still become best by its score; by two looks that agree,
    where the picture taken was never judged.
    """
    found = run.iteration_at(number)
    if found.number < run.fresh_from:
        raise ValueError(f"iteration: {number} was made for the goal before your instruction. Take a later one.")
    if found.picture is None:
        raise ValueError(f"iteration: the picture of iteration {number} was not saved. Take another one.")
    fields: dict[str, object] = {"taken": UserPick(iteration=number, after=len(run.iterations))}
    if run.status in _ENDED_WELL:  # what it said names another picture
        fields["reason"] = user_pick_stop(number).reason
    return run.model_copy(update=fields)


def user_pick_stop(number: int) -> Stop:
    """The end that taking an iteration brings to a run that is still going on."""
    return Stop("stopped", f"You took iteration {number}. Continue the run to go on from it.")
