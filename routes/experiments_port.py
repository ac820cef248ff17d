"""What the routes need of whoever plays experiments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ..engine.experiment.experiment import Experiment
from ..engine.experiment.record import ExperimentRequest, PromptRecord
from ..engine.experiment.report import ExperimentReport


class ExperimentCalls(Protocol):
    """What is raised for a wrong request is a ValueError, NotReady for a workflow, NotNow for the moment."""

    async def start(self, request: ExperimentRequest) -> Experiment:
        """Begin one."""

    async def resume(self, name: str) -> Experiment:
        """Go on with what is left."""

    async def stop(self, name: str) -> Experiment:
        """Stop now."""

    async def show(self, name: str) -> tuple[Experiment, dict[str, PromptRecord]]:
        """How far one is, and what was seen, by prompt id."""

    async def listed(self) -> list[Experiment]:
        """All there are, the newest first."""

    async def report(self, name: str) -> ExperimentReport:
        """The report of what was seen so far."""

    async def report_file(self, name: str) -> Path:
        """The report as a page."""

    async def ticking_page(self, name: str) -> bytes:
        """The page on which a person says what pictures show."""

    async def tick(self, name: str, key: str, met: Mapping[str, bool]) -> tuple[int, int]:
        """Keep what a person said of a picture; how many are ticked, of how many."""
