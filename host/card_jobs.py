"""The renders of this server that workers take part in: what ends one here ends it there at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..engine.graph.cards import CardJob
from .cards import Cards


class CardJobs:
    """interrupted: whether somebody asked to interrupt what renders here, which only looks. Every method runs on the
    server's event loop."""

    def __init__(self, cards: Cards, interrupted: Callable[[], bool]) -> None:
        self._cards, self._interrupted = cards, interrupted
        self._jobs: dict[str, CardJob] = {}
        self._rendering: set[str] = set()
        self._stopping: set[asyncio.Task[None]] = set()

    def add(self, prompt_id: str, job: CardJob) -> None:
        self._jobs[prompt_id] = job

    def is_running(self, prompt_id: str) -> None:
        """The prompt renders here at this moment. Once interrupted it ends at its next step, and its workers need not
        wait for that.

        ComfyUI's flag may be left from an interrupt of nothing. It is cleared as a render begins, shortly after the
        prompt is counted as running, so it means this render only once it was seen cleared.
        """
        if prompt_id not in self._jobs:
            return
        if not self._interrupted():
            self._rendering.add(prompt_id)
        elif prompt_id in self._rendering:
            self.stop(prompt_id)

    def stop(self, prompt_id: str) -> None:
        """The prompt ended other than well, or will: its workers have nothing left to do."""
        if (job := self.forget(prompt_id)) is not None:
            task = asyncio.ensure_future(self._cards.stop(job))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

    def forget(self, prompt_id: str) -> CardJob | None:
        """The prompt has ended."""
        self._rendering.discard(prompt_id)
        return self._jobs.pop(prompt_id, None)

    async def stopped(self) -> None:
        """Wait until the workers that are being stopped have been told."""
        await asyncio.gather(*self._stopping)
