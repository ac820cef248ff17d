"""The judge from picture to verdict on every dialect, each fault once and lasting, and malformed answers."""

from __future__ import annotations

import asyncio
import json
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pack.engine.judge.checklist_builder import make_checklist
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.openai_client import vision_model
from pack.rehearsal.openai_double import DIALECTS, MODEL, Fault, OpenAIDouble, Said

from ..malformed import MALFORMED, STATUSES, TEXTS, VALUES, assert_nothing_invented
from ..painted import CHECKLIST, GOAL, STEPS, UNDERSTOOD, painted
from .conftest import model_on

SILENT = {"hang_headers", "hang_body"}
LASTING = {"overflow", "forbidden_empty", "redirect", "not_json", "too_long", *SILENT}
"""Failures of which nobody expects that the next try is better."""


PICTURE = painted(GOAL)


def judged(url, picture=PICTURE, timeout=10.0, checklist=CHECKLIST):
    async def look():
        judge = Judge("ollama", model_on(url, timeout=timeout), 0.8, CHECKS)
        return (await judge.judge_pictures([picture], checklist, 5)).critiques[0]

    return asyncio.run(look())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_right_and_wrong_pictures_in_every_dialect(dialect):
    with OpenAIDouble(dialect) as double:
        right, wrong = judged(double.url), judged(double.url, painted("two red circles and one blue square"))
    assert (right.outcome, right.passed, right.looks) == ("judged", True, 2), right.reason
    assert (wrong.outcome, wrong.passed) == ("judged", False)
    assert "I count 2" in wrong.reason
    assert right.soft == (dialect in ("llama.cpp", "vllm"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_goal_is_taken_apart_in_every_dialect(dialect):
    with OpenAIDouble(dialect) as double:
        checklist = asyncio.run(make_checklist(model_on(double.url), "two green stars left of one yellow triangle", 5))
    assert {"count", "relation"} <= {one.kind for one in checklist.requirements}


@pytest.fixture(scope="module")
def doubles():
    with OpenAIDouble("llama.cpp") as one, OpenAIDouble("lm studio") as two:
        yield one, two


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", get_args(Fault))
def test_a_fault_that_comes_once(doubles, kind, step):
    for double in doubles:
        double.script.clear()
        double.script.extend([*[Said()] * STEPS[step], Said(kind)])
        critique = judged(double.url, timeout=0.5 if kind in SILENT else 10.0)
        if kind not in LASTING:
            assert critique.passed, f"{kind} once costs no verdict: {critique.reason}"
        elif step == "first":
            assert (critique.outcome, critique.score, critique.passed) == ("unreachable", None, False)
        else:
            assert (critique.outcome, critique.passed, critique.looks) == ("judged", False, 1)
            assert "second one" in critique.reason


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", get_args(Fault))
def test_a_fault_that_lasts_never_passes_anything(doubles, kind, step):
    double = doubles[0]
    double.script.clear()
    double.script.extend([*[Said()] * STEPS[step], *[Said(kind)] * 600])
    critique = judged(double.url, timeout=1.5 if kind in SILENT or kind == "loading" else 10.0)
    double.script.clear()
    if kind in UNDERSTOOD:
        assert critique.passed, critique.reason
        return
    assert not critique.passed
    assert critique.reason
    if step == "first":
        assert critique.score is None


def completion(text, **more):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
    return json.dumps({"choices": [choice]}).encode()


BODIES = st.one_of(
    st.binary(max_size=80),
    VALUES.map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps({"choices": value}).encode()),
    VALUES.map(lambda value: json.dumps({"choices": [{"message": value}]}).encode()),
    TEXTS.map(completion),
    st.tuples(TEXTS, VALUES).map(lambda one: completion(one[0], logprobs=one[1])),
    st.tuples(TEXTS, VALUES).map(lambda one: completion(one[0], logprobs={"content": [one[1]]})),
    TEXTS.map(lambda text: completion(text, finish_reason="length")),
)


@pytest.fixture(scope="module", params=DIALECTS)
def any_double(request):
    with OpenAIDouble(request.param) as double:
        yield double


@settings(max_examples=MALFORMED, deadline=None, suppress_health_check=list(HealthCheck))
@given(status=STATUSES, body=BODIES)
def test_malformed_answers_invent_no_verdict(any_double, status, body):
    any_double.script.clear()
    any_double.script.extend([Said(raw=(status, body))] * 12)
    critique = judged(any_double.url)
    said = json.loads(body)["choices"][0]["message"] if critique.outcome == "judged" else None
    assert_nothing_invented(critique, status, said)
    vision_model._lists.clear()


def test_the_model_is_named_in_the_verdict():
    with OpenAIDouble("vllm") as double:
        assert judged(double.url).model == MODEL
