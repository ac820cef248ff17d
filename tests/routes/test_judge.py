"""The self-test's routes over real HTTP."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pack.engine.judge.judge_setup import JudgeSetup, PullState
from pack.host.self_tests import SelfTests, SelfTestStore
from pack.routes import register

from ..engine.judge.memory_model import MemoryModel
from .documented import documented_site

URL = "/imitatoes/judge/self-test"


class Slow(MemoryModel):
    """Answers when it may."""

    def __init__(self):
        super().__init__("")
        self.may = asyncio.Event()

    async def ask(self, question):
        await self.may.wait()
        return await super().ask(question)

    async def digest(self):
        return "abc"


class Site:
    def __init__(self, folder):
        self.judge = Slow()
        tests = SelfTests(SelfTestStore(lambda: folder), self.models_of)
        self.start_self_test, self.self_test_state = tests.start, tests.state

    def models_of(self, connection, model):
        if connection != "local":
            raise ValueError(f"connection: there is no connection '{connection}'.")
        return [self.judge]

    async def ask(self, method, status=200, **options):
        async with self.client.request(method, URL, **options) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


def served(story):
    def test(tmp_path):
        async def main():
            site, routes = Site(tmp_path), web.RouteTableDef()
            register(routes, lambda: site)
            async with TestClient(TestServer(documented_site(routes))) as site.client:
                await story(site)

        asyncio.run(main())

    test.__name__ = story.__name__
    return test


@served
async def test_start_and_follow(site):
    asked = {"params": {"model": "m"}}
    assert (await site.ask("GET", **asked))["state"] == "none"
    begun = await site.ask("POST", 202, json={"model": " m "})
    assert begun == {"connection": "local", "model": "m", "state": "running", "message": "", "done": 0, "of": 60}
    assert (await site.ask("POST", 409, json={"model": "m", "connection": "local"}))["error"]["type"] == "not_now"
    assert (await site.ask("GET", **asked))["state"] == "running"
    site.judge.may.set()
    while (state := await site.ask("GET", **asked))["state"] == "running":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert state["state"] == "done"
    assert len(state["report"]["kinds"]) == 6 and state["report"]["words"]


@served
async def test_wrong_requests(site):
    plain = {"data": b'{"model": "m"}', "headers": {"Content-Type": "text/plain"}}
    assert (await site.ask("POST", 415, **plain))["error"]["type"] == "not_json"
    for body in ({}, {"model": ""}, {"model": " "}, {"model": "m", "url": "http://x"}, {"model": "m" * 201}):
        await site.ask("POST", 400, json=body)
    error = (await site.ask("POST", 400, json={"model": "m", "connection": "http://192.0.2.1"}))["error"]
    assert "no connection" in error["message"]
    for query in ({}, {"model": " "}, {"model": "m", "connection": "x"}, {"model": "m" * 201}):
        await site.ask("GET", 400, params=query)


SETUP = {
    "connection": "local",
    "connections": ["local"],
    "address": "http://127.0.0.1:11434",
    "problem": "",
    "models": [],
    "where": "VRAM",
    "memory": 8 * 2**30,
    "recommended": None,
    "choices": [],
    "pull": PullState(),
}


class SetupSite:
    """Remembers what was asked of it."""

    def __init__(self):
        self.state, self.asked = PullState(), []

    async def judge_setup(self, connection):
        if connection != "local":
            raise ValueError(f"connection: there is no connection '{connection}'.")
        return JudgeSetup(**SETUP)

    def pull_judge(self, connection, model):
        self.asked.append((connection, model))
        self.state = PullState(state="running", connection=connection, model=model, of=9)
        return self.state

    def pull_state(self):
        return self.state

    async def stop_pull(self):
        self.state = self.state.model_copy(update={"state": "stopped"})
        return self.state

    async def ask(self, method, path, status=200, **options):
        async with self.client.request(method, f"/imitatoes/judge/{path}", **options) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


def test_the_setup_and_a_download():
    async def main():
        site, routes = SetupSite(), web.RouteTableDef()
        register(routes, lambda: site)
        async with TestClient(TestServer(documented_site(routes))) as site.client:
            setup = await site.ask("GET", "setup")
            assert (setup["state"], setup["memory"], setup["pull"]["state"]) == ("no_model", 8 * 2**30, "none")
            await site.ask("GET", "setup", 400, params={"connection": "http://192.0.2.1"})
            begun = await site.ask("POST", "pull", 202, json={"model": "m"})
            assert begun["state"] == "running" and site.asked == [("local", "m")]
            assert (await site.ask("GET", "pull"))["of"] == 9
            assert (await site.ask("POST", "pull/stop", json={}))["state"] == "stopped"
            plain = {"data": b'{"model": "m"}', "headers": {"Content-Type": "text/plain"}}
            for path in ("pull", "pull/stop"):
                assert (await site.ask("POST", path, 415, **plain))["error"]["type"] == "not_json"
            for body in ({}, {"model": " "}, {"model": "m", "url": "http://x"}, {"model": "m" * 201}):
                await site.ask("POST", "pull", 400, json=body)
            assert len(site.asked) == 1

    asyncio.run(main())
