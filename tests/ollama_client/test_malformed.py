"""Malformed answers in Ollama's own dialect invent no verdict."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.ollama_client import failures

from ..malformed import MALFORMED, STATUSES, TEXTS, VALUES, assert_nothing_invented
from ..painted import CHECKLIST, GOAL, painted
from .conftest import RawServer

PICTURE = painted(GOAL)
SEES = json.dumps({"capabilities": ["completion", "vision"], "model_info": {}, "details": {}}).encode()


def reply(text, **more):
    message = {"role": "assistant", "content": text}
    return json.dumps({"model": "m", "message": message, "done": True, "done_reason": "stop", **more}).encode()


BODIES = st.one_of(
    st.binary(max_size=80),
    VALUES.map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps({"model": "m", "message": value, "done": True}).encode()),
    TEXTS.map(reply),
    TEXTS.map(lambda text: reply("", message={"role": "assistant", "content": "", "thinking": text})),
    st.tuples(TEXTS, VALUES).map(lambda one: reply(one[0], logprobs=one[1])),
    st.tuples(TEXTS, VALUES).map(lambda one: reply(one[0], logprobs=[one[1]])),
    st.tuples(TEXTS, VALUES).map(lambda one: reply(one[0], done=one[1])),
    TEXTS.map(lambda text: reply(text, done_reason="length")),
)


@pytest.fixture(scope="module")
def server():
    made = RawServer()
    made.answers["/api/show"] = (200, SEES)
    yield made
    made.server.shutdown()
    made.server.server_close()


@settings(max_examples=MALFORMED, deadline=None, suppress_health_check=list(HealthCheck))
@given(status=STATUSES, body=BODIES)
def test_malformed_answers_invent_no_verdict(server, model_on, monkeypatch, status, body):
    monkeypatch.setattr(failures, "BUSY_PAUSE", 0.0)
    monkeypatch.setattr(failures, "RESTART_PAUSE", 0.0)
    server.answers["/api/chat"] = (status, body)

    async def look():
        judge = Judge("ollama", model_on(server.url), 0.8, CHECKS)
        return (await judge.judge_pictures([PICTURE], CHECKLIST, 5)).critiques[0]

    critique = asyncio.run(look())
    said = json.loads(body)["message"] if critique.outcome == "judged" else None
    assert_nothing_invented(critique, status, said)
