"""A mask as outlines: closed lines along its border, light enough to be kept and drawn anywhere. Pure."""

from __future__ import annotations

import math

import numpy as np
import torch

Point = tuple[float, float]
Outline = tuple[Point, ...]

CELLS = 256
"""Longer side of the grid that a larger mask is read on."""
MOST_OUTLINES, MOST_POINTS = 12, 160
"""Outlines of one mask, the longest ones; and points of one."""
NEAR = 1.2
"""Cells by which a line may leave the border: less than the stairs of a slanted one."""
_AHEAD = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Right, down, left, up: along a border in this order the mask lies on the right hand."""


def outlines(mask: torch.Tensor) -> tuple[Outline, ...]:
    """Of bool [H, W], the borders of each of its parts and of the holes in them, the longest first.

    A point is (x, y) in shares of width and height; an outline is closed, so its first point does not come again.
    """
    cells = _on_grid(mask)
    rows, columns = cells.shape
    loops = sorted(_loops(cells), key=len, reverse=True)[:MOST_OUTLINES]
    found = []
    for loop in loops:
        near = NEAR
        while len(points := _simplified(loop, near)) > MOST_POINTS:
            near *= 2
        found.append(tuple((round(x / columns, 4), round(y / rows, 4)) for x, y in points))
    return tuple(found)


def _on_grid(mask: torch.Tensor) -> np.ndarray:
    """bool, its longer side CELLS at most: cells that are mostly in the mask; of a mask too thin for that, all that
    it touches."""
    height, width = mask.shape
    scale = max(height, width) / CELLS
    if scale <= 1:
        return mask.cpu().numpy().astype(bool)
    size = (max(1, round(height / scale)), max(1, round(width / scale)))
    plain = mask.cpu().float()[None, None]
    most = torch.nn.functional.adaptive_avg_pool2d(plain, size)[0, 0] >= 0.5
    if not most.any():
        most = torch.nn.functional.adaptive_max_pool2d(plain, size)[0, 0] > 0
    return most.numpy()


def _loops(cells: np.ndarray) -> list[list[tuple[int, int]]]:
    """The corners of each border, in order. Parts that touch at a corner alone are two."""
    padded = np.pad(cells, 1)
    inside, leaving = padded[1:-1, 1:-1], {}
    # Of each cell the sides behind which there is no mask: corner it starts from, and direction.
    sides = (
        (inside & ~padded[:-2, 1:-1], 0, 0, 0),
        (inside & ~padded[1:-1, 2:], 1, 0, 1),
        (inside & ~padded[2:, 1:-1], 1, 1, 2),
        (inside & ~padded[1:-1, :-2], 0, 1, 3),
    )
    for side, right, down, direction in sides:
        for y, x in zip(*np.nonzero(side), strict=True):
            leaving.setdefault((int(x) + right, int(y) + down), set()).add(direction)
    loops = []
    while leaving:
        start = next(iter(leaving))
        corner, direction, loop = start, next(iter(leaving[start])), []
        while corner in leaving and direction in leaving[corner]:
            loop.append(corner)
            leaving[corner].discard(direction)
            if not leaving[corner]:
                del leaving[corner]
            corner = (corner[0] + _AHEAD[direction][0], corner[1] + _AHEAD[direction][1])
            # Where two borders meet, turn right: the part stays by itself.
            turns = ((direction + 1) % 4, direction, (direction + 3) % 4)
            direction = next((one for one in turns if one in leaving.get(corner, ())), direction)
        loops.append(loop)
    return loops


def _simplified(loop: list[tuple[int, int]], near: float) -> list[tuple[int, int]]:
    """The closed line with as few points as stay within `near` cells of it (Ramer, Douglas and Peucker)."""
    points = np.array(loop, dtype=float)
    far = int(np.argmax(((points - points[0]) ** 2).sum(-1)))
    kept = {0, far}
    stack = [(0, far), (far, len(points))]
    closed = np.vstack([points, points[:1]])
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        start, end = closed[first], closed[last]
        along = end - start
        length = math.hypot(*along)
        between = closed[first + 1 : last] - start
        if length:
            off = np.abs(along[0] * between[:, 1] - along[1] * between[:, 0]) / length
        else:
            off = np.hypot(between[:, 0], between[:, 1])
        worst = int(np.argmax(off))
        if off[worst] > near:
            middle = first + 1 + worst
            kept.add(middle)
            stack += [(first, middle), (middle, last)]
    return [loop[index] for index in sorted(kept)]
