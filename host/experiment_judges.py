"""Who judges in an experiment: the judge of its runs, and who looks at their pictures afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..engine.judge.judge import Judge
from ..engine.judge.ranking import JudgeChoice, JudgeRequest
from ..engine.judge.vision_model import ModelFailure
from ..engine.loop.refusals import NotNow
from ..ollama_client import GOOD_MODEL
from . import settings
from .judge_inputs import CriticInputs, without_fallback

ANY_GOAL = "what the picture shows"
"""A judge is made for a goal; here each picture comes with a checklist of its own."""


async def find_looker(choice: JudgeChoice, make_judge: Callable[[JudgeRequest], Awaitable[Judge]]) -> Judge:
    """The judge that a choice names, once each of its models answers. Raises ValueError, NotNow."""
    judge = await make_judge(JudgeRequest(goal=ANY_GOAL, judge=choice))
    try:
        for juror in judge.jurors:
            await juror.asked.check()
    except ModelFailure as problem:
        raise NotNow(str(problem)) from problem
    return judge


def judge_kind(choice: JudgeChoice) -> str:
    """What VLM Critique's input judge must say so that no other judge takes its place. Raises ValueError."""
    try:
        inputs = CriticInputs(goal=ANY_GOAL, model=choice.model or GOOD_MODEL, connection=choice.connection)
        return without_fallback(inputs).judge
    except settings.UnknownConnection as problem:
        raise ValueError(f"judge.connection: {problem}") from problem
