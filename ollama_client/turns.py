"""One question at a time per server: list inputs start several nodes at once, and each would load the GPU."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from .watching import POLL_SECONDS

_turns: dict[str, threading.Lock] = {}
# A lock of threads, polled: an asyncio one belongs to one event loop, and ComfyUI's prompts run on different ones.


@asynccontextmanager
async def taking_turns(host: str, stop_if_interrupted: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the server of that address for one question. Raises what `stop_if_interrupted` raises while waiting."""
    turn = _turns.setdefault(host, threading.Lock())
    while not turn.acquire(blocking=False):
        stop_if_interrupted()
        await asyncio.sleep(POLL_SECONDS / 2)
    try:
        yield
    finally:
        turn.release()
