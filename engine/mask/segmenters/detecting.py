"""Boxes first, outlines after: what finds boxes by words, and what turns a box into a piece, joined to one engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from ..piece import Box, Sighting


@dataclass(frozen=True)
class FoundBox:
    """phrase: which of the asked phrases it answers. score: 0..1, absolute. box: inside the picture."""

    phrase: str
    score: float
    box: Box


@dataclass(frozen=True)
class DetectedBoxes:
    """What was found in one picture. notes: sentences for the user about it."""

    boxes: tuple[FoundBox, ...]
    notes: tuple[str, ...] = ()


class Detector(Protocol):
    def detect(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[DetectedBoxes]:
        """pictures: [B, H, W, 3] float 0..1. One DetectedBoxes each, in order, with scores of at least threshold."""
        ...


class Outliner(Protocol):
    def outline(self, pictures: torch.Tensor, found: Sequence[DetectedBoxes]) -> list[Sighting]:
        """One piece for each box, with the box's phrase and score. Notes are kept."""
        ...


class BoxedSegmenter:
    """A Segmenter of the two. All pictures go through the one before the other begins, so that each model is moved
    to the graphics card once."""

    def __init__(self, name: str, detector: Detector, outliner: Outliner) -> None:
        self.name = name
        self._detector, self._outliner = detector, outliner

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        """See Segmenter. Raises what its parts raise."""
        return self._outliner.outline(pictures, self._detector.detect(pictures, phrases, threshold))
