"""How long the server's event loop is not free for others.

late: how much later than it should a task of the loop is woken. So it counts what runs on the loop, what holds Python's
lock in other threads, and what other programs take of the processors. busy: the processor time of the loop's own thread
in between, which other programs have no part in.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

TICK = 0.002
KEPT = 5


class Stalls:
    """Watches the loop it is started on until the process ends."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self.clear()

    def clear(self) -> None:
        self._ticks, self._late, self._busy = 0, [], []

    def watch(self) -> None:
        self.clear()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._watch())

    def told(self) -> dict[str, Any]:
        """Milliseconds, the longest first."""
        return {"ticks": self._ticks, "late_ms": _largest(self._late), "busy_ms": _largest(self._busy)}

    async def _watch(self) -> None:
        while True:
            began, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK)
            self._ticks += 1
            self._late = sorted([*self._late, time.perf_counter() - began - TICK])[-KEPT:]
            self._busy = sorted([*self._busy, time.thread_time() - used])[-KEPT:]


def _largest(seconds: list[float]) -> list[float]:
    return [round(1000 * one, 1) for one in reversed(seconds)]
