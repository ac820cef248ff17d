"""A judge without a self-test gets one by itself: once, when idle, and only where that is switched on."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.judge.self_test import SelfTest
from pack.host import new_judges, self_tests
from pack.host.self_tests import SelfTests, SelfTestStore

from ..engine.judge.memory_model import MemoryModel


@pytest.fixture
def played(tmp_path, monkeypatch):
    monkeypatch.setattr(new_judges, "IDLE_SECONDS", 0.03)
    monkeypatch.setattr(new_judges, "LOOK_SECONDS", 0.01)

    async def quick(model, progress=None):
        return SelfTest(model=model.name, digest="ab", date="2026-01-01T00:00:00+00:00", soft=True, kinds=())

    # What a test shows is tested elsewhere.
    monkeypatch.setattr(self_tests, "run_self_test", quick)

    def play(story, wanted=True):
        async def main():
            opened, busy = [], [False]

            async def queue(graph):
                if not graph:
                    raise OSError("the queue is gone")
                opened.append(graph)
                return "prompt"

            def model_of(connection, name):
                if connection == "gone":
                    raise ValueError("connection: there is none.")
                opened.append((connection, name))
                return [MemoryModel("")]

            tests = SelfTests(SelfTestStore(lambda: tmp_path / "judges"), model_of)
            judges = new_judges.NewJudges(tests, lambda: wanted, lambda: busy[0], queue)
            await story(judges, opened, busy)

        asyncio.run(main())

    return play


async def ended(judges):
    await asyncio.wait_for(judges._task, 20)


def test_each_is_tested_once(played):
    async def story(judges, opened, busy):
        for _ in range(3):
            judges.used("local", "a:8b")
        judges.used("gone", "x")
        judges.used("box", "b:8b")
        await ended(judges)
        assert opened == [("local", "a:8b"), ("box", "b:8b")]
        judges.used("local", "a:8b")
        assert judges._task.done()

    played(story)


def test_not_while_comfyui_works(played):
    async def story(judges, opened, busy):
        busy[0] = True
        judges.used("local", "a:8b")
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert opened == []
        busy[0] = False
        await ended(judges)
        assert opened == [("local", "a:8b")]

    played(story)


def test_nothing_where_it_is_not_switched_on(played):
    async def story(judges, opened, busy):
        judges.used("local", "a:8b")
        assert judges._task is None

    played(story, wanted=False)


def test_a_text_encoder_is_tested_through_the_queue(played):
    testing = {"2": {"class_type": "ImitatoesJudgeSelfTest"}}

    async def story(judges, opened, busy):
        busy[0] = True
        for _ in range(3):
            judges.encoder_used("ab", "qwen3vl_4b in ComfyUI", testing)
        judges.encoder_used("cd", "broken in ComfyUI", {})
        judges.used("local", "a:8b")
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert opened == []
        busy[0] = False
        await ended(judges)
        assert opened == [testing, ("local", "a:8b")], "one that fails leaves the others their turn"

    played(story)
