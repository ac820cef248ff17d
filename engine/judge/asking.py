"""Asking a model once more, with the reason, when its answer cannot be used or holds only a part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from .questions import asked_again
from .vision_model import AnswerUnusable, Question, Reply, VisionModel

T = TypeVar("T")

SEED_LIMIT = 2**31


async def ask_twice(model: VisionModel, question: Question, read: Callable[[Reply], tuple[T, str]]) -> T:
    """What `read` makes of the answer, or of the second one.

    read: what was read and what it lacks ("" when nothing), or AnswerUnusable. A part is kept only when the second
    answer is unusable altogether. Raises ModelUnreachable, AnswerUnusable.
    """
    part: list[T] = []
    try:
        found, lack = read(await model.ask(question))
        if not lack:
            return found
        part.append(found)
    except AnswerUnusable as problem:
        lack = str(problem)
    try:
        return read(await model.ask(replace(question, text=asked_again(question.text, lack))))[0]
    except AnswerUnusable:
        if part:
            return part[0]
        raise
