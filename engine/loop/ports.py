"""What the driver needs from the outside. Host implements these; unit tests pass small in-memory ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol

from PIL import Image

from ..graph.finding import Finding
from ..graph.node_class import ObjectInfo
from ..graph.render_error import RenderError
from ..judge.checklist import Checklist
from .plan import PastWording
from .run import Run


class SubmissionRejected(Exception):
    """The server refused the graph. The message is plain text for the user; error: the first complaint, as data."""

    def __init__(self, message: str, error: RenderError | None = None) -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True)
class CarriedRequest:
    """What a prompt was queued with besides its graph, for all later renders of its run.

    targets: the output nodes that it runs; empty for all. extra: the rest of its extra_data as a whole. It may hold
    what pays for renders, so it is kept in memory alone: never written, never shown, never logged. notes: see Queued.
    """

    targets: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    notes: tuple[Finding, ...] = ()

    def within(self, graph: Mapping[str, Any]) -> CarriedRequest:
        """The same for the graph of a repair, which lacks what the repaired picture does not need."""
        return replace(self, targets=tuple(name for name in self.targets if name in graph))


@dataclass(frozen=True)
class Submission:
    """A prompt for the queue. graph: complete API graph. extra_pnginfo: what nodes embed in pictures (the
    UI workflow among it), None for API graphs. carried: what the first render of the run came with. one_card: why it
    may not be rendered on several, where its graph asks for that; "" where it may."""

    prompt_id: str
    graph: dict[str, Any]
    extra_pnginfo: dict[str, Any] | None
    client_id: str
    carried: CarriedRequest = CarriedRequest()
    one_card: str = ""


@dataclass(frozen=True)
class Queued:
    """prompt_id: under which it waits, where the queue gave it another one. notes: what the user should know about the
    cards that render it."""

    prompt_id: str
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class PromptState:
    """Where a prompt is.

    gone: neither queued nor in the history: its queue item was deleted, the queue cleared, or the history wiped.
    message: for error, which node failed and how; error: the same as data. started: epoch seconds of its execution
    start, None if unknown.
    """

    kind: Literal["pending", "running", "success", "error", "interrupted", "gone"]
    message: str = ""
    started: float | None = None
    error: RenderError | None = None

    @property
    def ended(self) -> bool:
        return self.kind not in ("pending", "running")


class OutputFile(NamedTuple):
    """A file that a node wrote in a render. path: where it is, in one of the server's own folders."""

    node: str
    path: Path


class Queue(Protocol):
    """The server's prompt queue."""

    async def submit(self, submission: Submission) -> Queued | None:
        """Put a prompt at the end of the queue. None: under its own id, with nothing to tell. Whoever awaits this knows
        the id before the prompt can begin. Raises SubmissionRejected."""

    def state(self, prompt_id: str) -> PromptState:
        """Where the prompt is now. Cheap: asked every few milliseconds while a run waits."""

    def carried(self, prompt_id: str) -> CarriedRequest:
        """What a prompt that is running was queued with; nothing where it does not run."""

    def output_files(self, prompt_id: str) -> Sequence[OutputFile]:
        """The files that an ended prompt wrote, as far as its history tells; none where it is gone."""

    async def cancel(self, prompt_id: str) -> None:
        """Take the prompt out of the queue, or interrupt it if it runs. Touches no other prompt."""

    async def object_info(self) -> ObjectInfo:
        """The server's node classes, as GET /object_info gives them. Costs up to a second: for when a render failed."""


class ClipFiles(Protocol):
    """Clips as files. Both calls block, and raise CannotEncode and OSError."""

    def last_frames(self, clip: Path, count: int) -> list[Image.Image]:
        """So many last pictures of a clip, in order; the last one alone of a clip that has no more."""

    def join(self, first: Path, second: Path, to: BinaryIO, shared: int = 1) -> None:
        """Both as one MP4, with their sound; shared: frames that end the first and begin the second, kept once."""


class ModelUnloader(Protocol):
    """What a render that ran out of memory needs."""

    async def unload(self) -> None:
        """Unload ComfyUI's models and those of an Ollama on this computer. Waits a little for it; never raises."""


class Events(Protocol):
    """The way to the page."""

    def publish(self, run: Run) -> None:
        """Tell the page that queued the run how it stands."""


class WordingStore(Protocol):
    """What past runs teach about wordings. Both calls may block: the driver makes them in threads."""

    def recall(self, family: str, checklist: Checklist) -> dict[str, tuple[PastWording, ...]]:
        """By requirement id, the clauses that past runs tried; requirements without any are left out."""

    def learn(self, run: Run) -> None:
        """Keep what an ended run found out."""
