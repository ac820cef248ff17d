"""The model over HTTP, on a double of each dialect: what is sent, what is read, and what never goes along."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import threading
import time
from dataclasses import replace

import pytest
from pack.engine.judge.vision_model import AnswerUnusable, ModelStumbled, ModelUnfit, ModelUnreachable
from pack.openai_client import OpenAIServer, base_url, vision_model
from pack.openai_client.models import seen_models
from pack.rehearsal.openai_double import BLIND_MODEL, DIALECTS, MODEL, OpenAIDouble, Said
from PIL import Image

from .conftest import QUESTION, SCHEMA, Stopped, model_on

stream = io.BytesIO()
Image.new("RGB", (64, 64), (200, 30, 30)).save(stream, "JPEG")
JPEG = stream.getvalue()
LOOK = replace(QUESTION, jpeg=JPEG, probabilities=True, seed=5)
BOTH = [MODEL, BLIND_MODEL]


def ask(url, question=LOOK, **options):
    return asyncio.run(model_on(url, **options).ask(question))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234/v1"),
        ("http://box:8080/v1/", "http://box:8080/v1"),
        ("https://box/api/v1", "https://box/api/v1"),
        ("http://user:secret@box:1", "http://box:1/v1"),
        ("http://0.0.0.0:8000", "http://127.0.0.1:8000/v1"),
        ("http://[::]:8000/", "http://[::1]:8000/v1"),
    ],
)
def test_addresses(url, expected):
    assert base_url(OpenAIServer("x", url)) == expected


@pytest.mark.parametrize(
    "url", ["", "box:1234", "ftp://box", "http://", "http://box:99999", "http://box/?a=1", "file:///x"]
)
def test_addresses_that_cannot_be_used(url):
    with pytest.raises(ModelUnreachable, match="cannot be used"):
        base_url(OpenAIServer("x", url))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_picture_is_looked_at_in_every_dialect(dialect):
    with OpenAIDouble(dialect) as double:
        reply = ask(double.url)
        sent = double.chats()[-1]
    assert json.loads(reply.text)["q01"] == "no"
    assert [image.sha256 for image in sent.images] == [hashlib.sha256(JPEG).hexdigest()]
    assert bool(reply.tokens) == (dialect in ("llama.cpp", "vllm"))
    if reply.tokens:
        assert "".join(token.text for token in reply.tokens) == reply.text


def test_the_request_as_sent():
    with OpenAIDouble("vllm") as double:
        model = model_on(double.url)
        asyncio.run(model.check())
        asyncio.run(model.ask(LOOK))
        (sent,) = double.chats()
    messages = sent.body.pop("messages")
    assert [message["role"] for message in messages] == ["system", "user"]
    assert [part["type"] for part in messages[1]["content"]] == ["text", "image_url"]
    assert sent.body == {
        "model": MODEL,
        "stream": False,
        "temperature": 0.0,
        "max_tokens": 768,
        "seed": 5,
        "logprobs": True,
        "top_logprobs": 20,
        "chat_template_kwargs": {"enable_thinking": False},
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}},
    }


def test_a_server_that_knows_little_is_asked_in_its_own_form_from_then_on():
    with OpenAIDouble("least") as double:
        model = model_on(double.url)
        asyncio.run(model.ask(QUESTION))
        first = len(double.chats())
        asyncio.run(model.ask(QUESTION))
        sent = double.chats()
    assert len(sent) == first + 1
    assert set(sent[-1].body) == {"model", "messages", "stream", "temperature", "max_tokens"}


def test_fewer_alternatives_than_asked_for_cost_the_probabilities_and_nothing_else():
    with OpenAIDouble("vllm", most_listed=5) as double:
        reply = ask(double.url)
        sent = double.chats()[-1].body
    assert not reply.tokens
    assert "response_format" in sent
    assert "seed" in sent


@pytest.mark.parametrize("dialect", ["llama.cpp", "lm studio", "vllm", "ollama"])
def test_a_model_that_cannot_see_is_told_from_the_servers_own_words(dialect):
    with OpenAIDouble(dialect, {BLIND_MODEL: False}) as double, pytest.raises(ModelUnfit, match="cannot see pictures"):
        ask(double.url, name=BLIND_MODEL)


@pytest.mark.parametrize("dialect", ["llama.cpp", "lm studio"])
def test_and_before_the_first_render_where_the_server_lists_it(dialect):
    models = {BLIND_MODEL: False, MODEL: True}
    with OpenAIDouble(dialect, models) as double:
        with pytest.raises(ModelUnfit, match="cannot see pictures") as refused:
            asyncio.run(model_on(double.url, name=BLIND_MODEL).check())
        assert not double.chats(pictures=False)
    assert (MODEL in str(refused.value)) == (dialect == "lm studio")


@pytest.mark.parametrize("dialect", ["vllm", "least"])
def test_a_server_that_drops_the_picture_is_found_out(dialect):
    with OpenAIDouble(dialect, {BLIND_MODEL: False}, silent_blindness=True) as double:
        with pytest.raises(ModelUnfit, match="does not see pictures"):
            ask(double.url, name=BLIND_MODEL)
        assert not double.chats(), "the question itself was never asked"


def test_a_model_that_sees_is_asked_once_whether_it_does():
    with OpenAIDouble("vllm") as double:
        for _ in range(3):
            ask(double.url)
        assert (len(double.chats()), len(double.chats(pictures=False))) == (3, 4)


def test_models_are_listed():
    with OpenAIDouble("lm studio") as double:
        listed = asyncio.run(seen_models(OpenAIServer("x", double.url), 5.0))
    assert (listed.dialect, [(one.name, one.sees) for one in listed.models]) == (
        "lm studio",
        [(MODEL, True), (BLIND_MODEL, False)],
    )


@pytest.mark.parametrize("dialect", ["lm studio", "vllm", "ollama"])
def test_an_unknown_model_is_refused_with_the_names_there_are(dialect):
    with OpenAIDouble(dialect) as double, pytest.raises(ModelUnfit, match=f'no model "qwen".*{MODEL}'):
        asyncio.run(model_on(double.url, name="qwen").check())


def test_llama_cpp_takes_its_one_model_for_any_name():
    with OpenAIDouble("llama.cpp") as double:
        model = model_on(double.url, name="whatever")
        asyncio.run(model.check())
        assert asyncio.run(model.ask(LOOK)).text


def test_loading_is_waited_for():
    with OpenAIDouble("llama.cpp") as double:
        double.script.extend([Said("loading")] * 4)
        assert ask(double.url).text
        assert len(double.chats()) == 5


def test_loading_that_does_not_end_ends_with_the_time_limit():
    with OpenAIDouble("llama.cpp") as double:
        double.script.extend([Said("loading")] * 1000)
        with pytest.raises(ModelUnreachable, match="still loads"):
            ask(double.url, timeout=0.2)


def test_the_key_goes_to_its_own_host_and_nowhere_else(caplog):
    caplog.set_level(logging.DEBUG)
    with OpenAIDouble("vllm", key="sesame") as double:
        assert ask(double.url, key="sesame").text
        assert {record.headers["authorization"] for record in double.requests} == {"Bearer sesame"}
        vision_model._looked.clear()
        with pytest.raises(ModelUnreachable, match="key") as refused:
            ask(double.url, key="wrong-key")
    assert "sesame" not in caplog.text + repr(OpenAIServer("x", double.url, "sesame"))
    assert "wrong-key" not in str(refused.value)


def test_a_redirect_is_not_followed():
    with OpenAIDouble("vllm") as elsewhere, OpenAIDouble("vllm") as double:
        double.redirect_to = f"{elsewhere.url}/v1/chat/completions"
        double.script.extend([Said("redirect")] * 3)
        with pytest.raises(ModelUnreachable, match="send the picture on"):
            ask(double.url, key="sesame")
        assert not elsewhere.requests


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with OpenAIDouble("vllm") as double:
        assert ask(double.url).text


def test_thoughts_are_skipped_and_a_thinking_model_gets_room():
    with OpenAIDouble("vllm") as double:
        double.script.extend([Said("thought_out"), Said("ok", thinking='{"q01": "yes"}'), Said("think_tag")])
        with pytest.raises(AnswerUnusable, match="cut off"):
            ask(double.url)
        assert '"q01"' in ask(double.url).text
        assert double.chats()[-1].body["max_tokens"] == 6144
        assert ask(double.url).text


def test_an_interrupt_leaves_the_call_and_the_server_hears_it():
    flag = threading.Event()
    with OpenAIDouble("llama.cpp") as double:
        double.script.append(Said("hang_headers"))
        threading.Thread(target=lambda: (double.wait_for(double.chats), flag.set()), daemon=True).start()
        with pytest.raises(Stopped):
            ask(double.url, interrupted=flag.is_set)
        assert double.wait_for(double.disconnects)


def test_one_question_at_a_time_per_server():
    busy, most = [], []

    def slow(body, pictures):
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.05)
        busy.pop()
        return '{"q01": "yes"}'

    async def many(url):
        await asyncio.gather(*(model_on(url).ask(LOOK) for _ in range(4)))

    with OpenAIDouble("vllm", speaker=slow) as double:
        asyncio.run(many(double.url))
    assert most == [1, 1, 1, 1]


def test_the_digest_tells_models_and_servers_apart():
    def digests(double):
        return {name: asyncio.run(model_on(double.url, name).digest()) for name in BOTH}

    with OpenAIDouble("vllm") as one, OpenAIDouble("vllm") as other:
        told = digests(one)
        assert len({*told.values(), *digests(other).values()}) == 4
        assert digests(one) == told


@pytest.mark.parametrize(
    ("said", "kind", "match"),
    [
        (Said("oom"), ModelStumbled, "not enough memory"),
        (Said("overflow"), ModelUnreachable, "context"),
        (Said("html_502"), ModelStumbled, "proxy"),
        (Said("rate_limit"), ModelStumbled, "busy"),
        (Said("error_in_200"), ModelStumbled, "the model crashed"),
        (Said("not_json"), ModelUnreachable, "not in OpenAI's dialect"),
        (Said("too_long"), ModelUnreachable, "not in OpenAI's dialect"),
        (Said("drop"), ModelStumbled, "hung up"),
        (Said("no_choices"), AnswerUnusable, "empty answer"),
        (Said("null_content"), AnswerUnusable, "empty answer"),
    ],
    ids=lambda one: one.kind if isinstance(one, Said) else "",
)
def test_failures_in_plain_words(said, kind, match):
    with OpenAIDouble("vllm") as double:
        double.script.append(said)
        with pytest.raises(kind, match=match):
            ask(double.url)


def test_nobody_there():
    with pytest.raises(ModelUnreachable, match="No connection to http"):
        ask("http://127.0.0.1:9")
