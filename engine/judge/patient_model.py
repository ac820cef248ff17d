"""A vision model that is asked with patience, and whose questions are counted."""

from __future__ import annotations

import asyncio
import logging
import time

from .ask import once_more
from .vision_model import ModelStumbled, ModelUnfit, ModelUnreachable, Question, Reply, VisionModel

LOG = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
"""Between two tries of a server that is gone."""


class PatientModel:
    """A server that stumbles is asked the same once more; one that is gone is tried again while patience lasts.

    patience: seconds, all in all; 0 for a server that was never there. calls: questions asked so far. calls_left: how
    many a batch may still ask, None for any number.
    """

    def __init__(self, model: VisionModel | None) -> None:
        self.model, self.patience = model, 0.0
        self.calls = 0
        self.calls_left: int | None = None
        self._waiting_since: float | None = None

    async def check(self) -> None:
        """See VisionModel.check."""
        while True:
            try:
                return await once_more(self.model.check)
            except ModelUnfit:
                raise
            except ModelUnreachable as problem:
                if not self._may_wait(problem):
                    raise
                await asyncio.sleep(WAIT_SECONDS)

    async def ask(self, question: Question) -> Reply:
        """See VisionModel.ask."""
        try:
            return await once_more(lambda: self._ask(question))
        except (ModelStumbled, ModelUnfit):
            raise
        except ModelUnreachable as problem:
            if not self._may_wait(problem):
                raise
            await self.check()
            return await self._ask(question)

    @property
    def abreast(self) -> int:
        """How many pictures the model can be shown at the same time: as many as it has servers."""
        return getattr(self.model, "abreast", 1)

    @property
    def spent(self) -> bool:
        """Whether no call is left."""
        return self.calls_left is not None and self.calls_left <= 0

    def has_left(self, needed: int) -> bool:
        """Whether more than `needed` calls are left."""
        return self.calls_left is None or self.calls_left > needed

    async def _ask(self, question: Question) -> Reply:
        self.calls += 1
        if self.calls_left is not None:
            self.calls_left -= 1
        return await self.model.ask(question)

    def _may_wait(self, problem: ModelUnreachable) -> bool:
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
            if self.patience:
                LOG.warning("Imitatoes: %s Trying again for %.0f seconds.", problem, self.patience)
        return time.monotonic() - self._waiting_since < self.patience
