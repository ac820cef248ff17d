"""Servers over one folder that work at series, with a worker each that renders and judges at once."""

from __future__ import annotations

import asyncio

from pack.engine.graph.prepare_graph import PreparedGraph
from pack.engine.graph.run_request import RunRequest
from pack.engine.loop.journal import Journal
from pack.engine.loop.ports import PromptState
from pack.engine.loop.series.series_store import SeriesStore
from pack.engine.loop.series.series_work import SeriesWork
from pack.engine.loop.start import submit

from ..runs import critique
from ..stage import GRAPH, Stage

LOOK = 0.01


class Workshop(Stage):
    """One server. renders: (goal, loop, index) of each render that was judged, in this server. failing: goals whose
    first render fails. holding: while set, nothing is judged. pace: seconds of a render."""

    def __init__(self, root, shared=None):
        super().__init__(root)
        self.store = SeriesStore(lambda: Journal(self.root))
        self.series = SeriesWork(self.driver, self.actions, self.store, self, LOOK)
        self.renders = [] if shared is None else shared
        self.published, self.told, self.goals = [], [], {}
        self.failing, self.holding, self.passes_at, self.pace, self.dead = set(), False, 2, 0.002, False
        self._worker = asyncio.ensure_future(self._work())

    # As SeriesCalls.

    async def prepare_graph(self, order):
        graph = {**GRAPH, "10": {**GRAPH["10"], "inputs": {**GRAPH["10"]["inputs"], "goal": order.goal}}}
        self.order = order
        return PreparedGraph(graph, (), ())

    async def start(self, graph, client_id, extra_data, prompt_id=""):
        return await submit(self.queue, graph, client_id, extra_data, prompt_id)

    def is_free(self):
        return True

    def publish(self, view_or_run):
        self.published.append(view_or_run)

    async def tell_end(self, view):
        self.told.append(view)

    # As ComfyUI's worker.

    async def _work(self):
        done = 0
        while not self.dead:
            while len(self.queue.submitted) > done and not self.dead:
                if self.holding:
                    break
                await self._render(self.queue.submitted[done])
                done += 1
            await asyncio.sleep(0.001)

    async def _render(self, submission):
        prompt_id, goal = submission.prompt_id, submission.graph["10"]["inputs"]["goal"]
        if self.queue.state(prompt_id).kind == "gone":
            return
        if goal in self.failing:
            self.queue.states[prompt_id] = PromptState("error", "node 5 failed: no such model")
            return
        place = await self.begin(prompt_id, goal=goal, iterations_per_loop=2, max_loops=2)
        await asyncio.sleep(self.pace)
        if self.dead or self.queue.state(prompt_id).kind == "interrupted":
            return
        met = place.number >= self.passes_at
        self.renders.append((goal, place.plan.loop, place.plan.index))
        self.judged(prompt_id, critique(0.95 if met else 0.3, passed=met), seconds={"judge": 6.0})

    def is_rendering(self):
        """Whether a render is under way: what came before it is on disk by then."""
        return any(state.kind == "running" for state in self.queue.states.values())

    def kill(self):
        """As the process of a killed server: nothing of it claims or writes any more."""
        self.dead = True
        self.driver.owners.claim = self.driver.owners.join = _gone
        self.driver.owners.is_ours = lambda run_id: False
        for task in [self._worker, *self.series._tasks.values()]:
            task.cancel()
        self.die()


def _gone(place):
    raise OSError("killed")


def asked(count, **series):
    goals = [f"goal {number}" for number in range(1, count + 1)]
    return RunRequest(workflow={"1": {}}, goals=goals, series=series)


async def through(shop, series_id, limit=20.0):
    """The series once it has ended."""
    deadline = asyncio.get_running_loop().time() + limit
    while (view := await shop.series.show(series_id)).state == "running":
        assert asyncio.get_running_loop().time() < deadline, view
        await asyncio.sleep(0.005)
    return view
