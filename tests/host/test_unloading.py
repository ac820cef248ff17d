"""What a render that ran out of memory gets: the models of ComfyUI and of Ollama are asked to go."""

from __future__ import annotations

import asyncio
import types

from pack.host import unloading
from pack.host.unloading import Unloading


class WorkingQueue:
    """A worker that comes to the request after so many looks; never for None."""

    def __init__(self, looks=2, broken=False):
        self.looks, self.asked, self.broken = looks, 0, broken

    async def free_models(self):
        if self.broken:
            raise RuntimeError("no such route")
        self.asked += 1

    def freeing(self):
        if self.looks is None:
            return True
        self.looks -= 1
        return self.looks >= 0


class Lodging:
    def __init__(self, *names):
        self.names, self.gone = names, []

    async def models(self):
        return [types.SimpleNamespace(name=name) for name in self.names] if self.names else None

    async def unload(self, name):
        self.gone.append(name)
        return True


def unloaded(queue, external_models):
    asyncio.run(Unloading(queue, lambda: external_models).unload())


def test_both_are_asked_and_the_worker_is_awaited():
    queue, external_models = WorkingQueue(), Lodging("judge:8b", "other:1b")
    unloaded(queue, external_models)
    assert (queue.asked, queue.looks, external_models.gone) == (1, -1, ["judge:8b", "other:1b"])


def test_a_worker_at_another_job_is_not_awaited_for_ever(monkeypatch):
    monkeypatch.setattr(unloading, "WORKER_SECONDS", 0.05)
    external_models = Lodging("judge:8b")
    unloaded(WorkingQueue(looks=None), external_models)
    assert external_models.gone == ["judge:8b"]


def test_without_ollama_nothing_else_happens():
    queue = WorkingQueue()
    unloaded(queue, Lodging())
    assert queue.asked == 1


def test_a_failure_is_told_in_the_log_alone(caplog):
    unloaded(WorkingQueue(broken=True), Lodging())
    assert "could not be freed" in caplog.text
