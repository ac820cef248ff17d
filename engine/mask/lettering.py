"""Text and logos: segmenters give the area around them, light and dark gives the strokes (design-notes, 10.2)."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import torch

from ..judge.picture import rgb
from ..judge.words import vocabulary
from .piece import Piece, Sighting
from .shape import grown, union

NAMES = {"text", "logo", "lettering", "caption", "subtitle", "watermark", "signature", "inscription", "handwriting"}
AREA_LIKE = 0.5
"""Of its box. A piece that fills less follows the strokes already."""
MARGIN = 0.08
"""Of the piece's shorter side: areas seldom reach to the ends of the letters."""
CLEARLY_TWO = 0.8
"""Share of all variance in brightness that two levels explain. A bell curve gives .64, an even spread .75."""
CONTRAST = 0.15
"""Of the brightness range, between the two levels."""
STROKES = (0.02, 0.6)
"""Share of the area that strokes can take."""
REACH = 0.6
"""Strokes must reach over so much of the piece's width and height, or they are only a part of it."""
LEVELS = 64

_PREPOSITION = re.compile(r"\b(?:on|of|in|at|from|with|behind|above|below|under|near|by|next to)\b", re.IGNORECASE)


def means_lettering(phrase: str) -> bool:
    """Whether a phrase names text or a logo itself: "the red text on the sign", not "woman with text on her shirt"."""
    head = _PREPOSITION.split(phrase)[0].split()
    return bool(head) and bool(vocabulary(head[-1]) & NAMES)


def with_strokes(sighting: Sighting, picture: torch.Tensor) -> Sighting:
    """The sighting with strokes in place of areas of text and logos, and a note. picture: IMAGE [H, W, C]."""
    finer = {piece: strokes(piece, picture) for piece in sighting.pieces if means_lettering(piece.phrase)}
    phrases = dict.fromkeys(piece.phrase for piece, found in finer.items() if found)
    notes = (
        f'The mask of "{phrase}" follows its strokes, told apart by light and dark, instead of the area around them. '
        "fill_holes also closes the inside of letters."
        for phrase in phrases
    )
    return Sighting(tuple(finer.get(piece) or piece for piece in sighting.pieces), (*sighting.notes, *notes))


def strokes(piece: Piece, picture: torch.Tensor) -> Piece | None:
    """The piece with the strokes as its shape; None where light and dark do not tell them apart.

    picture: IMAGE [H, W, C]. The level found at the edge of the piece's area is the ground, the other one the strokes.
    """
    height, width = picture.shape[:2]
    rows, columns = piece.crop.shape
    if piece.area < AREA_LIKE * rows * columns:
        return None
    margin = max(2, round(MARGIN * min(rows, columns)))
    top, left = max(0, piece.top - margin), max(0, piece.left - margin)
    bottom, right = min(height, piece.top + rows + margin), min(width, piece.left + columns + margin)
    placed = replace(piece, top=piece.top - top, left=piece.left - left)
    area = grown(union([placed], bottom - top, right - left), margin)
    brightness = rgb(picture[top:bottom, left:right]) @ torch.tensor([0.299, 0.587, 0.114])
    level = _two_levels(brightness[area].numpy())
    if level is None:
        return None
    light = brightness > level
    # Beyond the cut-out nothing is meant, so that its sides are edges, too.
    inner = grown(torch.nn.functional.pad(area, (1, 1, 1, 1)), -2)[1:-1, 1:-1]
    edge = area & ~inner
    ground_is_light = bool(light[edge].float().mean() > 0.5)
    found = area & (~light if ground_is_light else light)
    share = float(found.sum()) / float(area.sum())
    if not STROKES[0] <= share <= STROKES[1] or not _reaches(found, rows, columns):
        return None
    return replace(piece, crop=found, top=top, left=left)


def _two_levels(values: np.ndarray) -> float | None:
    """The brightness between light and dark (Otsu's method); None when there are not clearly two."""
    counts, edges = np.histogram(values, bins=LEVELS, range=(0.0, 1.0))
    centers = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * centers)
    mean = sums[-1] / total
    variance = float((counts * (centers - mean) ** 2).sum() / total)
    with np.errstate(divide="ignore", invalid="ignore"):
        dark, bright = sums / below, (sums[-1] - sums) / (total - below)
        between = np.nan_to_num(below * (total - below) * (bright - dark) ** 2 / total**2)
    best = int(between.argmax())
    if variance == 0 or between[best] < CLEARLY_TWO * variance or bright[best] - dark[best] < CONTRAST:
        return None
    return float(edges[best + 1])


def _reaches(found: torch.Tensor, rows: int, columns: int) -> bool:
    down, across = found.any(1).nonzero(), found.any(0).nonzero()
    if not len(down):
        return False
    return int(down[-1] - down[0]) + 1 >= REACH * rows and int(across[-1] - across[0]) + 1 >= REACH * columns
