"""Tells shapes by their outline: the best fitting of a few ideal silhouettes, whatever their size."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, radians, sin

import numpy as np
from PIL import Image, ImageDraw

_GRID = 40
_REACH = 1.9
"""Half width of the compared window, in units of the radius of a circle of the same area."""
_LEAST_OVERLAP = 0.72
_CLEAR_LEAD = 0.1
_HOLE = (0.15, 0.55)


def shape_of(mask: np.ndarray, filled: np.ndarray) -> tuple[str, float]:
    """The name of the shape, "something" if it is none, and how sure, 0..1: its lead over the next best.

    mask, filled: bool [h, w], with and without its holes.
    """
    names, stencils = _stencils()
    window = _normal(filled)
    common = (stencils & window).sum(axis=(1, 2))
    either = (stencils | window).sum(axis=(1, 2))
    overlap = common / np.maximum(either, 1)
    best = int(np.argmax(overlap))
    if overlap[best] < _LEAST_OVERLAP:
        return "something", 0.5
    lead = overlap[best] - max(o for name, o in zip(names, overlap, strict=True) if name != names[best])
    sure = float(min(1.0, lead / _CLEAR_LEAD))
    hole = 1 - mask.sum() / max(1, filled.sum())
    if names[best] == "circle" and _HOLE[0] < hole < _HOLE[1]:
        return "ring", sure
    return names[best], sure


def _normal(mask: np.ndarray) -> np.ndarray:
    """The mask around its centre, scaled to unit area, bool [_GRID, _GRID]."""
    rows, columns = np.nonzero(mask)
    middle_row, middle_column = rows.mean(), columns.mean()
    radius = np.sqrt(len(rows) / pi)
    steps = (np.arange(_GRID) + 0.5) / _GRID * 2 - 1
    at_rows = np.rint(middle_row + steps * _REACH * radius).astype(int)
    at_columns = np.rint(middle_column + steps * _REACH * radius).astype(int)
    inside_rows = (at_rows >= 0) & (at_rows < mask.shape[0])
    inside_columns = (at_columns >= 0) & (at_columns < mask.shape[1])
    window = mask[np.clip(at_rows, 0, mask.shape[0] - 1)][:, np.clip(at_columns, 0, mask.shape[1] - 1)]
    return window & inside_rows[:, None] & inside_columns[None, :]


@lru_cache(maxsize=1)
def _stencils() -> tuple[list[str], np.ndarray]:
    names, windows = [], []
    corners = {
        "square": ([(45 + 90 * k, 1.0) for k in range(4)], range(-10, 11, 5)),
        "triangle": ([(120 * k - 90, 1.0) for k in range(3)], range(-15, 16, 5)),
        "diamond": ([(90 * k - 90, 0.66 if k % 2 else 1.0) for k in range(4)], range(-10, 11, 5)),
        "star": ([(36 * k - 90, 0.42 if k % 2 else 1.0) for k in range(10)], range(-20, 21, 5)),
    }
    for name, (points, turns) in corners.items():
        for turn in turns:
            canvas = Image.new("1", (200, 200))
            ImageDraw.Draw(canvas).polygon(
                [(100 + 90 * r * cos(radians(a + turn)), 100 + 90 * r * sin(radians(a + turn))) for a, r in points],
                fill=1,
            )
            names.append(name)
            windows.append(_normal(np.asarray(canvas)))
    canvas = Image.new("1", (200, 200))
    ImageDraw.Draw(canvas).ellipse((20, 20, 180, 180), fill=1)
    names.append("circle")
    windows.append(_normal(np.asarray(canvas)))
    return names, np.stack(windows)
