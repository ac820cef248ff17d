"""What Ollama holds in memory, and sending it away."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from pack.engine.judge.vision_model import ModelUnreachable
from pack.ollama_client import Connection, Residence, residence
from pack.rehearsal.ollama_double import OllamaDouble

from ..rehearsal.ollama_asking import chat
from .conftest import MODEL, Stopped


def of(url, interrupted=lambda: False):
    return Residence(Connection("test", url), interrupted, Stopped)


def paths(double):
    return [record.path for record in double.requests]


def test_what_is_loaded_and_how_much_it_takes(double):
    assert asyncio.run(of(double.url).models()) == []
    chat(double, model=MODEL)
    (model,) = asyncio.run(of(double.url).models())
    assert (model.name, model.size_vram) == (MODEL, 6 * 10**9)


def test_a_judge_is_its_file_until_it_is_loaded(double):
    judge = asyncio.run(of(double.url).judge(MODEL))
    assert (judge.listed, judge.loaded) == (6 * 10**9, None)
    assert paths(double) == ["/api/ps", "/api/tags"]
    chat(double, model=MODEL)
    judge = asyncio.run(of(double.url).judge(MODEL))
    assert (judge.listed, judge.loaded, judge.on_card) == (None, 6 * 10**9, 6 * 10**9)


def test_a_name_without_a_tag_means_latest(double):
    assert asyncio.run(of(double.url).judge("gemma4")).listed
    assert asyncio.run(of(double.url).judge("nothing-of-the-kind")).listed is None


def test_unloading_waits_until_the_model_is_gone():
    with OllamaDouble(unload_delay=1.0) as double:
        chat(double, model=MODEL)
        assert asyncio.run(of(double.url).unload(MODEL)) is True
        assert double.loaded == {}
        (unload,) = [c for c in double.chats() if not c.body["messages"]]
        assert unload.body["keep_alive"] == 0
        assert paths(double).count("/api/ps") >= 2, "it stays listed for a moment"


def test_without_waiting_it_is_only_asked():
    with OllamaDouble(unload_delay=60.0) as double:
        chat(double, model=MODEL)
        begun = time.monotonic()
        assert asyncio.run(of(double.url).unload(MODEL, wait_seconds=0)) is False
        assert time.monotonic() - begun < 30
        assert double.loaded[MODEL].leaving


def test_a_model_that_does_not_leave_is_waited_for_no_longer_than_said():
    with OllamaDouble(unload_delay=30.0) as double:
        chat(double, model=MODEL)
        assert asyncio.run(of(double.url).unload(MODEL, wait_seconds=0.3)) is False


def test_interrupt_ends_the_waiting():
    with OllamaDouble(unload_delay=30.0) as double:
        chat(double, model=MODEL)
        flag = threading.Event()
        threading.Timer(0.3, flag.set).start()
        begun = time.monotonic()
        with pytest.raises(Stopped):
            asyncio.run(of(double.url, flag.is_set).unload(MODEL, wait_seconds=60))
        assert time.monotonic() - begun < 30


def test_an_ollama_elsewhere_is_never_asked_to_unload(double, monkeypatch):
    monkeypatch.setattr(residence, "is_this_computer", lambda host: False)
    chat(double, model=MODEL)
    far = of(double.url)
    assert far.on_this_computer is False
    assert asyncio.run(far.unload(MODEL)) is False
    assert MODEL in double.loaded
    assert len(double.chats()) == 1


@pytest.mark.parametrize("call", ["models", "unload", "judge"])
def test_a_server_that_is_not_there_is_said(call):
    asked = of("http://127.0.0.1:9")
    with pytest.raises(ModelUnreachable, match="No connection to Ollama"):
        asyncio.run(asked.models() if call == "models" else getattr(asked, call)(MODEL))


@pytest.mark.parametrize("body", [b"[]", b"hello", b'{"models": 3}', b'{"models": [{"size": "big"}]}'])
def test_strange_answers_are_said(raw, body):
    raw.answers["/api/ps"] = (200, body)
    with pytest.raises(ModelUnreachable):
        asyncio.run(of(raw.url).models())
