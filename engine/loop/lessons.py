"""What past runs teach, as the driver asks for it: a help, never a reason for a run to end."""

from __future__ import annotations

import asyncio
import logging

from .ports import Teacher
from .run import Run


class Lessons:
    """teacher: None where nothing is kept. Its calls read and write files, so they go to threads."""

    def __init__(self, teacher: Teacher | None) -> None:
        self._teacher = teacher

    async def recalled(self, run: Run) -> Run:
        """The run with the clauses that worked in past runs for its checklist, where it has one."""
        if self._teacher is None or run.checklist is None:
            return run
        try:
            known = await asyncio.to_thread(self._teacher.recall, run.family, run.checklist)
        except Exception:
            logging.exception("Imitatoes: what past runs taught could not be read")
            return run
        return run.model_copy(update={"remembered": known})

    async def learn(self, run: Run) -> None:
        """Keep what an ended run found out about clauses."""
        if self._teacher is None or run.checklist is None:
            return
        try:
            await asyncio.to_thread(self._teacher.learn, run)
        except Exception:
            logging.exception("Imitatoes: what run %s taught could not be kept", run.id)
