"""What the driver does for a render that ran out of memory: everything that holds memory and can go, goes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from .memory import OllamaModels
from .queue import ServerQueue

LOG = logging.getLogger(__name__)

WORKER_SECONDS = 5.0
"""How long to wait for the worker to unload. It does so when nothing is rendering, so at once or after another job."""
POLL_SECONDS = 0.05


class Unloading:
    """The driver's ModelUnloader.

    external_models: of Ollama on this computer, made anew because its address may change.
    """

    def __init__(self, queue: ServerQueue, external_models: Callable[[], OllamaModels]) -> None:
        self._queue, self._external_models = queue, external_models

    async def unload(self) -> None:
        """Unload ComfyUI's models and Ollama's. No node forgets its output. Never raises."""
        try:
            await self._queue.free_models()
            await self._worker()
            external_models = self._external_models()
            for model in await external_models.models() or ():
                await external_models.unload(model.name)
        except Exception:
            LOG.exception("Imitatoes: memory could not be freed before the next try")

    async def _worker(self) -> None:
        until = time.monotonic() + WORKER_SECONDS
        while time.monotonic() < until:
            if not self._queue.freeing():
                return
            await asyncio.sleep(POLL_SECONDS)
