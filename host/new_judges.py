"""Judges that judged without a self-test get one once ComfyUI is idle, where the owner switched that on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ..engine.graph.model import Graph
from ..engine.loop.refusals import NotNow
from .self_tests import SelfTests

LOG = logging.getLogger(__name__)

IDLE_SECONDS, LOOK_SECONDS = 60.0, 5.0
"""So long nothing must have been queued or running before a test begins, looked at so often. Ours."""

QueueGraph = Callable[[Graph], Awaitable[str]]
"""Queues a graph as ComfyUI's page does; its prompt id."""


class NewJudges:
    """Lives on the server's event loop. wanted: the owner's switch. busy: whether ComfyUI has anything to do.

    Models on servers are asked beside ComfyUI. A text encoder is ComfyUI's own model: its test goes through the queue,
    where it shows, can be interrupted, and is in nobody's way.
    """

    def __init__(
        self, tests: SelfTests, wanted: Callable[[], bool], busy: Callable[[], bool], queue: QueueGraph
    ) -> None:
        self._tests, self.wanted, self._busy, self._queue = tests, wanted, busy, queue
        self._left: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._known: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def used(self, connection: str, model: str) -> None:
        """This model judged on that connection, and has no self-test. Each is tried once while the server runs."""

        async def test() -> None:
            self._tests.start(connection, model)
            await self._tests.wait()

        self._plan((connection, model), model, test)

    def encoder_used(self, digest: str, name: str, graph: Graph) -> None:
        """This text encoder judged, and has no self-test. graph: what tests it (see self_test_graph)."""

        async def test() -> None:
            await self._queue(graph)

        self._plan(("", digest), name, test)

    def _plan(self, key: tuple[str, str], name: str, test: Callable[[], Awaitable[None]]) -> None:
        if key in self._known or not self.wanted():
            return
        self._known.add(key)
        self._left.append((name, test))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._left:
            await self._until_idle()
            name, test = self._left.pop(0)
            try:
                LOG.info("Imitatoes: the self-test of %s begins, as it has judged without one", name)
                await test()
            except NotNow:
                self._left.append((name, test))
                await asyncio.sleep(LOOK_SECONDS)
            except Exception as problem:  # whatever it is, the others have their turn
                LOG.warning("Imitatoes: no self-test of %s: %s", name, problem)

    async def _until_idle(self) -> None:
        idle = 0.0
        while idle < IDLE_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            idle = 0.0 if self._busy() else idle + LOOK_SECONDS
