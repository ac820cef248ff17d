"""The judge from picture to verdict on every dialect, each fault once and lasting, and malformed answers."""

from __future__ import annotations

import asyncio
import json
import os
from typing import get_args

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pack.engine.judge.checklist_builder import make_checklist
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.openai_client import vision_model
from pack.rehearsal.openai_double import DIALECTS, MODEL, Fault, OpenAIDouble, Said
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse

from .conftest import model_on

GOAL = "three red circles and one blue square"
CHECKLIST = checklist_of_lines(GOAL, ["three red circles", "one blue square"])
STEPS = {"first": 0, "blank": 1, "second": 2}
UNDERSTOOD = {"ok", "fenced", "prose", "trailing_comma", "think_tag", "json_in_thinking"}
"""Answers that are only badly written."""
SILENT = {"hang_headers", "hang_body"}
LASTING = {"overflow", "forbidden_empty", "redirect", "not_json", "too_long", *SILENT}
"""Failures of which nobody expects that the next try is better."""


def painted(prompt):
    return Picture(torch.from_numpy(draw(parse(prompt), 5, 512, 512).astype("float32") / 255))


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


WORDS = st.sampled_from(["q01", "q02", "done", "yes", "no", "choices", "message", "content", "logprobs", "error", "3"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats(allow_nan=False) | WORDS | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
QUOTE = '"'
TEXTS = st.one_of(
    st.text(max_size=60),
    VALUES.map(lambda value: json.dumps(value)),
    VALUES.map(lambda value: json.dumps(value)[:-1]),
    VALUES.map(lambda value: f"<think>{json.dumps(value)}"),
    st.sampled_from(["{" * 500, "[" * 90_000, QUOTE * 999, '{"q01": 3, "q01": 4}', '{"q01": "3"} {"q01": "2"}']),
)


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
STATUSES = st.sampled_from([200] * 12 + [400, 404, 422, 500])


@pytest.fixture(scope="module", params=DIALECTS)
def any_double(request):
    with OpenAIDouble(request.param) as double:
        yield double


MALFORMED = int(os.environ.get("MALFORMED", "40"))
"""Of each dialect; a thousand take some minutes."""


@settings(max_examples=MALFORMED, deadline=None, suppress_health_check=list(HealthCheck))
@given(status=STATUSES, body=BODIES)
def test_malformed_answers_invent_no_verdict(any_double, status, body):
    any_double.script.clear()
    any_double.script.extend([Said(raw=(status, body))] * 12)
    critique = judged(any_double.url)
    assert not critique.passed
    if critique.outcome == "judged":
        # Every item that was found met was said in so many words.
        said = json.loads(body)["choices"][0]["message"]
        spoken = json.dumps(said)
        assert status == 200
        for item in critique.items:
            assert item.answer == "unknown" or item.answer.strip('"') in spoken.lower(), (item, spoken)
        assert any(word in spoken for word in ("q01", "q02", "done"))
    else:
        assert critique.score is None
    vision_model._lists.clear()


def test_the_model_is_named_in_the_verdict():
    with OpenAIDouble("vllm") as double:
        assert judged(double.url).model == MODEL
