"""Drawn scenes, and a segmenter that really looks at their pixels, as coarsely as CLIPSeg does."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pack.engine.mask.piece import Box, Piece, Sighting
from pack.engine.mask.pieces import pieces_of_logits

GREY = (0.6, 0.6, 0.62)
COLOURS = {"red": (0.8, 0.15, 0.15), "green": (0.2, 0.6, 0.25), "blue": (0.15, 0.3, 0.8)}


def canvas(height: int, width: int) -> torch.Tensor:
    """IMAGE [H, W, 3], grey."""
    return torch.tensor(GREY).repeat(height, width, 1)


def disc(picture: torch.Tensor, x: float, y: float, radius: float, colour: str) -> torch.Tensor:
    """Draws onto the picture; returns its mask, bool [H, W]."""
    rows = torch.arange(picture.shape[0])[:, None] + 0.5 - y
    columns = torch.arange(picture.shape[1])[None] + 0.5 - x
    mask = rows**2 + columns**2 <= radius**2
    picture[mask] = torch.tensor(COLOURS[colour])
    return mask


def block(left: int, top: int, width: int, height: int, phrase: str = "cat", score: float = 0.8) -> Piece:
    box = Box(float(left), float(top), float(width), float(height))
    return Piece(phrase, score, box, torch.ones(height, width, dtype=torch.bool), top, left)


def overlap(one: torch.Tensor, other: torch.Tensor) -> float:
    """Intersection over union of two masks."""
    one, other = one > 0.5, other > 0.5
    return float((one & other).sum() / (one | other).sum().clamp(min=1))


class ColourSegmenter:
    """Finds things by the colour in their phrase. side: pixels of the square it sees each picture in."""

    name = "colours"

    def __init__(self, side: int = 88) -> None:
        self.side = side
        self.looked: list[tuple[tuple[int, ...], tuple[str, ...]]] = []

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        self.looked.append((tuple(pictures.shape), tuple(phrases)))
        height, width = pictures.shape[1:3]
        planes = pictures.permute(0, 3, 1, 2)
        seen = torch.nn.functional.interpolate(planes, size=(self.side,) * 2, mode="bilinear", antialias=True)
        sightings = []
        for picture in seen:
            pieces: list[Piece] = []
            for phrase in phrases:
                colour = next((value for word, value in COLOURS.items() if word in phrase), None)
                if colour is not None:
                    apart = (picture - torch.tensor(colour)[:, None, None]).norm(dim=0)
                    pieces += pieces_of_logits((0.2 - apart) * 20, height, width, phrase, threshold)
            sightings.append(Sighting(tuple(pieces)))
        return sightings
