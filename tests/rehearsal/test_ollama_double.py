import asyncio
import base64
import io
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import ollama
import pytest
from pack.rehearsal import ollama_double as module
from pack.rehearsal.ollama_double import OllamaDouble, Reply, pixel_judge
from pack.rehearsal.ollama_rules import fit, keep_alive_seconds
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse
from PIL import Image

MODEL = "qwen3-vl:8b-instruct"
GOAL = "three red circles to the left of a blue square, on a white background"
SCHEMA = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["retry", "pass"]},
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
        "cfg": {"type": ["number", "null"]},
        "issues": {"type": "array", "items": {"$ref": "#/$defs/issue"}, "minItems": 1},
        "note": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
    },
    "required": ["verdict", "score", "cfg", "issues", "note"],
    "$defs": {"issue": {"type": "object", "properties": {"what": {"type": "string", "minLength": 2}}}},
}


@pytest.fixture
def double():
    with OllamaDouble() as running:
        yield running


def picture_of(text: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(parse(text), 3, 256, 256)).save(file, "PNG")
    return file.getvalue()


def said(text: str = "look", *pictures: bytes) -> list[dict]:
    return [{"role": "user", "content": text} | ({"images": list(pictures)} if pictures else {})]


def client(double: OllamaDouble) -> ollama.AsyncClient:
    return ollama.AsyncClient(host=double.url, timeout=httpx.Timeout(20, connect=5), trust_env=False)


def chat(double: OllamaDouble, **arguments):
    """One call of the real client; streamed answers come as a list."""

    async def call():
        asked = client(double)
        answer = await asked.chat(**{"model": MODEL, "messages": said()} | arguments)
        return [part async for part in answer] if arguments.get("stream") else answer

    return asyncio.run(call())


def post(double: OllamaDouble, path: str = "/api/chat", **body) -> httpx.Response:
    return httpx.post(double.url + path, json={"model": MODEL, "stream": False} | body, timeout=10, trust_env=False)


# What the client sends


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


# Routes and the wire


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


# Checks


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


# Memory


def listed(double: OllamaDouble) -> list[str]:
    return [m["name"] for m in httpx.get(double.url + "/api/ps", trust_env=False).json()["models"]]


def test_a_model_stays_for_its_keep_alive():
    with OllamaDouble(unload_delay=0.1) as double:
        chat(double, keep_alive=0.15)
        assert listed(double) == [MODEL]
        time.sleep(0.2)
        assert listed(double) == []
        chat(double, keep_alive=-1)
        assert double.loads == 2
        shown = httpx.get(double.url + "/api/ps", trust_env=False).json()["models"][0]
        assert shown["expires_at"].startswith("2318")
        assert shown["context_length"] == 4096
        chat(double)
        assert double.loads == 2


def test_another_context_loads_again(double):
    for context, loads in ((8192, 1), (8192, 1), (4096, 2)):
        chat(double, options={"num_ctx": context})
        assert double.loads == loads


def test_unloading_takes_a_moment():
    with OllamaDouble(unload_delay=0.15) as double:
        chat(double, keep_alive=0)
        assert listed(double) == [MODEL]
        double.wait_for(lambda: not double.loaded, 2)
        assert listed(double) == []
        assert chat(double, messages=[]).done_reason == "load"
        assert listed(double) == [MODEL]
        assert chat(double, messages=[], keep_alive=0).done_reason == "unload"
        assert listed(double) == [MODEL]
        double.wait_for(lambda: not double.loaded, 2)


def test_a_request_at_work_holds_its_model():
    with OllamaDouble(unload_delay=0.0) as double:
        double.script.append(Reply(delay=0.4))

        async def both():
            asked = client(double)
            long = asyncio.ensure_future(asked.chat(model=MODEL, messages=said()))
            await asyncio.sleep(0.15)
            await client(double).chat(model=MODEL, messages=[], keep_alive=0)
            await asyncio.sleep(0.1)
            assert MODEL in double.loaded
            await long

        asyncio.run(both())
        double.wait_for(lambda: not double.loaded, 2)


def test_a_model_is_not_listed_while_it_loads():
    with OllamaDouble(load_delay=0.3) as double:

        async def both():
            task = asyncio.ensure_future(client(double).chat(model=MODEL, messages=said()))
            await asyncio.sleep(0.15)
            assert (await client(double).ps()).models == []
            await task

        asyncio.run(both())
        assert listed(double) == [MODEL]


# Answers


def test_the_default_follows_the_format(double):
    answer = json.loads(chat(double, format=SCHEMA).message.content)
    assert answer == {"cfg": None, "issues": [{"what": ".."}], "note": None, "score": 5, "verdict": "retry"}
    assert list(answer) == sorted(answer)
    assert json.loads(chat(double).message.content)


def test_a_callable_default_is_made_to_fit(double):
    given = {"verdict": "pass", "score": 99, "cfg": 7.5, "issues": [], "note": None, "extra": 1}
    double.default = lambda body, pictures: json.dumps(given)
    answer = json.loads(chat(double, format=SCHEMA).message.content)
    assert answer == {"cfg": 7.5, "issues": [{"what": ".."}], "note": None, "score": 5, "verdict": "pass"}
    double.default = Reply(content="said as it is")
    assert chat(double, format=SCHEMA).message.content == "said as it is"


def test_fitting_keeps_what_fits():
    assert fit({"type": "integer", "exclusiveMinimum": 0}, -3) == 1
    assert fit({"type": "boolean"}, "yes") is False
    assert fit({"const": 4}, 3) == 4
    assert fit({"type": ["integer", "null"]}, None) is None
    assert fit({"type": ["integer", "null"]}, True) == 0
    assert fit({"type": "array", "items": {"type": "string"}, "maxItems": 1}, ["a", "b"]) == ["a"]
    assert fit({}, {"any": 1}) == {"any": 1}


def test_a_default_that_fails_is_an_error(double, caplog):
    double.default = lambda body, pictures: 1 / 0
    with caplog.at_level(logging.CRITICAL), pytest.raises(ollama.ResponseError, match="division by zero"):
        chat(double)


JSON = '{"done": true}'


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("fenced", f"```json\n{JSON}\n```"),
        ("trailing_comma", '{"done": true,}'),
        ("format_ignored", "The picture looks good overall. I would give it a 7 out of 10."),
    ],
)
def test_careless_answers(double, kind, expected):
    double.script.append(Reply(kind, JSON))
    assert chat(double, format=SCHEMA).message.content == expected
    assert not double.script


@pytest.mark.parametrize("stream", [False, True])
def test_more_careless_answers(double, stream):
    def play(kind: str):
        double.script.append(Reply(kind, JSON))
        answer = chat(double, stream=stream)
        parts = answer if stream else [answer]
        text = "".join(p.message.content or "" for p in parts)
        return text, "".join(p.message.thinking or "" for p in parts), parts[-1].done, parts[-1].done_reason

    assert play("prose")[0].startswith("Sure!")
    assert JSON in play("prose")[0]
    assert play("think_tag")[0].startswith("<think>")
    assert play("json_in_thinking") == ("", JSON, True, "stop")
    assert play("length") == (JSON[: len(JSON) // 2], "", True, "length")
    assert play("no_done") == (JSON, "", False, None)
    text, _, done, reason = play("endless_spaces")
    assert (text.strip(), len(text) > 1000, done, reason) == ("{", True, True, "length")


# Faults


@pytest.mark.parametrize(
    ("kind", "status", "fragment"),
    [
        ("busy", 503, "maximum pending requests"),
        ("load_fail", 500, "has terminated"),
        ("oom", 500, "out-of-memory"),
        ("load_timeout", 500, "timed out waiting"),
        ("overflow", 400, "exceed_context_size_error"),
        ("bad_schema", 400, "JSON schema"),
        ("forbidden_empty", 403, ""),
        ("html_502", 502, "Bad Gateway"),
    ],
)
def test_refusals(double, kind, status, fragment):
    double.script.append(Reply(kind))
    with pytest.raises(ollama.ResponseError) as refused:
        chat(double)
    assert refused.value.status_code == status
    assert fragment in refused.value.error
    assert double.chats()[-1].status == status
    assert chat(double).done


def test_an_overflow_is_nested(double):
    double.script.append(Reply("overflow"))
    assert json.loads(post(double, messages=said()).json()["error"])["error"]["n_ctx"] == 4096


def test_a_redirect(double):
    double.script.append(Reply("redirect"))
    moved = post(double, messages=said())
    assert (moved.status_code, moved.headers["location"]) == (307, double.redirect_to)


@pytest.mark.parametrize(
    ("kind", "stream", "error"),
    [
        ("not_json", False, json.JSONDecodeError),
        ("error_list", False, AttributeError),
        ("drop", False, httpx.RemoteProtocolError),
        ("drop", True, httpx.RemoteProtocolError),
        ("drop_mid", False, httpx.RemoteProtocolError),
        ("drop_mid", True, httpx.RemoteProtocolError),
        ("mid_error", False, ollama.ResponseError),
        ("mid_error", True, ollama.ResponseError),
        ("blank_line", True, json.JSONDecodeError),
    ],
)
def test_broken_answers(double, kind, stream, error):
    double.script.append(Reply(kind))
    with pytest.raises(error):
        chat(double, stream=stream)
    assert chat(double).done


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["hang_headers", "hang_body", "ticker", "ok"])
def test_leaving_is_noticed_at_once(double, kind, stream):
    double.script.append(Reply(kind, delay=10.0 if kind == "ok" else 0.02))

    async def cancelled():
        async def whole():
            answer = await client(double).chat(model=MODEL, messages=said(), stream=stream)
            if stream:
                async for _ in answer:
                    pass

        task = asyncio.ensure_future(whole())
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    double.wait_for(double.disconnects, 2)
    (left,) = double.disconnects()
    assert 0.1 < left.disconnected_after < 1.0
    double.wait_for(lambda: all(m.users == 0 for m in double.loaded.values()), 2)


def test_a_silent_server_runs_into_the_time_limit(double):
    double.script.append(Reply("hang_headers"))
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(double.url + "/api/chat", json={"model": MODEL, "messages": said()}, timeout=0.2, trust_env=False)
    double.wait_for(double.disconnects)


def test_waiting_has_an_end(double):
    with pytest.raises(TimeoutError):
        double.wait_for(double.disconnects, 0.05)


def test_a_taken_port(double):
    with pytest.raises(OSError, match="address"):
        OllamaDouble().start(port=int(double.url.rsplit(":", 1)[1]))


def test_a_slow_judge_does_not_block_the_server(double):
    double.default = lambda body, pictures: time.sleep(0.4) or "{}"

    async def both():
        task = asyncio.ensure_future(client(double).chat(model=MODEL, messages=said()))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await client(double).ps()
        assert time.monotonic() - started < 0.25
        await task

    asyncio.run(both())


# The pixel judge


def test_the_pixel_judge_reads_the_goal_and_the_picture():
    with OllamaDouble(default=pixel_judge) as double:
        asked = f"<goal>a green star</goal> is an example. <goal>\n{GOAL}\n</goal> What do you say?"
        met = json.loads(chat(double, messages=said(asked, picture_of("a red star"), picture_of(GOAL))).message.content)
        assert met["done"]
        assert list(met) == sorted(met)
        unmet = json.loads(chat(double, messages=said(asked, picture_of("two red circles"))).message.content)
        assert not unmet["done"]
        assert "exactly three red circles" in unmet["changes"]["prompt_append"]
        generated = post(double, "/api/generate", prompt=asked, images=[base64.b64encode(picture_of(GOAL)).decode()])
        assert json.loads(generated.json()["response"])["done"]


@pytest.mark.parametrize(
    ("text", "pictures", "reason"),
    [
        ("look", [picture_of(GOAL)], "names no goal"),
        ("<goal>a star</goal>", [], "no picture"),
        ("<goal>a star</goal>", [b"rubbish"], "cannot be read"),
    ],
)
def test_the_pixel_judge_says_what_it_lacks(text, pictures, reason):
    answer = json.loads(pixel_judge({"messages": said(text)}, pictures))
    assert answer["assessment"]["prompt_match"] == 0
    assert answer["done"] is False
    assert reason in answer["reason"]


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


def test_pictures_arrive_unharmed(double):
    seen = []
    double.default = lambda body, pictures: seen.append(np.asarray(Image.open(io.BytesIO(pictures[0])))) or "{}"
    chat(double, messages=said("look", picture_of(GOAL)))
    assert (seen[0] == draw(parse(GOAL), 3, 256, 256)).all()
