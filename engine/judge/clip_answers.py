"""Answers about the frames of a clip, made one answer for each requirement. Pure.

"Throughout" is met when every sampled frame meets it, so one good frame of nine never passes; "sometime" when one does.
"""

from __future__ import annotations

from collections.abc import Sequence

from .checklist import Requirement, When
from .critique import UNANSWERED, Item
from .requirement_time import is_event
from .scoring import UNKNOWN

WHOLE = 0
"""The frame of a question that is about the whole clip."""


def frames_asked(when: When, count: int) -> tuple[int, ...]:
    """Numbers of the frames, from 1, that a requirement is asked about; WHOLE alone for what happens."""
    if is_event(when):
        return (WHOLE,)
    return {"start": (1,), "end": (count,)}.get(when, tuple(range(1, count + 1)))


def join_frames(requirement: Requirement, answers: Sequence[tuple[int, Item]], moments: Sequence[str]) -> Item:
    """One item of the items of single frames. answers: (number of the frame, what it shows). moments: when each frame
    is, in words, for those that fail."""
    items = [item for _, item in answers]
    if requirement.when == "sometime":
        return max(items, key=lambda item: (item.passed, item.p))
    failing = [(frame, item) for frame, item in answers if not item.passed and item.answer != UNANSWERED]
    silent = next((item for item in items if item.answer == UNANSWERED), None)
    if not failing:
        return silent or min(items, key=lambda item: item.p)
    worst = min((item for _, item in failing), key=lambda item: item.p)
    some = len(failing) < len(answers)
    return worst.model_copy(
        update={
            "moments": tuple(moments[frame - 1] for frame, _ in failing) if some else (),
            "p": min(worst.p, UNKNOWN),
        }
    )
