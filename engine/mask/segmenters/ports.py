"""What the engines need from their host."""

from __future__ import annotations

from typing import Protocol

from .folders import ModelFolder
from .loading import Loaded


class Models(Protocol):
    """Where models live while they are used. One implementation stands on ComfyUI's memory management."""

    def ready(self, folder: ModelFolder, working: int) -> Loaded:
        """The folder's model, on the device that computes, with `working` bytes made free beside it where possible.

        To be asked anew for each batch: memory management may have moved the model since.
        Raises SegmenterUnavailable.
        """
        ...

    def free(self, folder: ModelFolder) -> int:
        """Bytes that may be used for work beside this loaded model."""
        ...

    def between_chunks(self, finished: int) -> None:
        """Called before each piece of work and at the end. finished: pictures that the work before it was for.

        Raises what ends the node when the user asked to interrupt.
        """
        ...
