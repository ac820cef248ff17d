import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import ollama
import pytest
from pack.rehearsal import ollama_double as module
from pack.rehearsal.ollama_double import OllamaDouble
from pack.rehearsal.ollama_rules import keep_alive_seconds

from .ollama_asking import MODEL, SCHEMA, chat, picture_of, post, said


@pytest.fixture
def double():
    with OllamaDouble() as running:
        yield running


def test_what_the_real_client_sends(double):
    png = picture_of("a red circle")
    answer = chat(double, messages=said("hi", png), keep_alive=0, think=False, options={"temperature": 0})
    (sent,) = double.chats()
    assert answer.done is True
    assert answer.done_reason == "stop"
    assert sent.headers["user-agent"].startswith("ollama-python/0.6.3 ")
    assert sent.body["stream"] is False
    assert sent.body["tools"] == []
    assert sent.body["keep_alive"] == 0
    assert isinstance(sent.body["keep_alive"], float)
    assert sent.body["think"] is False
    assert sent.images[0].data == png
    assert (sent.images[0].size, len(sent.images[0].sha256)) == (len(png), 64)
    assert sent.status == 200
    assert sent.disconnected_after is None


def test_small_routes(double):
    with httpx.Client(base_url=double.url, trust_env=False) as http:
        assert http.get("/").text == "Ollama is running"
        assert http.head("/").status_code == 200
        assert http.get("/api/version").json() == {"version": "0.32.15"}
        tags = {m["name"]: m["capabilities"] for m in http.get("/api/tags").json()["models"]}
        assert tags[MODEL] == ["completion", "vision"]
        assert http.get("/api/ps").json() == {"models": []}
        for method, path in (("GET", "/api/chat"), ("POST", "/api/tags"), ("GET", "/nothing"), ("POST", "/api/delete")):
            missing = http.request(method, path)
            assert (missing.status_code, missing.text) == (404, "404 page not found")
            assert missing.headers["content-type"].startswith("text/plain")
    assert {r.headers["connection"] for r in double.requests} == {"keep-alive"}
    assert len({r.headers["host"] for r in double.requests}) == 1


def test_one_connection_serves_many_requests(double):
    with httpx.Client(base_url=double.url, trust_env=False) as http:
        streams = [http.get("/api/version").extensions["network_stream"] for _ in range(3)]
        assert len({s.get_extra_info("client_addr") for s in streams}) == 1


def test_show_pull_and_delete(double):
    asked = ollama.Client(host=double.url, trust_env=False)
    assert asked.show("gemma4").capabilities == ["completion", "vision", "thinking"]
    with pytest.raises(ollama.ResponseError, match="model 'nope' not found") as refused:
        asked.show("nope")
    assert refused.value.status_code == 404
    assert asked.pull(MODEL).status == "success"
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        list(asked.pull("nope", stream=True))
    assert asked.delete(MODEL).status == "success"
    assert MODEL not in [m.model for m in asked.list().models]


def test_a_cloud_model_names_its_host():
    with OllamaDouble({"kimi:cloud": ("completion", "vision")}) as double:
        assert post(double, "/api/show", model="kimi:cloud").json()["remote_host"].startswith("https://")
        assert "remote_model" in post(double, model="kimi:cloud", messages=said()).json()
    assert "remote_host" not in module.rules.listing(MODEL)


def test_whole_and_streamed_answers(double):
    double.default = "<a> & é"
    whole = post(double, messages=said())
    assert whole.headers["content-type"] == "application/json; charset=utf-8"
    assert whole.headers["date"].endswith("GMT")
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert b"\\u003ca\\u003e \\u0026 \xc3\xa9" in whole.content
    assert whole.json()["created_at"].endswith("Z")
    assert len(whole.json()["created_at"].split(".")[1]) == 10
    # stream absent means stream.
    streamed = httpx.post(double.url + "/api/chat", json={"model": MODEL, "messages": said()}, trust_env=False)
    assert streamed.headers["content-type"] == "application/x-ndjson"
    assert streamed.headers["transfer-encoding"] == "chunked"
    parts = [json.loads(line) for line in streamed.text.split("\n")[:-1]]
    assert "".join(p["message"]["content"] for p in parts) == "<a> & é"
    assert [p["done"] for p in parts] == [False] * (len(parts) - 1) + [True]
    assert "eval_count" in parts[-1]
    assert all("eval_count" not in p for p in parts[:-1])


def test_generate(double):
    double.default = "yes"
    assert ollama.Client(host=double.url, trust_env=False).generate(MODEL, "is it?").response == "yes"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"keep_alive": "300"}, 400, "missing unit in duration"),
        ({"keep_alive": "-1"}, 400, "missing unit in duration"),
        ({"keep_alive": ""}, 400, "invalid duration"),
        ({"keep_alive": "1d"}, 400, "invalid duration"),
        ({"keep_alive": True}, 400, "Unsupported type"),
        ({"think": True}, 400, "does not support thinking"),
        ({"think": "wild"}, 400, "invalid think value"),
        ({"options": {"num_ctx": "8k"}}, 500, 'option "num_ctx" must be of type integer'),
        ({"options": {"temperature": "hot"}}, 500, 'option "temperature" must be of type float32'),
        ({"options": {"stop": "x"}}, 500, 'option "stop" must be of type array'),
        ({"format": json.dumps(SCHEMA)}, 500, "invalid format"),
        ({"model": "nope"}, 404, "model 'nope' not found"),
        ({"model": ""}, 400, "model is required"),
        ({"messages": [{"role": "user", "content": 3}]}, 400, "cannot unmarshal"),
        ({"messages": [{"role": "user", "content": "", "images": ["data:image/png;base64,AA=="]}]}, 400, "byte 4"),
        ({"messages": [{"role": "user", "content": "", "images": ["AAA"]}]}, 400, "illegal base64 data"),
        ({"messages": [{"role": "user", "content": "", "images": ["-_8="]}]}, 400, "illegal base64 data"),
    ],
)
def test_it_refuses_what_ollama_refuses(double, body, status, text):
    refused = post(double, **{"messages": said()} | body)
    assert refused.status_code == status
    assert text in refused.json()["error"]
    assert double.loads == 0


def test_it_accepts_what_ollama_accepts(double):
    for body in (
        {"keep_alive": "1h30m"},
        {"keep_alive": -1},
        {"think": False},
        {"model": "gemma4", "think": "low"},
        {"options": {"mirostat": "no such thing", "num_ctx": 4096, "top_p": 1, "seed": None}},
        {"format": ""},
        {"format": "json"},
    ):
        assert post(double, **{"messages": said()} | body).status_code == 200


def test_an_empty_body_and_rubbish(double):
    for content, text in ((b"", "missing request body"), (b"{", "invalid character"), (b"[]", "invalid character")):
        refused = httpx.post(double.url + "/api/chat", content=content, trust_env=False)
        assert (refused.status_code, text in refused.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, 300), (0, 0), ("0", 0), ("0s", 0), (300, 300), (1.5, 1.5), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25)],
)
def test_keep_alive(value, seconds):
    assert keep_alive_seconds(value) == seconds


@pytest.mark.parametrize("value", [-1, -0.5, "-1m"])
def test_keep_alive_for_ever(value):
    assert keep_alive_seconds(value) == float("inf")


def test_a_text_model_and_a_picture(double):
    with pytest.raises(ollama.ResponseError) as refused:
        chat(double, model="text-only", messages=said("look", b"\x89PNG"))
    assert refused.value.status_code == 500
    assert "image input is not supported" in json.loads(refused.value.error)["error"]["message"]
    double.legacy_vision = True
    assert "don't see any image" in chat(double, model="text-only", messages=said("look", b"\x89PNG")).message.content


def test_a_thinking_model_thinks_unless_told_not_to(double):
    assert chat(double, model="gemma4").message.thinking
    assert chat(double, model="gemma4", think=True).message.thinking
    assert not chat(double, model="gemma4", think=False).message.thinking


def test_it_runs_as_a_script():
    script = Path(module.__file__)
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True, env=environment) as running:
        try:
            url = running.stderr.readline().strip()
            png = base64.b64encode(picture_of("a red star")).decode()
            message = {"role": "user", "content": "<goal>a red star</goal>", "images": [png]}
            body = {"model": MODEL, "stream": False, "messages": [message]}
            answer = httpx.post(url + "/api/chat", json=body, timeout=20, trust_env=False).json()
            assert json.loads(answer["message"]["content"])["done"]
        finally:
            running.terminate()


@pytest.mark.skipif("OLLAMA_TEST_HOST" not in os.environ, reason="OLLAMA_TEST_HOST names no real server")
def test_a_real_server_refuses_the_same():
    """Needs a real Ollama: the double must not be stricter or laxer where it can be compared without a model."""
    host = os.environ["OLLAMA_TEST_HOST"]
    with httpx.Client(base_url=host, trust_env=False, timeout=30) as http:
        assert http.get("/").text == "Ollama is running"
        assert "missing request body" in http.post("/api/chat").json()["error"]
        refused = http.post("/api/show", json={"model": "surely-not-installed"})
        assert (refused.status_code, "not found" in refused.json()["error"]) == (404, True)
