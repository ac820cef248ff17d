"""A jury of two biased doubles on two kinds of server, each tested by the pack's own self-test: where either alone ends
wrong, both together end right."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.jury import Jury
from pack.engine.judge.self_test import bias_of, run_self_test
from pack.ollama_client import Connection, OllamaVisionModel
from pack.rehearsal.ollama_double import OllamaDouble
from pack.rehearsal.ollama_pixels import pixel_judge
from pack.rehearsal.openai_double import OpenAIDouble

from ..painted import painted
from .conftest import Stopped, model_on

GOAL = "three red circles and a blue square"
CHECKLIST = checklist_of_lines(GOAL, ["three red circles", "a blue square"])
_FORM = re.compile(r"^(q\d+) \((yes/no|number|one word)\)", re.MULTILINE)


def biased(form, answer):
    """Right about everything but the questions of one form, which it answers always alike."""

    def speak(body, images):
        text = pixel_judge(body, images)
        said = "\n".join(str(message.get("content")) for message in body["messages"])
        if "<task>look</task>" not in said:
            return text
        found = json.loads(text)
        return json.dumps({**found, **{key: answer for key, asked in _FORM.findall(said) if asked == form}})

    return speak


PICTURES = {
    GOAL: True,
    "two red circles and a blue square": False,
    "three red circles": False,
}


def judged(judge, prompt):
    return asyncio.run(judge.judge_pictures([painted(prompt)], CHECKLIST, 5)).critiques[0]


@pytest.fixture(scope="module")
def judges():
    """makers of (says yes to everything, counts three of everything), each with its self-test."""
    yes, three = biased("yes/no", "yes"), biased("number", 3)
    with OllamaDouble(default=yes, logprobs=False) as ollama, OpenAIDouble("lm studio", speaker=three) as openai:
        place = Connection("test", ollama.url)
        models = [
            OllamaVisionModel(place, "qwen3-vl:8b-instruct", 300, lambda: False, Stopped),
            model_on(openai.url, timeout=60.0),
        ]
        tests = [asyncio.run(run_self_test(model)) for model in models]

        def make(number):
            judge = Judge(("ollama", "openai")[number], models[number], 0.8, CHECKS)
            judge.tested, judge.bias = tests[number], bias_of(tests[number])
            return judge

        yield make


def test_the_self_tests_find_what_each_cannot_tell(judges):
    weak = [judges(number).bias.weak for number in (0, 1)]
    assert "object" in weak[0] and "count" not in weak[0]
    assert "count" in weak[1] and "object" not in weak[1]


def test_each_alone_ends_wrong(judges):
    assert any(judged(judges(0), prompt).passed != right for prompt, right in PICTURES.items())
    assert any(judged(judges(1), prompt).passed != right for prompt, right in PICTURES.items())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_together_they_end_right_whoever_is_first(judges, order):
    first, second = (judges(number) for number in order)
    found = {prompt: judged(Jury(first, [second]), prompt) for prompt in PICTURES}
    assert {prompt: one.passed for prompt, one in found.items()} == PICTURES, [one.reason for one in found.values()]
    assert all(len(one.jury) == 2 and one.jury[1].calls >= 1 for one in found.values())
