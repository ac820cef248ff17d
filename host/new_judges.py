"""Judges that judged without a self-test get one once ComfyUI is idle, where the owner switched that on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..engine.loop.refusals import NotNow
from .self_tests import SelfTests

LOG = logging.getLogger(__name__)

IDLE_SECONDS, LOOK_SECONDS = 60.0, 5.0
"""So long nothing must have been queued or running before a test begins, looked at so often. Ours."""


class NewJudges:
    """Lives on the server's event loop. wanted: the owner's switch. busy: whether ComfyUI has anything to do."""

    def __init__(self, tests: SelfTests, wanted: Callable[[], bool], busy: Callable[[], bool]) -> None:
        self._tests, self._wanted, self._busy = tests, wanted, busy
        self._left: list[tuple[str, str]] = []
        self._known: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def used(self, connection: str, model: str) -> None:
        """This model judged on that connection, and has no self-test. Each is tried once while the server runs."""
        if (connection, model) in self._known or not self._wanted():
            return
        self._known.add((connection, model))
        self._left.append((connection, model))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._left:
            await self._until_idle()
            connection, model = self._left.pop(0)
            try:
                LOG.info("Imitatoes: the self-test of %s begins, as it has judged without one", model)
                self._tests.start(connection, model)
                await self._tests.wait()
            except NotNow:
                self._left.append((connection, model))
                await asyncio.sleep(LOOK_SECONDS)
            except ValueError as problem:
                LOG.warning("Imitatoes: no self-test of %s: %s", model, problem)

    async def _until_idle(self) -> None:
        idle = 0.0
        while idle < IDLE_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            idle = 0.0 if self._busy() else idle + LOOK_SECONDS
