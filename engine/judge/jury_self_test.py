"""The self-test of several judges as one: what they find together, of scenes that each was shown by itself.

Each is shown all scenes before the next one is asked, so that a small card loads each model once. Their answers are
weighed as a jury weighs them (jury_evidence), by the self-tests that the same answers make: a little to its favour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .checklist import Requirement
from .critique import Item
from .jury_evidence import Worth
from .reliability import reliability_of
from .scoring import UNKNOWN, Bias, correct_logit_bias, sigmoid
from .self_test import Progress, SceneAnswers, SelfTest, TrialAnswer, ask_scenes, bias_of
from .self_test_scenes import self_test_scenes
from .vision_model import VisionModel


async def run_jury_self_test(
    models: Sequence[VisionModel], progress: Progress | None = None
) -> tuple[list[SelfTest], SelfTest]:
    """The self-test of each, and that of all together. progress: scenes done and their number, over all models.

    Raises what run_self_test raises.
    """
    heard = []
    for number, model in enumerate(models):

        def told(done: int, of: int, before: int = number) -> None:
            if progress is not None:
                progress(before * of + done, of * len(models))

        heard.append(await ask_scenes(model, told))
    tests = [one.tested() for one in heard]
    return tests, _together(heard, tests).tested()


def jury_digest(digests: Sequence[str]) -> str:
    """What tells this very jury, in whatever order its judges are named; "" where one of them has no digest."""
    plain = sorted(digest.lower().removeprefix("sha256:") for digest in digests)
    return hashlib.sha256("\n".join(["jury", *plain]).encode()).hexdigest() if all(plain) else ""


def _together(heard: Sequence[SceneAnswers], tests: Sequence[SelfTest]) -> SceneAnswers:
    biases = [bias_of(test) for test in tests]
    worths = [Worth(reliability_of(test), bias.weak) for test, bias in zip(tests, biases, strict=True)]
    # In the order in which the answers came: see ask_scenes.
    asked = [trial.requirement for scene in self_test_scenes() for _ in (1, 2) for trial in scene.trials]
    together = []
    for at, requirement in enumerate(asked):
        answers = [one.answers[at] for one in heard]
        evidence = [
            _evidence(answer, requirement, worth, bias, one.soft)
            for answer, worth, bias, one in zip(answers, worths, biases, heard, strict=True)
            if answer.p is not None
        ]
        first = answers[0]
        p = sigmoid(sum(evidence)) if evidence else None
        together.append(TrialAnswer(first.kind, first.wording, first.holds, p))
    return SceneAnswers(
        model=", ".join(one.model for one in heard),
        digest=jury_digest([one.digest for one in heard]),
        soft=all(one.soft for one in heard),
        answers=tuple(together),
    )


def _evidence(answer: TrialAnswer, requirement: Requirement, worth: Worth, bias: Bias, soft: bool) -> float:
    """The log-likelihood ratio of one judge's answer. As in a look, no threshold makes a wrong word a right one."""
    p = correct_logit_bias(answer.p, requirement, bias, answer.wording)
    p = p if answer.p > UNKNOWN else min(p, UNKNOWN)
    item = Item(id=requirement.id, answer="yes" if p > UNKNOWN else "no", p=p, passed=p > UNKNOWN)
    return worth.evidence(item, requirement, soft)
