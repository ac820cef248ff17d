"""Where things go on the canvas: shapes that do not touch, in the part of the picture that the scene gives them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import hypot, sqrt

from .scene import ShapeScene

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_MARGIN = 0.04
_HALVES = {"left": (0.0, 0.47), "right": (0.53, 1.0), "top": (0.0, 0.47), "bottom": (0.53, 1.0), "centre": (0.3, 0.7)}
_TRIES_PER_SHAPE = 40
_SHRINKS = 24


@dataclass(frozen=True)
class Spot:
    """One shape of a group: centre and radius (of the circle around it) in pixels, turn in -1..1."""

    group: int
    x: float
    y: float
    radius: float
    turn: float


def sign_box(scene: ShapeScene, width: int, height: int) -> Box | None:
    """Room for the word: a strip at the bottom, at the top if shapes want the bottom, the middle if there are none."""
    if scene.word is None:
        return None
    side = sqrt(width * height)
    letters = max(len(scene.word), 3)
    tall = min(0.17 * side, 0.18 * height, 0.86 * width / (letters * 0.62 + 0.8))
    wide = min(0.88 * width, tall * (letters * 0.62 + 0.8))
    middle = width / 2
    if not scene.groups:
        top = (height - tall) / 2
    elif any("bottom" in p.where for p in scene.places):
        top = 0.04 * height
    else:
        top = 0.96 * height - tall
    return (middle - wide / 2, top, middle + wide / 2, top + tall)


def arrange(scene: ShapeScene, width: int, height: int, dice: random.Random) -> list[Spot]:
    """Places for all shapes of all groups. Shapes that fit nowhere, even small, are left out."""
    zones = _zones(scene, width, height)
    counts = [group.count or 0 for group in scene.groups]
    total = max(1, sum(counts))
    side = sqrt(width * height)
    largest = min(0.15, 0.34 / sqrt(total)) * side
    gap = 0.018 * side
    spots: list[Spot] = []
    for _ in range(_SHRINKS):
        spots = _attempt(zones, counts, largest, gap, dice)
        if len(spots) == total:
            return spots
        largest *= 0.9
    return spots


def _attempt(zones: list[Box], counts: list[int], largest: float, gap: float, dice: random.Random) -> list[Spot]:
    spots: list[Spot] = []
    for group, (zone, count) in enumerate(zip(zones, counts, strict=True)):
        for _ in range(count):
            spot = _free_spot(group, zone, largest * dice.uniform(0.86, 1.0), gap, spots, dice)
            if spot is None:
                return spots
            spots.append(spot)
    return spots


def _free_spot(group: int, zone: Box, radius: float, gap: float, taken: list[Spot], dice: random.Random) -> Spot | None:
    left, top, right, bottom = zone
    if right - left < 2 * radius or bottom - top < 2 * radius:
        return None
    for _ in range(_TRIES_PER_SHAPE):
        x = dice.uniform(left + radius, right - radius)
        y = dice.uniform(top + radius, bottom - radius)
        if all(hypot(x - s.x, y - s.y) > radius + s.radius + gap for s in taken):
            return Spot(group, x, y, radius, dice.uniform(-1, 1))
    return None


def _zones(scene: ShapeScene, width: int, height: int) -> list[Box]:
    sign = sign_box(scene, width, height)
    top, bottom = _MARGIN * height, (1 - _MARGIN) * height
    if sign and sign[1] > height / 2:
        bottom = sign[1] - 0.03 * height
    elif sign:
        top = sign[3] + 0.03 * height
    columns, rows = _ranks(scene, "left"), _ranks(scene, "above")
    places = {p.group: p.where.split() for p in scene.places}
    zones = []
    for group in range(len(scene.groups)):
        across = _slice(_MARGIN * width, (1 - _MARGIN) * width, columns.get(group))
        down = _slice(top, bottom, rows.get(group))
        parts = places.get(group, [])
        for part in parts:
            if part in ("left", "right") or (part == "centre" and not {"left", "right"} & set(parts)):
                across = _meet(across, _HALVES[part], width)
            if part in ("top", "bottom") or (part == "centre" and not {"top", "bottom"} & set(parts)):
                down = _meet(down, _HALVES[part], height)
        zones.append((across[0], down[0], across[1], down[1]))
    return zones


def _slice(low: float, high: float, rank: tuple[int, int] | None) -> tuple[float, float]:
    if rank is None:
        return low, high
    number, of = rank
    step = (high - low) / of
    return low + step * (number + 0.03), low + step * (number + 0.97)


def _meet(span: tuple[float, float], part: tuple[float, float], length: float) -> tuple[float, float]:
    """The common part, or the span as it was where too little is left: a relation goes before a place."""
    low, high = max(span[0], part[0] * length), min(span[1], part[1] * length)
    return (low, high) if high - low > 0.12 * length else span


def _ranks(scene: ShapeScene, axis: str) -> dict[int, tuple[int, int]]:
    """Column (or row) and number of columns for each group that a relation on this axis names."""
    pairs = [(r.first, r.second) for r in scene.relations if r.axis == axis]
    rank = {group: 0 for pair in pairs for group in pair}
    # Bounded, because contradicting relations (a ring of them) have no order.
    for _ in range(len(rank)):
        for first, second in pairs:
            rank[second] = max(rank[second], rank[first] + 1)
    of = min(max(rank.values(), default=0) + 1, max(len(rank), 1))
    return {group: (min(r, of - 1), of) for group, r in rank.items()}
