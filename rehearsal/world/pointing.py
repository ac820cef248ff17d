"""Points at the region of a picture where something is to be mended, and says what goes there, as a model would."""

from __future__ import annotations

import re
from math import pi, sqrt
from typing import Any

from .facts import members
from .scene import Group, ShapeScene, parse
from .seeing import SeenPicture, SeenShape
from .vocabulary import spoken

SCALE = 1000
NOWHERE = [0, 0, 0, 0]
MARGIN = 0.045
"""Share of the picture that is left between a region and what it must not touch."""
_SEEN = re.compile(r"\s*\((?:I (?:count|see) [^()]*|[^()]*)\)\s*$")


def point(wrong: str, view: SeenPicture) -> dict[str, Any]:
    """The answer about one thing that is wrong, in words: box in thousandths, prompt, instruction, region."""
    scene = parse(_SEEN.sub("", wrong))
    found = _word(scene, view) or _absent(scene, view) or _count(scene, view)
    box, prompt, region = found or (NOWHERE, "", "")
    return {"box": box, "instruction": prompt, "prompt": prompt, "region": region}


def _word(scene: ShapeScene, view: SeenPicture) -> tuple[list[int], str, str] | None:
    if not scene.word:
        return None
    return [100, 760, 900, 980], f'the word "{scene.word}" spelled exactly', "the sign"


def _absent(scene: ShapeScene, view: SeenPicture) -> tuple[list[int], str, str] | None:
    for group in scene.absent:
        there = members(group, view)
        if there:
            return _around(there[0]), f"plain {view.background} surface", group.named(1)
    return None


def _count(scene: ShapeScene, view: SeenPicture) -> tuple[list[int], str, str] | None:
    """Where one is too many, that one; where some are missing, a free place and how many of them."""
    for group in scene.groups:
        there = members(group, view)
        wanted = group.count or 1
        if len(there) > wanted:
            return _around(min(there, key=lambda one: one.area)), f"plain {view.background} surface", group.named(1)
        if len(there) < wanted:
            missing = wanted - len(there)
            place = free_place(view, missing)
            if place is None:
                return None
            return place, f"exactly {spoken(missing)} {Group(group.shape, group.colour).named(missing)}", ""
    return None


def _around(shape: SeenShape) -> list[int]:
    half = sqrt(shape.area / pi) * 1.5
    return _thousandths(shape.x - half, shape.y - half, shape.x + half, shape.y + half)


def free_place(view: SeenPicture, things: int) -> list[int] | None:
    """The largest square of the picture without anything in it, of sides in twentieths; wider for several things."""
    wide = 1.0 if things == 1 else min(2.0, things)
    for size in (0.4, 0.34, 0.28, 0.22, 0.16, 0.12):
        width = min(0.9, size * wide)
        spots = [(x / 40, y / 40) for y in range(41) for x in range(41)]
        for left, top in spots:
            right, bottom = left + width, top + size
            if min(left, top) < 0.05 or max(right, bottom) > 0.95:
                continue
            if all(_clear(shape, left, top, right, bottom) for shape in view.shapes):
                return _thousandths(left, top, right, bottom)
    return None


def _clear(shape: SeenShape, left: float, top: float, right: float, bottom: float) -> bool:
    reach = sqrt(shape.area / pi) * 1.4 + MARGIN
    across = max(left - shape.x, shape.x - right, 0.0)
    down = max(top - shape.y, shape.y - bottom, 0.0)
    return across**2 + down**2 > reach**2


def _thousandths(*corners: float) -> list[int]:
    return [min(SCALE, max(0, round(one * SCALE))) for one in corners]
