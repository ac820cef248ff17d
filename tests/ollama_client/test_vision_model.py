"""The model over HTTP: what is sent, Interrupt, turns, the capabilities check and release."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import threading
import time
import types
from dataclasses import replace

import pytest
from pack.engine.judge.vision_model import ModelUnfit, ModelUnreachable
from pack.ollama_client import vision_model
from pack.ollama_client.tokens import asked_for, read_tokens
from pack.rehearsal.ollama_double import OllamaDouble, Reply

from .conftest import ANSWER, MODEL, QUESTION, SCHEMA, Stopped


def test_the_request_as_sent(double, model_on):
    assert asyncio.run(model_on(double.url).ask(QUESTION)).text == ANSWER
    (sent,) = double.chats()
    messages = sent.body.pop("messages")
    assert sent.body == {
        "model": MODEL,
        "stream": False,
        "think": False,
        "tools": [],
        "format": SCHEMA,
        "keep_alive": 300.0,
        "options": {"temperature": 0, "seed": 5, "num_ctx": 8192, "num_predict": 768},
    }
    assert [message["role"] for message in messages] == ["system", "user"]
    assert (messages[0]["content"], messages[1]["content"]) == (QUESTION.system, QUESTION.text)
    assert [image.sha256 for image in sent.images] == [hashlib.sha256(QUESTION.jpeg).hexdigest()]
    assert sent.headers["user-agent"].startswith("ollama-python/")


def test_keys_of_the_schema_keep_their_order(double, model_on):
    asyncio.run(model_on(double.url).ask(QUESTION))
    assert list(double.chats()[0].body["format"]["properties"]) == ["q01", "a"]


def test_a_question_about_text_alone_sends_no_picture_and_has_more_room(double, model_on):
    question = QUESTION.__class__("s", "t", b"", SCHEMA, 5, temperature=0.7)
    asyncio.run(model_on(double.url).ask(question))
    (sent,) = double.chats()
    assert "images" not in sent.body["messages"][1]
    assert sent.body["options"] == {"temperature": 0.7, "seed": 5, "num_ctx": 8192, "num_predict": 2048}


PROBABLE = replace(QUESTION, probabilities=True)


def test_probabilities_are_asked_for_and_read(double, model_on):
    reply = asyncio.run(model_on(double.url).ask(PROBABLE))
    (sent,) = double.chats()
    assert (sent.body["logprobs"], sent.body["top_logprobs"]) == (True, 20)
    assert "".join(token.text for token in reply.tokens) == reply.text == ANSWER
    assert all(token.logprob <= 0 and len(token.top) <= 20 for token in reply.tokens)
    assert asyncio.run(model_on(double.url).ask(QUESTION)).tokens == ()


def test_a_server_that_leaves_them_out_still_answers(model_on):
    with OllamaDouble(version="0.12.10", default=Reply(content=ANSWER)) as old:
        reply = asyncio.run(model_on(old.url).ask(PROBABLE))
    assert (reply.text, reply.tokens) == (ANSWER, ())


def chat_body(**more):
    message = {"role": "assistant", "content": ANSWER}
    return json.dumps({"model": MODEL, "message": message, "done": True, "done_reason": "stop"} | more).encode()


def test_a_server_that_refuses_them_is_asked_without_from_then_on(raw, model_on, monkeypatch):
    refusal = json.dumps({"error": 'json: unknown field "top_logprobs"'}).encode()
    raw.answers["/api/chat"] = (400, refusal)
    asked = []

    def answer_the_plain_request(client):
        asked.append(len(raw.paths))
        return {"logprobs": True}

    monkeypatch.setattr(vision_model, "asked_for", answer_the_plain_request)
    with pytest.raises(ModelUnreachable):
        asyncio.run(model_on(raw.url).ask(PROBABLE))
    assert raw.paths == ["/api/chat", "/api/chat"]
    raw.answers["/api/chat"] = (200, chat_body())
    assert asyncio.run(model_on(raw.url).ask(PROBABLE)).text == ANSWER
    assert (len(asked), len(raw.paths)) == (1, 3)


@pytest.mark.parametrize("listed", ["none", {"token": "a"}, [{"token": "a"}], [{"logprob": -1}]])
def test_probabilities_of_an_unknown_form_are_done_without(raw, model_on, listed):
    raw.answers["/api/chat"] = (200, chat_body(logprobs=listed))
    with pytest.raises(ModelUnreachable):
        asyncio.run(model_on(raw.url).ask(PROBABLE))
    assert len(raw.paths) == 2


def test_values_that_are_none_count_as_next_to_impossible():
    one = types.SimpleNamespace(token="a", logprob=float("-inf"), top_logprobs=None)
    (token,) = read_tokens(types.SimpleNamespace(logprobs=[one]))
    assert (token.text, token.logprob, token.top) == ("a", -100.0, ())


def test_a_client_that_does_not_know_the_fields_is_not_given_them():
    class Old:
        async def chat(self, model="", messages=None):
            pass

    assert asked_for(Old()) == {}


def test_the_digest_is_asked_once_a_minute(double, model_on):
    model = model_on(double.url)
    expected = hashlib.sha256(MODEL.encode()).hexdigest()
    assert [asyncio.run(model.digest()) for _ in range(3)] == [expected] * 3
    assert len([record for record in double.requests if record.path == "/api/tags"]) == 1
    assert asyncio.run(model_on(double.url, "not-there").digest()) == ""
    with pytest.raises(ModelUnreachable):
        asyncio.run(model_on("http://127.0.0.1:9").digest())


def test_seeds_have_31_bits(double, model_on):
    asyncio.run(model_on(double.url).ask(QUESTION.__class__("s", "t", b"x", {}, 2**63 + 9)))
    assert double.chats()[0].body["options"]["seed"] == 9


def test_an_answer_in_thinking_is_read(double, model_on):
    double.script.append(Reply(content=ANSWER, kind="json_in_thinking"))
    assert asyncio.run(model_on(double.url).ask(QUESTION)).text == ANSWER


def test_interrupt_ends_the_call_and_the_server_notices(double, model_on):
    double.script.append(Reply(kind="hang_headers"))
    flag = threading.Event()
    threading.Thread(target=lambda: double.wait_for(double.chats) and flag.set()).start()
    with pytest.raises(Stopped):
        asyncio.run(model_on(double.url, interrupted=flag.is_set, timeout=60).ask(QUESTION))
    assert double.wait_for(double.disconnects), "long before the time limit"


def test_an_interrupt_before_the_call_sends_nothing(double, model_on):
    with pytest.raises(Stopped):
        asyncio.run(model_on(double.url, interrupted=lambda: True).ask(QUESTION))
    assert double.requests == []


def test_a_cancelled_task_hangs_up_as_well(double, model_on):
    double.script.append(Reply(kind="hang_headers"))

    async def call():
        task = asyncio.ensure_future(model_on(double.url).ask(QUESTION))
        await asyncio.to_thread(double.wait_for, double.chats)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    asyncio.run(call())
    assert double.wait_for(double.disconnects)


def overlap(double):
    """Seconds from the first to the last request's arrival."""
    times = [record.started for record in double.chats()]
    return max(times) - min(times)


def test_one_question_at_a_time_on_one_loop(double, model_on):
    double.default = Reply(content=ANSWER, delay=0.25)

    async def three():
        await asyncio.gather(*(model_on(double.url).ask(QUESTION) for _ in range(3)))

    asyncio.run(three())
    assert overlap(double) >= 0.45


def test_one_question_at_a_time_on_several_loops(double, model_on):
    double.default = Reply(content=ANSWER, delay=0.25)
    ask = model_on(double.url).ask
    threads = [threading.Thread(target=lambda: asyncio.run(ask(QUESTION))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(double.chats()) == 3
    assert overlap(double) >= 0.45


def test_interrupt_while_waiting_for_the_turn(double, model_on):
    double.script.append(Reply(content=ANSWER, delay=2.0))

    async def two():
        first = asyncio.ensure_future(model_on(double.url).ask(QUESTION))
        await asyncio.to_thread(double.wait_for, double.chats)
        with pytest.raises(Stopped):
            await model_on(double.url, interrupted=lambda: True).ask(QUESTION)
        assert not first.done()
        await first

    asyncio.run(two())
    assert len(double.chats()) == 1


def test_the_turn_is_given_back_after_a_failure(double, model_on):
    double.script.append(Reply(kind="busy"))
    model = model_on(double.url)
    with pytest.raises(ModelUnreachable):
        asyncio.run(model.ask(QUESTION))
    assert asyncio.run(model.ask(QUESTION)).text == ANSWER


def test_check_asks_once_a_minute(double, model_on, monkeypatch):
    for _ in range(3):
        asyncio.run(model_on(double.url).check())
    assert len(double.requests) == 1
    monkeypatch.setattr(vision_model, "CHECK_VALID", 0.0)
    asyncio.run(model_on(double.url).check())
    assert len(double.requests) == 2


@pytest.mark.parametrize("odd", [b"{}", b'{"capabilities": ["completion"]}', b'{"status": "starting"}'])
def test_an_odd_answer_to_a_check_is_not_believed_for_long(raw, model_on, odd):
    raw.answers["/api/show"] = (200, odd)
    with contextlib.suppress(ModelUnreachable):
        asyncio.run(model_on(raw.url).check())
    raw.answers["/api/show"] = (200, b'{"capabilities": ["vision"]}')
    asyncio.run(model_on(raw.url).check())
    raw.answers["/api/show"] = (200, odd)
    asyncio.run(model_on(raw.url).check())
    assert raw.paths.count("/api/show") == 2, "the good answer holds"


def test_a_failed_check_is_not_remembered(double, model_on):
    model = model_on(double.url, "new:1b")
    with pytest.raises(ModelUnreachable, match="new:1b"):
        asyncio.run(model.check())
    double.models["new:1b"] = ["completion", "vision"]
    asyncio.run(model.check())


def test_check_refuses_a_model_that_cannot_see(double, model_on):
    with pytest.raises(ModelUnreachable) as caught:
        asyncio.run(model_on(double.url, "text-only").check())
    assert "cannot see pictures" in str(caught.value)
    assert "qwen2.5vl:7b" in str(caught.value)


def test_a_missing_model_names_the_best_known_judge_of_those_installed(double, model_on):
    for name in ("gemma3:12b", "qwen3-vl:8b", "qwen3-vl:8b-instruct", "llava:7b"):
        double.models[name] = ["completion", "vision"]
    with pytest.raises(ModelUnfit, match=r"best known judge of those installed is qwen3-vl:8b-instruct\."):
        asyncio.run(model_on(double.url, "llava-llama3").check())


def test_check_refuses_the_cloud_unless_allowed(raw, model_on):
    raw.answers["/api/show"] = (200, b'{"capabilities": ["vision"], "remote_host": "https://ollama.com:443"}')
    with pytest.raises(ModelUnreachable, match="cloud"):
        asyncio.run(model_on(raw.url).check())
    asyncio.run(model_on(raw.url, allow_remote=True).check())


@pytest.mark.parametrize("body", [b"{}", b'{"capabilities": null, "model_info": {}}', b'{"capabilities": []}'])
def test_check_accepts_an_old_server(raw, model_on, body):
    raw.answers["/api/show"] = (200, body)
    asyncio.run(model_on(raw.url).check())


def test_keep_alive_0_keeps_the_model_between_looks_and_unloads_at_the_end(double, model_on):
    model = model_on(double.url, keep_alive=0)

    async def looks():
        await model.ask(QUESTION)
        await model.ask(QUESTION)
        assert MODEL in double.loaded
        await model.release()

    asyncio.run(looks())
    first, second, unload = double.chats()
    assert first.body["keep_alive"] == second.body["keep_alive"] == 60
    assert (unload.body["messages"], unload.body["keep_alive"]) == ([], 0)
    assert MODEL not in double.loaded


@pytest.mark.parametrize("keep_alive", [300, -1, "5m"])
def test_release_leaves_other_keep_alives_alone(double, model_on, keep_alive):
    model = model_on(double.url, keep_alive=keep_alive)
    asyncio.run(model.ask(QUESTION))
    asyncio.run(model.release())
    (sent,) = double.chats()
    assert sent.body["keep_alive"] == keep_alive


def test_release_without_a_question_sends_nothing(double, model_on):
    asyncio.run(model_on(double.url, keep_alive=0).release())
    assert double.requests == []


def test_release_does_not_call_a_server_that_is_not_there(model_on, caplog):
    model = model_on("http://127.0.0.1:9", keep_alive=0)
    with pytest.raises(ModelUnreachable):
        asyncio.run(model.ask(QUESTION))
    asyncio.run(model.release())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("kind", ["busy", "drop", "not_json", "hang_headers"])
def test_release_never_raises(double, raw, model_on, kind, monkeypatch):
    monkeypatch.setattr(vision_model, "RELEASE_SECONDS", 0.3)
    model = model_on(double.url, keep_alive=0)
    asyncio.run(model.ask(QUESTION))
    raw.answers[""] = {"busy": (503, b"{}"), "not_json": (200, b"x")}.get(kind, (500, b"[]"))
    model._connection = model._connection.__class__("x", raw.url if kind != "drop" else "http://127.0.0.1:9")
    asyncio.run(model.release())


def test_release_after_an_interrupt_is_quick(double, model_on):
    double.script.append(Reply(kind="hang_headers"))
    flag = threading.Event()
    model = model_on(double.url, keep_alive=0, interrupted=flag.is_set)
    threading.Timer(0.2, flag.set).start()
    begun = time.monotonic()

    async def judge():
        try:
            await model.ask(QUESTION)
        finally:
            await model.release()

    with pytest.raises(Stopped):
        asyncio.run(judge())
    assert time.monotonic() - begun < 1


def test_logs_hold_neither_question_nor_picture_nor_key(double, model_on, caplog, monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", "secret-key")
    caplog.set_level(logging.DEBUG, logger="pack")
    model = model_on(double.url, keep_alive=0, send_key=True)
    asyncio.run(model.ask(QUESTION))
    double.script.append(Reply(kind="oom"))
    with pytest.raises(ModelUnreachable):
        asyncio.run(model.ask(QUESTION))
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("pack"))
    assert ours
    for secret in (QUESTION.text, QUESTION.system, "secret-key", "a picture"):
        assert secret not in ours
