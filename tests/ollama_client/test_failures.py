"""Every failure, through the real client over HTTP: the right exception, and a sentence that helps."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest
from pack.engine.judge.vision_model import AnswerUnusable, ModelStumbled, ModelUnfit, ModelUnreachable
from pack.rehearsal.ollama_double import Reply

from .conftest import MODEL, QUESTION

KINDS = {
    "busy": (ModelStumbled, "Wait a moment"),
    "load_fail": (ModelStumbled, "smaller model"),
    "oom": (ModelStumbled, "smaller model"),
    "load_timeout": (ModelUnreachable, "smaller model"),
    "overflow": (ModelUnreachable, "Shorten the goal"),
    "bad_schema": (ModelUnreachable, "Update Ollama"),
    "forbidden_empty": (ModelUnreachable, "IP address"),
    "html_502": (ModelStumbled, "proxy"),
    "redirect": (ModelUnreachable, "Enter the final address"),
    "not_json": (ModelUnreachable, "Check the address"),
    "error_list": (ModelUnreachable, "Check the address"),
    "drop": (ModelStumbled, "Ollama's log"),
    "drop_mid": (ModelStumbled, "Ollama's log"),
    "mid_error": (ModelStumbled, "Ollama's log"),
    "blank_line": (ModelUnreachable, "Check the address"),
    "no_done": (AnswerUnusable, "repeating itself"),
    "length": (AnswerUnusable, "cut off"),
}


def failure(model):
    with pytest.raises((ModelUnreachable, AnswerUnusable)) as caught:
        asyncio.run(model.ask(QUESTION))
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_faults_of_the_server(double, model_on, kind):
    expected, next_step = KINDS[kind]
    double.script.append(Reply(kind=kind))
    problem = failure(model_on(double.url))
    assert type(problem) is expected
    assert double.url in str(problem) or MODEL in str(problem)
    assert next_step in str(problem)


def nested(message, **more):
    return json.dumps({"error": json.dumps({"error": {"code": 500, "message": message, **more}})}).encode()


RAW = {
    "another program": (404, b"404 page not found", "not Ollama"),
    "key wanted": (401, b'{"error": "unauthorized"}', "key"),
    "old server, text model": (400, b'{"error": "this model does not support multimodal requests"}', "cannot see"),
    "text model": (500, nested("image input is not supported - hint: mmproj"), "cannot see"),
    "embedding model": (400, b'{"error": "\\"x\\" does not support chat"}', "cannot see"),
    "grammar": (400, nested("failed to parse grammar"), "Update Ollama"),
    "unresolved schema": (400, nested("JSON schema conversion failed: $ref"), "Update Ollama"),
    "format": (500, b'{"error": "invalid format: expected \\"json\\" or a JSON schema object"}', "Update Ollama"),
    "context": (400, nested("too long", type="exceed_context_size_error", n_ctx=8192), "Shorten the goal"),
    "old architecture": (
        500,
        b'{"error": "unknown model architecture: mllama"}',
        "another model",
    ),
    "died": (500, b'{"error": "model runner has terminated: exit status 2"}', "smaller model"),
    "stopped": (
        500,
        b'{"error": "model runner has unexpectedly stopped, this may be due to resource limitations or an internal '
        b'error, check ollama server logs for details"}',
        "not enough memory",
    ),
    "internal": (500, b'{"error": "something went wrong"}', "Ollama's log"),
    "system memory": (
        500,
        b'{"error": "model requires more system memory (9 GiB)"}',
        "smaller model",
    ),
    "thinking": (400, b'{"error": "\\"x\\" does not support thinking"}', "instruct"),
    "picture format": (400, b'{"error": "illegal base64 data at input byte 4"}', "picture"),
    "keep_alive": (400, b'{"error": "time: missing unit in duration \\"300\\""}', "keep_alive"),
    "unknown": (418, b'{"error": "I am a teapot"}', "Ollama's log"),
    "error object": (500, b'{"error": {"message": "out of memory"}}', "smaller model"),
    "error text": (500, b'"bad"', "Check the address"),
    "empty error": (500, b"", "Ollama's log"),
    "gateway": (504, b"<!DOCTYPE html><html>Gateway Timeout</html>", "proxy"),
    "unavailable page": (503, b"<html>Service Unavailable</html>", "proxy"),
    "success page": (200, b"<html>Log in</html>", "Check the address"),
    "success, nothing": (200, b"", "Check the address"),
    "success, list": (200, b"[1]", "Check the address"),
    "success, text": (200, b'"hello"', "Check the address"),
    "success, empty object": (200, b"{}", "Check the address"),
    "success, odd message": (200, b'{"message": 5, "done": true}', "Check the address"),
    "success, endless nesting": (200, b"[" * 200_000, "Check the address"),
    "success, not text": (200, b"\xff\xfe\x00", "Check the address"),
}


PASSING = {"died", "stopped", "system memory", "error object", "empty error", "gateway", "unavailable page", "internal"}
"""What may be over when the same is asked again."""


@pytest.mark.parametrize("name", RAW)
def test_answers_of_other_kinds(raw, model_on, name):
    status, body, next_step = RAW[name]
    raw.answers["/api/chat"] = (status, body)
    problem = failure(model_on(raw.url))
    kind = ModelUnfit if next_step == "cannot see" else ModelStumbled if name in PASSING else ModelUnreachable
    assert type(problem) is kind
    assert raw.url in str(problem)
    assert next_step in str(problem)
    assert "{" not in str(problem)


@pytest.mark.parametrize(("name", "memory"), [("stopped", True), ("system memory", True), ("internal", False)])
def test_memory_is_told_apart(raw, model_on, name, memory):
    raw.answers["/api/chat"] = RAW[name][:2]
    assert failure(model_on(raw.url)).out_of_memory is memory


def test_no_server(model_on):
    problem = failure(model_on("http://127.0.0.1:9"))
    assert "http://127.0.0.1:9" in str(problem)
    assert "ollama serve" in str(problem)


def test_unknown_host_name(model_on):
    problem = failure(model_on("http://nobody.invalid:11434"))
    assert "http://nobody.invalid:11434" in str(problem)
    assert "spelling" in str(problem)


def test_https_where_there_is_none(double, model_on):
    problem = failure(model_on(double.url.replace("http:", "https:")))
    assert "https" in str(problem)
    assert "http://" in str(problem) or "proxy" in str(problem)


@pytest.mark.parametrize("kind", ["hang_headers", "hang_body"])
def test_time_limit(double, model_on, kind):
    double.script.append(Reply(kind=kind))
    problem = failure(model_on(double.url, timeout=0.4))
    assert "0.4 seconds" in str(problem)
    assert "smaller model" in str(problem)


def test_the_time_limit_holds_for_a_server_that_trickles(raw, model_on):
    raw.answers["/api/chat"] = (200, b" " * 100)
    raw.seconds_per_byte = 0.1
    begun = time.monotonic()
    assert "0.7 seconds" in str(failure(model_on(raw.url, timeout=0.7)))
    assert time.monotonic() - begun < 2


def test_an_unknown_model_names_the_nearest_that_see(double, model_on):
    problem = failure(model_on(double.url, "qwen2.5-vl:7b"))
    assert '"qwen2.5-vl:7b"' in str(problem)
    assert "pictures: qwen2.5vl:7b" in str(problem)
    assert "text-only" not in str(problem)


def test_no_model_that_sees_is_installed(double, model_on):
    double.models = {"text-only:latest": ["completion"]}
    problem = failure(model_on(double.url, "nothing"))
    assert "ollama pull qwen3-vl:8b-instruct" in str(problem)


def test_a_server_whose_list_tells_no_capabilities(raw, model_on):
    raw.answers |= {
        "/api/chat": (404, b'{"error": "model \'x\' not found"}'),
        "/api/tags": (200, b'{"models": [{"name": "llava:7b"}, {"name": "far", "remote_host": "https://ollama.com"}]}'),
        "/api/show": (200, b'{"capabilities": ["completion", "vision"]}'),
    }
    assert "llava:7b" in str(failure(model_on(raw.url, "x")))
    assert "far" not in str(failure(model_on(raw.url, "x")))


@pytest.mark.parametrize("name", ["", "  "])
def test_no_model_named(double, model_on, name):
    assert "for example qwen3-vl:8b-instruct" in str(failure(model_on(double.url, name)))
    with pytest.raises(ModelUnreachable, match="No judge model"):
        asyncio.run(model_on(double.url, name).check())
    assert double.requests == []


def test_a_path_is_never_read_as_a_picture(double, model_on, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with pytest.raises(TypeError):
        asyncio.run(model_on(double.url).ask(QUESTION.__class__("s", "t", str(secret), {})))
    assert double.chats() == []


def test_a_thinking_model_that_ran_out_of_words_is_told_apart(double, model_on):
    double.script.append(Reply(kind="length"))
    model = model_on(double.url, "gemma4")

    async def both():
        await model.check()
        await model.ask(QUESTION)

    with pytest.raises(AnswerUnusable, match="instruct"):
        asyncio.run(both())


def test_an_empty_answer(double, model_on):
    double.script.append(Reply(content="  "))
    problem = failure(model_on(double.url))
    assert type(problem) is AnswerUnusable
    assert "empty" in str(problem)


def test_failures_leave_no_thread_or_task_behind(double, model_on):
    before = threading.active_count()
    double.script.append(Reply(kind="hang_headers"))

    async def call():
        with pytest.raises(ModelUnreachable):
            await model_on(double.url, timeout=0.3).ask(QUESTION)
        return len(asyncio.all_tasks())

    assert asyncio.run(call()) == 1
    assert threading.active_count() <= before
