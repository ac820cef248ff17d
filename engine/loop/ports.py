"""What the driver needs from the outside. Host implements these; unit tests pass small in-memory ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..judge.checklist import Checklist
from .run import Run


class SubmissionRejected(Exception):
    """The server refused the graph. The message is plain text for the user."""


@dataclass(frozen=True)
class Submission:
    """A prompt for the queue. graph: complete API graph. extra_pnginfo: what nodes embed in pictures (the
    UI workflow among it), None for API graphs."""

    prompt_id: str
    graph: dict[str, Any]
    extra_pnginfo: dict[str, Any] | None
    client_id: str


@dataclass(frozen=True)
class PromptState:
    """Where a prompt is.

    gone: neither queued nor in the history: its queue item was deleted, the queue cleared, or the history wiped.
    message: for error, which node failed and how. started: epoch seconds of its execution start, None if unknown.
    """

    kind: Literal["pending", "running", "success", "error", "interrupted", "gone"]
    message: str = ""
    started: float | None = None

    @property
    def ended(self) -> bool:
        return self.kind not in ("pending", "running")


class Queue(Protocol):
    """The server's prompt queue."""

    async def submit(self, submission: Submission) -> None:
        """Put a prompt at the end of the queue. Raises SubmissionRejected."""

    def state(self, prompt_id: str) -> PromptState:
        """Where the prompt is now. Cheap: asked every few milliseconds while a run waits."""

    async def cancel(self, prompt_id: str) -> None:
        """Take the prompt out of the queue, or interrupt it if it runs. Touches no other prompt."""


class Events(Protocol):
    """The way to the page."""

    def publish(self, run: Run) -> None:
        """Tell the page that queued the run how it stands."""


class Teacher(Protocol):
    """What past runs teach about wordings. Both calls may block: the driver makes them in threads."""

    def recall(self, family: str, checklist: Checklist) -> dict[str, str]:
        """By requirement id, the clause that worked in past runs; requirements without one are left out."""

    def learn(self, run: Run) -> None:
        """Keep what an ended run found out."""
