"""How a run of an experiment begins, with a server of the few parts that takes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace as Box

import pytest
from pack.engine.experiment.prompts import draw_prompts
from pack.engine.experiment.record import ExperimentRequest, PlayedRun
from pack.engine.judge.ranking import JudgeChoice
from pack.engine.loop.ports import PromptState
from pack.host.experiment_runs import RunPlayer, RunStopped


class SimpleRun(Box):
    """A run by its id alone."""

    def __init__(self, run_id, ended):
        super().__init__(id=run_id, ended=ended)


class Server:
    """Queues what it gets under an id of its own, as ComfyUI-Distributed does, and drops it then."""

    def __init__(self):
        self.looked = []
        self.driver = Box(prompt_state=self.state, live=self)

    async def prepare_graph(self, order):
        return Box(graph={}, rejected=())

    async def start(self, graph, client_id, extra_data, prompt_id=""):
        return "theirs"

    def state(self, prompt_id):
        self.looked.append(prompt_id)
        return PromptState("gone")

    async def find_by_prompt(self, prompt_id):
        return None


def player_on(server):
    choice = JudgeChoice(model="m")
    return RunPlayer(server, ExperimentRequest(workflow={}, judge=choice, referee=choice), {}, "ollama")


def test_a_graph_that_is_queued_under_another_id_is_followed_there():
    server, kept = Server(), []
    player = player_on(server)

    async def keep(played):
        kept.append(played.prompt_id)

    with pytest.raises(RunStopped):
        asyncio.run(player.play(draw_prompts(1, 1)[0], PlayedRun(arm="ours"), 2, keep))
    assert server.looked == ["theirs"], "the run that begins there is this one"
    assert kept[0] != kept[-1] == "theirs", "it is found again whatever happens"


class LateServer(Server):
    """Has nothing left to interrupt when a prompt is cancelled: the first render is done, and its run begins then."""

    def __init__(self):
        super().__init__()
        self.cancelled, self.stopped, self.actions = [], [], Box(stop=self.stop)
        self.asked = asyncio.Event()

    def state(self, prompt_id):
        self.asked.set()
        return PromptState("running")

    async def find_by_prompt(self, prompt_id):
        return SimpleRun("r1", ended="r1" in self.stopped) if prompt_id in self.cancelled else None

    async def cancel(self, prompt_id):
        self.cancelled.append(prompt_id)

    async def stop(self, run_id):
        self.stopped.append(run_id)

    async def wait(self, run_id, seconds):
        return await self.find_by_prompt("theirs")


def test_stopped_while_the_first_render_was_just_done_the_run_that_begins_then_is_stopped_too(monkeypatch):
    monkeypatch.setattr("pack.host.experiment_runs.Run", SimpleRun)
    monkeypatch.setattr("pack.engine.loop.start.PROMPT_POLL_SECONDS", 0.001)
    server = LateServer()
    player = player_on(server)

    async def keep(played):
        pass

    async def stopped_meanwhile():
        playing = asyncio.create_task(player.play(draw_prompts(1, 1)[0], PlayedRun(arm="ours"), 2, keep))
        await server.asked.wait()
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing

    asyncio.run(asyncio.wait_for(stopped_meanwhile(), 10))
    assert (server.cancelled, server.stopped) == (["theirs"], ["r1"])
