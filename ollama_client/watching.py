"""Waiting for a call while watching Interrupt and the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

POLL_SECONDS = 0.1

T = TypeVar("T")


async def watched(call: Awaitable[T], timeout: float, stop_if_interrupted: Callable[[], None]) -> T:
    """The result of the call, or its exception. Leaving it early cancels it, so that the server stops as well.

    Raises TimeoutError after so many seconds, and what `stop_if_interrupted` raises.
    """
    task = asyncio.ensure_future(call)
    until = time.monotonic() + timeout
    try:
        while not (await asyncio.wait({task}, timeout=POLL_SECONDS))[0]:
            stop_if_interrupted()
            if time.monotonic() > until:
                raise TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
