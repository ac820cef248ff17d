"""Asking a vision model: once more where it stumbled or its answer cannot be used, and without a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from .answers import right_probabilities
from .checklist import Checklist
from .questions import LookQuestions, ShownPicture, Wording, asked_again, question_groups
from .vision_model import AnswerUnusable, Asked, ModelStumbled, Question, Reply

T = TypeVar("T")

SEED_LIMIT = 2**31
VOTE_TEMPERATURE = 0.7
"""Of repeated answers where a server has no probabilities (docs/design-notes.md, 2.9)."""


async def once_more(call: Callable[[], Awaitable[T]]) -> T:
    """What the call gives, tried once more where the server stumbled. Raises what it raises."""
    try:
        return await call()
    except ModelStumbled as problem:
        await asyncio.sleep(problem.pause)
        return await call()


async def ask_twice(
    model: Asked, question: Question, read: Callable[[Reply], tuple[T, str]], again: Callable[[], bool] = lambda: True
) -> T:
    """What `read` makes of the answer, or of the second one.

    read: what was read and what it lacks ("" when nothing), or AnswerUnusable. A part is kept only when the second
    answer is unusable altogether. again: whether there is a second question. Raises ModelUnreachable, AnswerUnusable.
    """
    part: list[T] = []
    try:
        found, lack = read(await model.ask(question))
        if not lack:
            return found
        part.append(found)
    except AnswerUnusable as problem:
        if not again():
            raise
        lack = str(problem)
    if part and not again():
        return part[0]
    try:
        return read(await model.ask(asked_again(question, lack)))[0]
    except AnswerUnusable:
        if part:
            return part[0]
        raise


async def draw_votes(model: Asked, question: Question, count: int) -> tuple[Reply, ...]:
    """So many further answers to a question, drawn anew; empty ones where they cannot be used."""
    votes = []
    for number in range(1, count + 1):
        drawn = replace(question, seed=(question.seed + 1000 * number) % SEED_LIMIT, temperature=VOTE_TEMPERATURE)
        try:
            votes.append(await model.ask(drawn))
        except AnswerUnusable:
            votes.append(Reply(""))
    return tuple(votes)


async def calibration_query(
    model: Asked, jpeg: bytes, checklist: Checklist, wording: Wording, seed: int, plain: bool = False
) -> tuple[Mapping[str, float], bool]:
    """By requirement id, how probable the right answer was, uncorrected, and whether tokens told all of it.

    Asked exactly as a verdict's look is. plain: see right_probabilities. Requirements without a usable answer are left
    out; empty when two tries gave none. Raises ModelUnreachable.
    """
    told: dict[str, float] = {}
    soft = True
    for questions in question_groups(checklist, seed, wording):
        try:
            found, with_tokens = await _right_probabilities(model, questions, jpeg, seed, plain)
        except AnswerUnusable:
            continue
        told |= found
        soft = soft and with_tokens
    return told, soft


async def _right_probabilities(
    model: Asked, questions: LookQuestions, jpeg: bytes, seed: int, plain: bool
) -> tuple[dict[str, float], bool]:
    question = questions.question(ShownPicture(jpeg), seed)

    def read(reply: Reply) -> tuple[tuple[dict[str, float], bool], str]:
        found, soft = right_probabilities(reply, questions, plain)
        lacking = [key for key, one in questions.asked.items() if one.requirement.id not in found]
        if len(lacking) == len(questions.asked):
            raise AnswerUnusable(f'The answer has no usable value for "{lacking[0]}".')
        return (found, soft), f"It has no usable value for {', '.join(lacking)}." if lacking else ""

    return await ask_twice(model, question, read)
