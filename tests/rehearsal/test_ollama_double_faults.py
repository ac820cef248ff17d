import asyncio
import json
import threading

import httpx
import ollama
import pytest
from pack.rehearsal.ollama_double import OllamaDouble, Reply

from .ollama_asking import MODEL, chat, client, post, said


@pytest.fixture
def double():
    with OllamaDouble() as running:
        yield running


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
        await asyncio.to_thread(double.wait_for, double.chats)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    double.wait_for(double.disconnects)
    (left,) = double.disconnects()
    assert left.answered_after is None, "long before the answer, which takes ten seconds or never comes"
    double.wait_for(lambda: all(m.users == 0 for m in double.loaded.values()))


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
    asked, answer = threading.Event(), threading.Event()

    def slow(body, pictures):
        asked.set()
        answer.wait(20)
        return "{}"

    double.default = slow

    async def both():
        task = asyncio.ensure_future(client(double).chat(model=MODEL, messages=said()))
        assert await asyncio.to_thread(asked.wait, 5)
        await client(double).ps()
        assert not task.done()
        answer.set()
        await task

    asyncio.run(both())
