"""A look read as bare probabilities, without a verdict: for what is asked to know the judge, not the picture."""

from __future__ import annotations

from collections.abc import Mapping

from .asking import ask_twice
from .checklist import Checklist
from .questions import Wording, look_questions
from .sight import right_probabilities
from .vision_model import AnswerUnusable, Question, Reply, VisionModel


async def bare_look(
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
