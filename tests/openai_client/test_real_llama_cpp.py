"""The client against a real llama.cpp server with a tiny vision model of random numbers.

LLAMA_CPP_PYTHON names an interpreter with the packages xllamacpp and gguf; without it this is skipped. Its answers are
nonsense in the right form, so what is proved is the wire: models, schema, probabilities, and its errors.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from jsonschema import validate
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture, encode_jpeg
from pack.engine.judge.questions import ShownPicture, look_questions
from pack.engine.judge.vision_model import ModelUnfit, ModelUnreachable, Question
from pack.openai_client import OpenAIServer, vision_model
from pack.openai_client.models import seen_models
from pack.rehearsal.process import free_port

from .conftest import model_on

PYTHON = os.environ.get("LLAMA_CPP_PYTHON")
pytestmark = pytest.mark.skipif(not PYTHON, reason="LLAMA_CPP_PYTHON names no interpreter with xllamacpp and gguf")
CHECKLIST = checklist_of_lines("g", ["three red circles", "a blue square"])
QUESTIONS = look_questions(CHECKLIST, 5)


@pytest.fixture(scope="module", params=["seeing", "blind"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    port, script = free_port(), Path(__file__).with_name("tiny_llama.py")
    command = [PYTHON, str(script), str(folder), str(port), request.param]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
        line = process.stdout.readline().decode()
        assert line.startswith("http"), (folder / "log").read_text()
        yield request.param, line.strip()
        process.kill()


@pytest.fixture
def seeing(server):
    if server[0] != "seeing":
        pytest.skip("of the server that sees")
    return server[1]


def looking():
    return QUESTIONS.question(ShownPicture(encode_jpeg(torch.rand(64, 64, 3)).jpeg), 5)


def test_its_model_is_listed_with_what_it_can(server):
    kind, url = server
    listed = asyncio.run(seen_models(OpenAIServer("x", url), 10.0))
    assert (listed.dialect, [one.sees for one in listed.models]) == ("llama.cpp", [kind == "seeing"])


def test_a_model_without_eyes_is_refused_before_and_after(server):
    kind, url = server
    if kind == "seeing":
        pytest.skip("of the blind server")
    with pytest.raises(ModelUnfit, match="cannot see pictures"):
        asyncio.run(model_on(url).check())
    vision_model._looked.add((f"{url}/v1", model_on(url).name))
    with pytest.raises(ModelUnfit, match="cannot see pictures"):
        asyncio.run(model_on(url).ask(looking()))


def test_the_schema_is_enforced_and_probabilities_come(seeing):
    model = model_on(seeing, timeout=60.0)
    asyncio.run(model.check())
    reply = asyncio.run(model.ask(looking()))
    validate(json.loads(reply.text), QUESTIONS.schema)
    # The content comes without the blanks around it, the tokens with them.
    assert "".join(token.text for token in reply.tokens).strip() == reply.text.strip()
    assert max(len(token.top) for token in reply.tokens) == 20
    form = vision_model._forms[f"{seeing}/v1", model.name]
    assert (form.schema, form.probabilities, form.extras) == (True, True, True), "nothing had to be left out"


def test_the_same_question_has_the_same_answer(seeing):
    model = model_on(seeing, timeout=60.0)
    question = looking()
    assert asyncio.run(model.ask(question)).text == asyncio.run(model.ask(question)).text


def test_a_whole_look_comes_to_a_verdict(seeing):
    judge = Judge("openai", model_on(seeing, timeout=60.0), 0.8, CHECKS, served_by="openai")
    asyncio.run(judge.model.check())
    found = asyncio.run(judge.judge_pictures([Picture(torch.rand(256, 256, 3))], CHECKLIST, 5)).critiques[0]
    assert (found.outcome, found.judge, found.soft) in (("judged", "openai", True), ("unreadable", "openai", False))


def test_its_errors_are_known(seeing):
    model = model_on(seeing, timeout=60.0)
    asyncio.run(model.check())
    with pytest.raises(ModelUnreachable, match="do not fit into the context"):
        asyncio.run(model.ask(Question("s", "x " * 20_000, b"", QUESTIONS.schema)))
    with pytest.raises(ModelUnreachable, match="could not read the picture"):
        asyncio.run(model.ask(replace(looking(), jpeg=b"no picture at all")))
