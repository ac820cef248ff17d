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


def test_a_graph_that_is_queued_under_another_id_is_followed_there():
    server, kept = Server(), []
    choice = JudgeChoice(model="m")
    player = RunPlayer(server, ExperimentRequest(workflow={}, judge=choice, referee=choice), {}, "ollama")

    async def keep(played):
        kept.append(played.prompt_id)

    with pytest.raises(RunStopped):
        asyncio.run(player.play(draw_prompts(1, 1)[0], PlayedRun(arm="ours"), 2, keep))
    assert server.looked == ["theirs"], "the run that begins there is this one"
    assert kept[0] != kept[-1] == "theirs", "it is found again whatever happens"
