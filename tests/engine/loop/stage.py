"""A driver with an in-memory queue, and shorthand for what the critic and the server do."""

from __future__ import annotations

import asyncio
import time

from pack.engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS
from pack.engine.loop.driver import Driver
from pack.engine.loop.journal import Journal
from pack.engine.loop.ports import CarriedRequest, PromptState, SubmissionRejected
from pack.engine.loop.run_context import PromptContext, Report
from pack.engine.loop.user_actions import UserActions

from .runs import SETTINGS, handle

GRAPH = {
    "10": {
        "class_type": LOOP_CLASS,
        "inputs": {"goal": "a red fox in snow", **SETTINGS.model_dump()},
        "is_changed": ["stale"],
    },
    "11": {"class_type": CRITIC_CLASS, "inputs": {"loop": ["10", 5], "images": ["8", 0]}},
}


class MemoryQueue:
    def __init__(self):
        self.submitted, self.states, self.cancelled, self.refuse = [], {}, [], ""
        self.came_with, self.written = CarriedRequest(), {}

    async def submit(self, submission):
        if self.refuse:
            raise SubmissionRejected(self.refuse)
        self.submitted.append(submission)
        self.states[submission.prompt_id] = PromptState("pending")

    def carried(self, prompt_id):
        return self.came_with

    def state(self, prompt_id):
        return self.states.get(prompt_id, PromptState("gone"))

    def output_files(self, prompt_id):
        return self.written.get(prompt_id, ())

    async def cancel(self, prompt_id):
        self.cancelled.append(prompt_id)
        was = self.states.pop(prompt_id, None)
        if was is not None and was.kind == "running":
            self.states[prompt_id] = PromptState("interrupted")


class Pages:
    def __init__(self):
        self.published = []

    def publish(self, run):
        self.published.append(run)


class Stage:
    """A driver with everything it needs, and shorthand for what the critic and the server do."""

    def __init__(self, root, wording_store=None, queue=None, memory=None):
        self.root, self.queue, self.pages = root, queue or MemoryQueue(), Pages()
        self.wording_store, self.memory = wording_store, memory
        journal = lambda: Journal(self.root)  # noqa: E731
        self.driver = Driver(self.queue, journal, self.pages, 0.001, wording_store, memory)
        self.actions = UserActions(self.driver, journal)

    def die(self):
        """As the process of a killed server does: its locks are gone, its tasks never come to anything again."""
        self.driver.owners.leave()
        self.queue.state = lambda prompt_id: PromptState("pending")

    async def begin(self, prompt_id="p1", **fields):
        return await self.begin_as(self.prompt_context(prompt_id, **fields))

    async def begin_as(self, prompt_context):
        self.queue.states[prompt_context.prompt_id] = PromptState("running", started=time.time() - 2)
        return await self.driver.begin(prompt_context)

    def prompt_context(self, prompt_id, client_id="page", extra_pnginfo=None, **fields):
        return PromptContext(
            prompt_id=prompt_id,
            client_id=client_id,
            handle=handle(**fields),
            graph=GRAPH,
            extra_pnginfo=extra_pnginfo or {"workflow": {"id": "w1", "nodes": [], "links": []}, "other": 1},
            loop_node="10",
            critic_node="11",
        )

    def judged(self, prompt_id, verdict, **fields):
        self.driver.report(prompt_id, Report(critique=verdict, **{"picture": None, **fields}))
        self.queue.states[prompt_id] = PromptState("success", started=time.time() - 2)

    async def next_prompt(self, count):
        """Id of the prompt that was submitted as number `count` (from 1)."""
        await until(lambda: len(self.queue.submitted) >= count)
        return self.queue.submitted[count - 1].prompt_id

    async def ended(self, run_id):
        run = await self.driver.live.wait(run_id, 5)
        assert run.ended, run
        return run


def played_on(*stages):
    """Runs async tests. stages: what makes each of a test's arguments out of a folder."""

    def played(story):
        def test(tmp_path):
            asyncio.run(story(*(make(tmp_path) for make in stages)))

        test.__name__ = story.__name__
        return test

    return played


async def until(condition, limit=5.0):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0.001)
