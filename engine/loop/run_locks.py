"""One lock a run: stop, take, continue, resume, delete and attach, and what the driver itself writes, take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .refusals import NotNow


@dataclass
class _Held:
    """doing: what is told to whoever comes second; "" where it takes no time worth a refusal. users: who holds the lock
    or waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    doing: str = ""
    users: int = 0


class RunLocks:
    """By run id. All of it on one event loop."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def is_held(self, run_id: str) -> bool:
        """Whether somebody is changing the run, or waits to."""
        return run_id in self._held

    @asynccontextmanager
    async def user_action(self, run_id: str, doing: str) -> AsyncIterator[None]:
        """doing: goes on "The run is ...". Raises NotNow at once while another action, or the run's end, is going on;
        what the driver writes between two renders is waited for."""
        async with self._using(run_id) as held:
            if held.doing:
                raise NotNow(f"The run is {held.doing} at this moment. Look again in a second.")
            held.doing = doing
            try:
                async with held.lock:
                    yield
            finally:
                held.doing = ""

    @asynccontextmanager
    async def driver_step(self, run_id: str, doing: str = "") -> AsyncIterator[None]:
        """Waits for its turn. doing: where it takes long, what users are told who come meanwhile."""
        async with self._using(run_id) as held, held.lock:
            waiting = held.doing  # an action that came while this step waited, and waits in its turn
            held.doing = doing or waiting
            try:
                yield
            finally:
                if doing:
                    held.doing = waiting

    @asynccontextmanager
    async def _using(self, run_id: str) -> AsyncIterator[_Held]:
        held = self._held.setdefault(run_id, _Held())
        held.users += 1
        try:
            yield held
        finally:
            held.users -= 1
            if not held.users:
                del self._held[run_id]
