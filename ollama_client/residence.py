"""Which models Ollama holds in memory, and sending them away.

Only of an Ollama on this computer: one elsewhere does not share our memory, and what it holds is its owner's business.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from ..engine.judge.vision_model import ModelUnreachable
from ..engine.memory.gpu_handover import JudgeModel
from .connection import Connection, address, is_this_computer, open_client
from .failures import call_failures, explain
from .installed import Listed, listed, loaded, named
from .watching import POLL_SECONDS, watched

LOG = logging.getLogger(__name__)

LEAVING_SECONDS = 15.0
"""Unloading goes on after the server's answer: a running or queued request holds the model (design-notes, 7.4)."""
ASKING_SECONDS = 5.0


async def until_gone(client: Any, name: str, seconds: float, interrupted: Callable[[], bool]) -> bool:
    """Poll until the model is no longer in memory; False after so many seconds or on an interrupt."""
    until = time.monotonic() + seconds
    while named(name, await loaded(client)) is not None:
        if interrupted() or time.monotonic() >= until:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


class Residence:
    """The memory of one Ollama. interrupted, stop: as OllamaVisionModel has them; Interrupt ends every call here."""

    def __init__(
        self, connection: Connection, interrupted: Callable[[], bool], stop: Callable[[], BaseException]
    ) -> None:
        self._connection, self._interrupted, self._stop = connection, interrupted, stop

    @property
    def on_this_computer(self) -> bool:
        """Whether that Ollama runs here. Raises ModelUnreachable for an address that cannot be used."""
        return is_this_computer(address(self._connection))

    async def models(self) -> list[Listed]:
        """What it holds in memory. Raises ModelUnreachable."""
        return await self._call(loaded, "")

    async def judge(self, name: str) -> JudgeModel:
        """What it knows about the memory of one model. Raises ModelUnreachable."""
        here = named(name, await self._call(loaded, name))
        if here is not None:
            return JudgeModel(name, loaded=here.size, on_card=here.size_vram)
        found = await self._call(lambda client: listed(client, name), name)
        return JudgeModel(name, listed=found.size or None if found is not None else None)

    async def unload(self, name: str, wait_seconds: float = LEAVING_SECONDS) -> bool:
        """Ask for the model to go and wait until it is gone; whether it is. Does nothing to an Ollama elsewhere.

        wait_seconds: 0 only asks. Raises ModelUnreachable, or what `stop` makes.
        """
        if not self.on_this_computer:
            return False

        async def leave(client: Any) -> bool:
            await client.chat(model=name, messages=[], keep_alive=0)
            return await until_gone(client, name, wait_seconds, self._interrupted)

        gone = await self._call(leave, name, ASKING_SECONDS + wait_seconds)
        self._stop_if_interrupted()  # the waiting may have ended for that
        return gone

    async def _call(self, request: Callable[[Any], Any], name: str, seconds: float = ASKING_SECONDS) -> Any:
        host = address(self._connection)
        failures = call_failures()
        async with open_client(self._connection, ASKING_SECONDS) as client:
            try:
                return await watched(request(client), seconds, self._stop_if_interrupted)
            except failures as problem:
                LOG.debug("call to Ollama failed: %s", type(problem).__name__)
                raise ModelUnreachable(explain(problem, host, name or "its models", seconds)) from problem

    def _stop_if_interrupted(self) -> None:
        if self._interrupted():
            raise self._stop()
