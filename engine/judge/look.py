"""One verdict about one picture: gate, encode, ask, read, and look twice before saying that the goal is met."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from .answer import read_answer
from .critique import CHECKS, Check, Critique
from .offline import broken
from .picture import Picture, Pictures, encode_jpeg
from .prompts import Look, asked_again, question
from .schema import ANSWER_SCHEMA, TOP, Answer
from .vision_model import AnswerUnusable, ModelUnreachable, Question, VisionModel

PROMPT_MATCH_WEIGHT = 0.85
"""The goal decides; the other checks separate pictures that meet it equally well."""
SEED_LIMIT = 2**31


class BatchVerdict(NamedTuple):
    """critiques: one per picture, in the order of the batch. best: index of the best of them by (passed, score)."""

    critiques: list[Critique]
    best: int


def parse_checks(text: str) -> tuple[Check, ...]:
    """The checks that count, from comma separated names. Empty means all; prompt_match always counts.

    Raises ValueError naming the valid checks.
    """
    names = {name.strip().lower() for name in text.split(",")} - {""}
    unknown = sorted(names - set(CHECKS))
    if unknown:
        raise ValueError(
            f'There is no check named "{unknown[0]}". Use any of {", ".join(CHECKS)}, separated by commas, '
            "or leave the field empty for all."
        )
    return tuple(name for name in CHECKS if not names or name in names or name == "prompt_match")


async def judge_picture(
    model: VisionModel, image: torch.Tensor | Picture, goal: str, pass_score: float, checks: Sequence[str], seed: int
) -> Critique:
    """Judge IMAGE [H,W,C] (float 0..1; C 1, 3 or 4) against the goal.

    pass_score: 0..1. checks: names from CHECKS that count, see parse_checks. seed: any whole number.
    A model that fails is an outcome, never an exception; what its `ask` raises besides ModelFailure (an interrupt)
    goes through. The model is released at the end in every case.
    """
    try:
        return await _judged(model, image, goal, pass_score, checks, seed)
    finally:
        await model.release()


async def judge_batch(
    model: VisionModel, images: Pictures, goal: str, pass_score: float, checks: Sequence[str], seed: int
) -> BatchVerdict:
    """Judge each picture as judge_picture does, and tell the best; the first on a tie.

    Once the model is unreachable, it is not asked about the rest of the batch. Raises ValueError for an empty batch.
    """
    if not len(images):
        raise ValueError("There is no picture in the batch. Link the output of a VAE decode to images.")
    critiques: list[Critique] = []
    try:
        for image in images:
            if critiques and critiques[-1].outcome == "unreachable":
                critiques.append(critiques[-1].model_copy(update={"seconds": 0.0}))
            else:
                critiques.append(await _judged(model, image, goal, pass_score, checks, seed))
    finally:
        await model.release()
    ranks = [(critique.passed, -1.0 if critique.score is None else critique.score) for critique in critiques]
    return BatchVerdict(critiques, ranks.index(max(ranks)))


@dataclass(frozen=True)
class _Sight:
    """One look that was read."""

    answer: Answer
    score: float
    checks: dict[Check, float]


async def _judged(
    model: VisionModel, image: torch.Tensor | Picture, goal: str, pass_score: float, checks: Sequence[str], seed: int
) -> Critique:
    begun = time.perf_counter()
    critique = await _verdict(model, image, goal, pass_score, checks, seed)
    return critique.model_copy(update={"model": model.name, "seconds": round(time.perf_counter() - begun, 4)})


async def _verdict(
    model: VisionModel, image: torch.Tensor | Picture, goal: str, pass_score: float, checks: Sequence[str], seed: int
) -> Critique:
    fault = await asyncio.to_thread(broken, image)
    if fault is not None:
        return Critique(judge="ollama", outcome="judged", score=0.0, reason=fault)
    try:
        await model.check()
        jpeg = (await asyncio.to_thread(encode_jpeg, image)).jpeg
        first = await _look(model, jpeg, goal, checks, seed, 1)
    except ModelUnreachable as problem:
        return Critique(judge="ollama", outcome="unreachable", reason=str(problem))
    except AnswerUnusable as problem:
        reason = f"{model.name} gave no usable answer in two tries. {problem} Try another judge model."
        return Critique(judge="ollama", outcome="unreadable", reason=reason)
    if not (first.answer.done and first.score >= pass_score):
        return _critique([first], passed=False, reason=first.answer.reason or _default_reason(first, pass_score))
    try:
        second = await _look(model, jpeg, goal, checks, seed + 1, 2)
    except (ModelUnreachable, AnswerUnusable) as problem:
        return _critique(
            [first], passed=False, reason=f"The first look says done, but there was no second one. {problem}"
        )
    both = _critique([first, second], passed=False, reason="")
    passed = both.done and both.score is not None and both.score >= pass_score
    if passed:
        return both.model_copy(update={"passed": True, "reason": first.answer.reason or "Both looks say done."})
    said = second.answer.reason or "It gave no reason."
    changes = second.answer.changes
    return both.model_copy(update={"reason": f"A second look did not agree: {said}", "changes": changes})


async def _look(model: VisionModel, jpeg: bytes, goal: str, checks: Sequence[str], seed: int, look: Look) -> _Sight:
    """One look, asked once more with the reason when the answer cannot be used."""
    system, text = question(goal, look)
    asked = Question(system=system, text=text, jpeg=jpeg, schema=ANSWER_SCHEMA, seed=seed % SEED_LIMIT)
    try:
        answer = read_answer(await model.ask(asked))
    except AnswerUnusable as problem:
        again = Question(system, asked_again(text, str(problem)), jpeg, ANSWER_SCHEMA, asked.seed)
        answer = read_answer(await model.ask(again))
    return _scored(answer, checks)


def _scored(answer: Answer, checks: Sequence[str]) -> _Sight:
    if answer.assessment is None:
        return _Sight(answer, 1.0 if answer.done else 0.0, {})
    counted = [name for name in CHECKS if name in checks or name == "prompt_match"]
    scores: dict[Check, float] = {name: getattr(answer.assessment, name) / TOP for name in counted}
    others = [score for name, score in scores.items() if name != "prompt_match"]
    match = scores["prompt_match"]
    score = PROMPT_MATCH_WEIGHT * match + (1 - PROMPT_MATCH_WEIGHT) * sum(others) / len(others) if others else match
    return _Sight(answer, _rounded(score), scores)


def _critique(sights: Sequence[_Sight], passed: bool, reason: str) -> Critique:
    """The mean of the looks. A check counts where every look has it."""
    names = [name for name in CHECKS if all(name in sight.checks for sight in sights)]
    return Critique(
        judge="ollama",
        outcome="judged",
        score=_rounded(sum(sight.score for sight in sights) / len(sights)),
        checks={name: _rounded(sum(sight.checks[name] for sight in sights) / len(sights)) for name in names},
        done=all(sight.answer.done for sight in sights),
        passed=passed,
        looks=len(sights),
        changes=sights[0].answer.changes,
        reason=reason,
    )


def _default_reason(sight: _Sight, pass_score: float) -> str:
    if sight.answer.done:
        return f"The model says done, but its score {sight.score:.2f} is below the pass score {pass_score:.2f}."
    return "The model says that the goal is not met, without a reason."


def _rounded(score: float) -> float:
    """Without the dust of floating point, so that .85 * .8 + .15 * .8 reaches a pass score of .8."""
    return round(score, 4)
