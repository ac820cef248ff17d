"""The port of what measures one thing in a picture exactly, beside the judges: the writing in it, for example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .checklist import Requirement
from .critique import Item
from .jury_evidence import Worth
from .picture import Picture


class DetectorFailed(Exception):
    """The detector could not be used. The message is a sentence for the user."""


class PictureDetector(Protocol):
    """name: as the user knows it. worth: how far it can be believed, by its own measured errors."""

    name: str
    worth: Worth

    def can_tell(self, requirement: Requirement) -> bool:
        """Whether this requirement is one that it measures."""

    async def detect(self, picture: Picture, requirements: Sequence[Requirement]) -> tuple[Item, ...]:
        """One item for each requirement; its p is the sigmoid of the evidence. Raises DetectorFailed."""
