"""The port of what measures one thing in a picture exactly, beside the judges: the writing in it, for example."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from .checklist import Checklist, Requirement
from .clip import Clip
from .clip_answers import frames_asked, join_frames
from .critique import Item
from .jury_evidence import Worth
from .picture import Picture, levels

MOST_EVIDENCE = 2.5
"""In logits: no finding counts for more, because the pictures that detectors were measured with are not those of the
user. About log(.90 / .07), what an earlier trial of OCR on other drawn signs gave (docs/design-notes.md, 16.5)."""
Measured = TypeVar("Measured")


class DetectorFailed(Exception):
    """The detector could not be used. The message is a sentence for the user."""


class PictureDetector(Protocol):
    """name: as the user knows it. worth: how far it can be believed, by its own measured errors."""

    name: str
    worth: Worth

    def can_tell(self, requirement: Requirement, checklist: Checklist) -> bool:
        """Whether this requirement, beside the others of its checklist, is one that it measures."""

    async def detect(self, picture: Picture, requirements: Sequence[Requirement]) -> tuple[Item, ...]:
        """One item for each requirement; its p is the sigmoid of the evidence. Raises DetectorFailed."""


class MeasuredOnce(Generic[Measured]):
    """What a slow function finds in the pixels (uint8 [H, W, 3], RGB) of a picture, whatever is asked about it.

    The function runs in a thread, once for a picture that is asked about several times in a row.
    """

    def __init__(self, measure: Callable[[np.ndarray], Measured]) -> None:
        self._measure = measure
        self._last: tuple[Picture, Measured] | None = None

    async def of(self, picture: Picture) -> Measured:
        if self._last is None or self._last[0] is not picture:
            self._last = picture, await asyncio.to_thread(lambda: self._measure(levels(picture.reduced)))
        return self._last[1]


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
