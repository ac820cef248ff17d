"""The port of what measures one thing in a picture exactly, beside the judges: the writing in it, for example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .checklist import Requirement
from .clip import Clip
from .clip_answers import frames_asked, join_frames
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


async def detect_in(
    detector: PictureDetector, picture: Picture, requirements: Sequence[Requirement]
) -> tuple[Item, ...]:
    """What a detector measures of a picture; of a clip, in each frame that a requirement is about, as one. Of what
    happens in the course of a clip single frames tell nothing. Raises DetectorFailed."""
    if not isinstance(picture, Clip):
        return await detector.detect(picture, requirements)
    found: dict[str, list[tuple[int, Item]]] = {}
    for number, frame in enumerate(picture.shown, 1):
        asked = [one for one in requirements if number in frames_asked(one.when, len(picture.shown))]
        for item in await detector.detect(frame, asked) if asked else ():
            found.setdefault(item.id, []).append((number, item))
    return tuple(join_frames(one, found[one.id], picture.moments) for one in requirements if one.id in found)
