"""Asking a vision model: once more with the reason where its answer cannot be used, and without a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from .answers import right_probabilities
from .checklist import Checklist
from .questions import Wording, asked_again, look_questions
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


async def calibration_query(
    model: VisionModel, jpeg: bytes, checklist: Checklist, wording: Wording, seed: int
) -> tuple[Mapping[str, float], bool]:
    """By requirement id, how probable the right answer was, uncorrected, and whether tokens told all of it.

    Asked exactly as a verdict's look is. Requirements without a usable answer are left out; empty when two tries gave
    none. Raises ModelUnreachable.
    """
    questions = look_questions(checklist, seed, wording)
    question = Question(questions.system, questions.text, jpeg, questions.schema, seed, probabilities=True)

    def read(reply: Reply) -> tuple[tuple[Mapping[str, float], bool], str]:
        found, soft = right_probabilities(reply, questions)
        lacking = [key for key, asked in questions.asked.items() if asked.requirement.id not in found]
        if len(lacking) == len(questions.asked):
            raise AnswerUnusable(f'The answer has no usable value for "{lacking[0]}".')
        return (found, soft), f"It has no usable value for {', '.join(lacking)}." if lacking else ""

    try:
        return await ask_twice(model, question, read)
    except AnswerUnusable:
        return {}, True
