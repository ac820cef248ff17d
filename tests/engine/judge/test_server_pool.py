"""One model on several servers: side by side, one question in flight at each, and without the one that fails."""

from __future__ import annotations

import asyncio

import pytest
import torch
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.server_pool import ServerPool
from pack.engine.judge.vision_model import ModelUnfit, ModelUnreachable, Question, Reply

from .memory_model import CHECKLIST, MemoryModel, answers

ASKED = Question("", "", b"", {})


class Server(MemoryModel):
    """Answers when `may` is set. most: how many questions it had at the same time. pause: seconds it takes."""

    def __init__(self, *given, **fields):
        super().__init__(*given, **fields)
        self.may, self.now, self.most, self.pause = asyncio.Event(), 0, 0, 0.0
        self.may.set()

    async def ask(self, question):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.may.wait()
            await asyncio.sleep(self.pause)
            return await super().ask(question)
        finally:
            self.now -= 1


def pool(*servers):
    return ServerPool(servers, [f"server {n}" for n, _ in enumerate(servers, 1)])


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come about")


def test_each_server_has_one_question_and_the_rest_wait():
    async def story():
        first, second = Server("a"), Server("b")
        first.may.clear()
        second.may.clear()
        both = pool(first, second)
        asking = [asyncio.ensure_future(both.ask(ASKED)) for _ in range(5)]
        await until(lambda: first.now == second.now == 1)
        second.may.set()
        await until(lambda: sum(task.done() for task in asking) == 4)
        first.may.set()
        replies = await asyncio.gather(*asking)
        assert sorted(reply.text for reply in replies) == ["a", "b", "b", "b", "b"], "whoever is free is asked"
        assert (first.most, second.most) == (1, 1)

    asyncio.run(story())


def test_one_that_fails_is_left_out_until_the_iteration_ends_and_its_question_asked_elsewhere():
    async def story():
        broken, good = Server(ModelUnreachable("gone"), "back"), Server("b")
        both = pool(broken, good)
        assert both.abreast == 2
        assert [(await both.ask(ASKED)).text for _ in range(3)] == ["b", "b", "b"]
        assert (len(broken.questions), both.abreast) == (1, 1)
        await both.release()
        assert (broken.released, good.released, both.abreast) == (1, 1, 2)
        assert (await both.ask(ASKED)).text == "back"

    asyncio.run(story())


def test_the_last_one_left_fails_as_a_single_server_does():
    async def story():
        both = pool(Server(ModelUnreachable("first")), Server(ModelUnreachable("second")))
        with pytest.raises(ModelUnreachable, match="second"):
            await both.ask(ASKED)
        with pytest.raises(ModelUnreachable, match="second"):
            await both.ask(ASKED)

    asyncio.run(story())


def test_a_server_without_the_model_is_found_before_it_is_asked():
    async def story():
        bare, good = Server("a", check=ModelUnfit("no such model")), Server("b")
        both = pool(bare, good)
        await both.check()
        await both.check()
        assert (bare.checks, good.checks) == (1, 1), "once an iteration"
        assert (await both.ask(ASKED)).text == "b" and bare.questions == []
        with pytest.raises(ModelUnfit):
            await pool(Server("a", check=ModelUnfit("no")), Server("b", check=ModelUnfit("no"))).check()

    asyncio.run(story())


class Interrupt(Exception):
    """What a host raises when the user interrupts."""


def test_an_interrupt_ends_all_looks_and_frees_the_servers():
    async def story():
        first, second = Server(Interrupt()), Server("b")
        second.may.clear()
        both = pool(first, second)
        judge = Judge("ollama", both, 0.8, CHECKS)
        with pytest.raises(Interrupt):
            await judge.judge_pictures([Picture(torch.rand(32, 32, 3)) for _ in range(4)], CHECKLIST, 0)
        assert both._busy == set() and second.now == 0

    asyncio.run(story())


def test_the_pictures_of_a_batch_are_judged_side_by_side_with_the_verdicts_of_one_server():
    async def story(*servers):
        for one in servers:
            one.pause = 0.02
        judge = Judge("ollama", pool(*servers), 0.8, CHECKS)
        pictures = [Picture(torch.rand(64, 64, 3)) for _ in range(4)]
        return await judge.judge_pictures(pictures, CHECKLIST, 7)

    async def both():
        alone = await story(Server(answers(r1=2)))
        first, second = Server(answers(r1=2)), Server(answers(r1=2))
        shared = await story(first, second)
        assert {i: one.score for i, one in shared.critiques.items()} == {i: c.score for i, c in alone.critiques.items()}
        assert first.questions and second.questions
        assert (first.most, second.most) == (1, 1)

    asyncio.run(both())


def test_a_reply_is_whatever_the_server_says():
    async def story():
        assert await pool(Server(Reply("x"))).ask(ASKED) == Reply("x")
        assert await pool(Server("x")).digest() == "sha"

    asyncio.run(story())
