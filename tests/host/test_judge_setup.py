"""What there is to judge with, and a download in the background, against the double of Ollama."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.judge.judge_setup import GIB
from pack.engine.loop.refusals import NotNow
from pack.host.judge_setup import JudgeSetups
from pack.ollama_client import Connection
from pack.rehearsal.ollama_double import OllamaDouble

SMALL = "qwen3-vl:4b-instruct"


@pytest.fixture
def double():
    with OllamaDouble({"moondream": ("completion", "vision"), "text": ("completion",)}) as server:
        yield server


def setups_on(url, gib=8):
    def connection(name):
        if name != "local":
            raise ValueError(f"connection: there is no connection '{name}'.")
        return Connection(name, url)

    return JudgeSetups(connection, lambda: ["local"], lambda: (gib * GIB, False))


async def ended(setups):
    while setups.pull_state().state == "running":  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return setups.pull_state()


def test_what_is_there_and_what_to_get(double):
    setup = asyncio.run(setups_on(double.url).show("local"))
    assert (setup.state, setup.address, setup.problem) == ("ready", double.url, "")
    assert [one.model for one in setup.models] == ["moondream:latest"]
    assert setup.recommended.model == SMALL and setup.recommended.fits
    assert setup.memory == 8 * GIB


def test_a_server_that_is_not_there(double):
    setup = asyncio.run(setups_on("http://127.0.0.1:9").show("local"))
    assert setup.state == "no_server" and "ollama serve" in setup.problem
    assert setup.recommended is None and setup.models == [] and setup.choices


def test_an_address_that_cannot_be_used():
    setup = asyncio.run(setups_on("http://[:1").show("local"))
    assert setup.state == "no_server" and setup.address == "" and setup.memory is None


def test_a_download_in_the_background(double):
    async def story():
        setups = setups_on(double.url)
        assert setups.pull_state().state == "none"
        assert setups.pull("local", SMALL).state == "running"
        with pytest.raises(NotNow, match=f"{SMALL} is still being downloaded"):
            setups.pull("local", SMALL)
        done = await ended(setups)
        assert (done.state, done.model, done.done, done.of) == ("done", SMALL, 3 * 10**9, 3 * 10**9)
        setup = await setups.show("local")
        assert setup.models[0].model == SMALL, "the best known comes first"
        assert setup.recommended is None

    asyncio.run(story())


def test_it_can_be_stopped_and_begun_again(double):
    async def story():
        double.pull_seconds = 60.0
        setups = setups_on(double.url)
        setups.pull("local", SMALL)
        while not setups.pull_state().of:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await setups.stop_pull()).state == "stopped"
        double.pull_seconds = 0.0
        setups.pull("local", SMALL)
        assert (await ended(setups)).state == "done"
        assert (await setups.stop_pull()).state == "done"

    asyncio.run(story())


def test_a_failure_is_told_in_words(double):
    async def story():
        setups = setups_on(double.url)
        double.library.clear()
        setups.pull("local", SMALL)
        failed = await ended(setups)
        assert failed.state == "failed" and f"library has no {SMALL}" in failed.message

    asyncio.run(story())


@pytest.mark.parametrize("model", ["llava", "evil.example/x/y:1", "qwen3-vl:8b", "../x"])
def test_nothing_else_can_be_got(double, model):
    async def story():
        with pytest.raises(ValueError, match="can be got from here"):
            setups_on(double.url).pull("local", model)

    asyncio.run(story())
    assert [r for r in double.requests if r.path == "/api/pull"] == []


def test_only_named_connections(double):
    async def story():
        for call in (lambda s: s.pull("http://192.0.2.1", SMALL), lambda s: s.show("http://192.0.2.1")):
            with pytest.raises(ValueError, match="no connection"):
                found = call(setups_on(double.url))
                if asyncio.iscoroutine(found):
                    await found

    asyncio.run(story())


def test_the_tutorials_judge_is_always_there():
    shown = asyncio.run(setups_on("http://127.0.0.1:9").show("tutorial"))
    assert (shown.problem, shown.recommended, shown.choices) == ("", None, [])
    assert [one.model for one in shown.models] == ["tutorial"]
