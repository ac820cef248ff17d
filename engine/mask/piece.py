"""What a segmenter finds (data), and the port every engine implements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch


@dataclass(frozen=True)
class Box:
    """Pixels of the picture: left upper corner and extent, floats, inside the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class Piece:
    """One thing found in one picture.

    phrase: which of the asked phrases it answers. score: 0..1, absolute (never stretched over the picture or batch).
    crop: bool [h, w], the thing's shape; its upper left corner lies at pixel (top, left) of the picture, so that two
    hundred pieces of a large picture cost little. box: as the engine gave it, or the crop's own extent.
    """

    phrase: str
    score: float
    box: Box
    crop: torch.Tensor
    top: int
    left: int

    @property
    def area(self) -> int:
        """Pixels of the picture it covers."""
        return int(self.crop.sum())


@dataclass(frozen=True, eq=False)
class Sighting:
    """What an engine saw in one picture.

    pieces: any order. notes: sentences for the user about this picture (a fallback used, boxes out of range).
    """

    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = ()


class Segmenter(Protocol):
    """One engine, ready to look. name: as the user chose it ("CLIPSeg")."""

    name: str

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        """pictures: [B, H, W, 3] float 0..1. One Sighting each, in order, empty below threshold."""
        ...
