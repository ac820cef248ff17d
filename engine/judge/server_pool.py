"""One model on several servers: pictures are judged side by side, with one question in flight at each server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from .vision_model import ModelUnreachable, Question, Reply, VisionModel

LOG = logging.getLogger(__name__)


class ServerPool:
    """A VisionModel. models: the same model, one for each server. names: of the servers, for the log.

    A server that fails is left out until release(), and its question asked at another one; the last one that is left
    is asked as a single server is, so that it may be waited for.
    """

    def __init__(self, models: Sequence[VisionModel], names: Sequence[str]) -> None:
        self.models, self.name = list(models), models[0].name
        self._names = names
        self._away: dict[int, ModelUnreachable] = {}
        self._busy: set[int] = set()
        self._checked: set[int] = set()
        self._changed = asyncio.Condition()

    @property
    def abreast(self) -> int:
        """Pictures that can be judged at the same time."""
        return max(1, len(self.models) - len(self._away))

    async def check(self) -> None:
        """At least one server has the model. Each is asked once a picture's questions. Raises ModelUnreachable."""
        here = self._here()
        if set(here) <= self._checked:
            return
        found = await asyncio.gather(*(self.models[at].check() for at in here), return_exceptions=True)
        for at, problem in zip(here, found, strict=True):
            if isinstance(problem, ModelUnreachable):
                self._leave_out(at, problem)
            elif isinstance(problem, BaseException):
                raise problem
            else:
                self._checked.add(at)
        if not self._checked & set(self._here()):
            raise next(problem for problem in found if isinstance(problem, ModelUnreachable))

    async def ask(self, question: Question) -> Reply:
        """See VisionModel.ask."""
        while True:
            at = await self._take()
            try:
                return await self.models[at].ask(question)
            except ModelUnreachable as problem:
                if len(self._here()) < 2:
                    raise
                self._leave_out(at, problem)
            finally:
                async with self._changed:
                    self._busy.discard(at)
                    self._changed.notify_all()

    async def digest(self) -> str:
        """Of the first server that tells. Raises ModelUnreachable."""
        for model in self.models[:-1]:
            try:
                return await model.digest()
            except ModelUnreachable:
                continue
        return await self.models[-1].digest()

    async def release(self) -> None:
        """See VisionModel.release. Whoever was left out is asked again next time."""
        self._away.clear()
        self._checked.clear()
        await asyncio.gather(*(model.release() for model in self.models))

    def _here(self) -> list[int]:
        """The servers that are not left out; the first one where all are."""
        return [at for at in range(len(self.models)) if at not in self._away] or [0]

    async def _take(self) -> int:
        """A server with nothing to do, as soon as there is one."""
        async with self._changed:
            while True:
                free = [at for at in self._here() if at not in self._busy]
                if free:
                    self._busy.add(free[0])
                    return free[0]
                await self._changed.wait()

    def _leave_out(self, at: int, problem: ModelUnreachable) -> None:
        LOG.warning("Imitatoes: the judge's server %s is left out of this iteration: %s", self._names[at], problem)
        self._away[at] = problem
