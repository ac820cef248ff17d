"""What happens between the frames of a clip, and which frames a question is about, for a double that sees one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .facts import members
from .scene import Group, parse
from .seeing import SeenPicture, SeenShape
from .vocabulary import COLOUR_WORDS

FAR = 0.08
"""Share of the picture's side by which something must have moved."""
GROWN = 1.3
_FORM = re.compile(r"\bframes?\s+([\d ]+)$|\b(the whole clip)$")
_COUNT = re.compile(r"\b(\d) frames of one clip\b")
_DENIED = re.compile(r"\bwithout this happening\b|\bstays? (?:as|where|in)\b|\bnot\b", re.I)
_WAYS = {"left": ("x", -1), "right": ("x", 1), "up": ("y", -1), "down": ("y", 1)}
_VERBS: tuple[tuple[str, str], ...] = (
    ("camera", r"\bcamera\b"),
    ("turns", r"\b(?:turns?|becomes?|changes?)\b(?!\s+(?:left|right))"),
    ("appears", r"\b(?:appears?|enters?|emerges?)\b"),
    ("goes", r"\b(?:disappears?|vanish(?:es)?|leaves?|melts?)\b"),
    ("grows", r"\bgrows?\b"),
    ("shrinks", r"\bshrinks?\b"),
    ("moves", r"\b(?:moves?|drifts?|slides?|rolls?|flies|fly|walks?|runs?)\b"),
)


@dataclass(frozen=True)
class Happening:
    """What a question asks about the whole clip. denied: a yes says that it does not happen."""

    verb: Literal["camera", "turns", "appears", "goes", "grows", "shrinks", "moves"]
    group: Group | None
    way: str = ""
    colour: str = ""
    denied: bool = False


def frames_of(text: str) -> int:
    """How many frames a question says it is about; 0 for one about a picture."""
    found = _COUNT.search(text)
    return int(found[1]) if found else 0


def keys_of(key: str, form: str) -> dict[str, int]:
    """By key of the answer, the number of the frame that it is about; 0 for the whole clip."""
    found = _FORM.search(form.strip())
    if not found or found[2]:
        return {key: 0}
    return {f"{key}f{number}": int(number) for number in found[1].split()}


def cut_sheet(sheet: np.ndarray, count: int) -> list[np.ndarray]:
    """The frames of a sheet, uint8 [H,W,3]: rows of three, each frame below a black line with its number."""
    columns = count if count < 4 else 3
    rows = -(-count // columns)
    high, wide = sheet.shape[0] // rows, sheet.shape[1] // columns
    cells = [sheet[n // columns * high :, n % columns * wide :][:high, :wide] for n in range(count)]
    caption = next(row for row in range(2, high) if cells[0][row, wide // 2 :].mean() > 40)
    return [cell[caption + 2 : -2] for cell in cells]


def read_happening(question: str) -> Happening | None:
    """None for a question about nothing that this world knows."""
    verb = next((name for name, pattern in _VERBS if re.search(pattern, question, re.I)), None)
    if verb is None:
        return None
    groups = parse(re.split(r"\b(?:turns?|becomes?|changes?)\b", question)[0] if verb == "turns" else question).groups
    way = next((word for word in _WAYS if re.search(rf"\b{word}\b", question, re.I)), "")
    colour = ""
    if verb == "turns":
        last = re.findall(rf"\b(?:{'|'.join(COLOUR_WORDS)})\b", re.split(r"\bturns?|becomes?|changes?\b", question)[-1])
        colour = COLOUR_WORDS[last[-1]] if last else ""
    return Happening(verb, groups[0] if groups else None, way, colour, _DENIED.search(question) is not None)


def happens(what: Happening | None, views: Sequence[SeenPicture]) -> bool:
    """Whether the answer is yes."""
    if what is None or len(views) < 2:
        return False
    return _took_place(what, views) != what.denied


def _took_place(what: Happening, views: Sequence[SeenPicture]) -> bool:
    first, last = views[0], views[-1]
    if what.verb == "camera":
        moved = [_middle([b]) - _middle([a]) for a, b in zip(*map(_by_name, (first, last)), strict=False)]
        axis, sign = _WAYS.get(what.way, ("x", 1))
        along = [step.real if axis == "x" else step.imag for step in moved]
        return len(along) > 1 and all(-sign * step > FAR for step in along)
    if what.group is None:
        return False
    before, after = members(what.group, first), members(what.group, last)
    match what.verb:
        case "appears":
            return not before and bool(after)
        case "goes":
            return bool(before) and not after
        case "turns":
            seen = members(Group(what.group.shape), last)
            return bool(before) and bool(seen) and all(one.colour == what.colour for one in seen)
    if not before or not after:
        return False
    if what.verb in ("grows", "shrinks"):
        ratio = sum(one.area for one in after) / sum(one.area for one in before)
        return ratio > GROWN if what.verb == "grows" else ratio < 1 / GROWN
    step = _middle(after) - _middle(before)
    if not what.way:
        return abs(step) > FAR
    axis, sign = _WAYS[what.way]
    return sign * (step.real if axis == "x" else step.imag) > FAR


def _by_name(view: SeenPicture) -> list[SeenShape]:
    return sorted(view.shapes, key=lambda one: (one.shape, one.colour, one.x))


def _middle(shapes: Sequence[SeenShape]) -> complex:
    return complex(sum(s.x for s in shapes) / len(shapes), sum(s.y for s in shapes) / len(shapes))


def shown_frames(pictures: Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    """The frames of a request, as they came or cut from their sheet."""
    return list(pictures) if len(pictures) == count else cut_sheet(pictures[-1], count)
