"""Reading where a vision model says things are. Whatever it writes, what comes out lies in the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..judge.json_answer import read_object
from ..judge.picture import Encoded
from ..judge.vision_model import AnswerUnusable
from ..judge.words import one_line, vocabulary
from .box_conventions import BoxKey, Convention, Scale
from .box_question import MOST_ASKED
from .piece import Box
from .pieces import within_picture
from .segmenters.detecting import DetectedBoxes, FoundBox

MOST_BOXES = 64
"""Read of one answer; servers that ignore the schema may give more than was asked for."""
LEAST_SIDE = 4
"""Pixels of the picture. Smaller boxes are slips, not things."""
SLACK = 1.05
"""Models overshoot the end of their scale a little; that is clipped, more is another scale."""
SAME = 0.95
"""Intersection over union from which a box is a repetition: models that lose the thread say one box again and again."""

_KEYS: tuple[BoxKey, ...] = ("bbox_2d", "box_2d")
_WORDS: dict[Scale, str] = {
    "pixels": "pixels of the sent picture",
    "thousandths": "0 to 1000",
    "fractions": "0 to 1",
}


class _Item(BaseModel):
    """One box as a model may write it."""

    model_config = ConfigDict(strict=True, extra="ignore")

    corners: Annotated[
        list[Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]], Field(min_length=4, max_length=4)
    ]
    label: Annotated[str, Field(max_length=300)] = ""
    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None


@dataclass(frozen=True)
class _RawBox:
    """x1, y1, x2, y2: sorted, on the scale that the model used. score: as written."""

    phrase: str
    x1: float
    y1: float
    x2: float
    y2: float
    score: float | None


def read_boxes(
    text: str,
    encoded: Encoded,
    convention: Convention,
    phrases: Sequence[str],
    height: int,
    width: int,
    threshold: float,
) -> DetectedBoxes:
    """What a model's answer says about one picture of height x width pixels.

    encoded: the picture as it was sent. threshold: 0..1, for the scores; a model that gives none means "yes", 1.
    Boxes are clipped to the picture; those without four numbers, of other things, off every scale, under 4 pixels or
    said twice are left out, and the notes say how many. Raises AnswerUnusable when there is nothing readable.
    """
    listed = _listed(text)
    notes = [convention.note] if convention.note else []
    if len(listed) > MOST_BOXES:
        notes.append(f"The model gave {len(listed)} boxes; the first {MOST_BOXES} were taken.")
    elif len(listed) >= MOST_ASKED:
        notes.append(f"The model gave {len(listed)} boxes, as many as fit into an answer; there may be more things.")
    said = [_said(entry, convention, phrases) for entry in listed[:MOST_BOXES]]
    readable = [box for box in said if box is not None]
    scale, on_scale = _scale(readable, convention.scale, encoded)
    if scale != convention.scale:
        notes.append(
            f"The model's boxes do not fit its usual scale ({_WORDS[convention.scale]}), so they were read as "
            f"{_WORDS[scale]}. Check the preview."
        )
    across, down = _ends(scale, encoded)
    found: list[FoundBox] = []
    for box in on_scale:
        x, y = box.x1 * width / across, box.y1 * height / down
        placed = Box(x, y, box.x2 * width / across - x, box.y2 * height / down - y)
        inside = within_picture(placed, height, width)
        if inside is not None and min(inside.width, inside.height) >= LEAST_SIDE and not _repeated(box, inside, found):
            found.append(FoundBox(box.phrase, _certainty(box, readable), inside))
    if len(found) < len(said):
        notes.append(f"{len(said) - len(found)} of the model's {len(said)} boxes could not be used.")
    if found and all(box.score is None for box in on_scale):
        notes.append("The model gave no scores, so the threshold made no difference.")
    return DetectedBoxes(tuple(box for box in found if box.score >= threshold), tuple(notes))


def _listed(text: str) -> list[Any]:
    """The entries of an answer: the object that was asked for, a bare list, or one single box."""
    try:
        answer = read_object(text)
    except AnswerUnusable:
        # Qwen's own habit is a list of boxes, which is no answer to any other question.
        spoken = text.rsplit("</think>", 1)[-1]
        start, end = spoken.find("["), spoken.rfind("]")
        if not 0 <= start < end:
            raise
        answer = read_object(f'{{"boxes": {spoken[start : end + 1]}}}')
    if isinstance(answer.get("boxes"), list):
        return answer["boxes"]
    if any(key in answer for key in _KEYS):
        return [answer]
    raise AnswerUnusable('The model\'s answer has no list of "boxes". Run again, or use another vision model.')


def _said(entry: Any, convention: Convention, phrases: Sequence[str]) -> _RawBox | None:
    """None for what is no box of a thing that was asked for."""
    if not isinstance(entry, Mapping):
        return None
    key = next((key for key in (convention.key, *_KEYS) if key in entry), None)
    try:
        item = _Item.model_validate({**_only(entry, "label", "score"), "corners": entry.get(key)})
    except ValidationError:
        return None
    phrase = _phrase(item.label, phrases)
    if phrase is None:
        return None
    a, b, c, d = item.corners
    x1, y1, x2, y2 = (b, a, d, c) if key == "box_2d" else (a, b, c, d)
    return _RawBox(phrase, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2), item.score)


def _only(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: entry[key] for key in keys if key in entry}


def _phrase(label: str, phrases: Sequence[str]) -> str | None:
    """The phrase that a label means: the very same, else the one that shares most words with it."""
    if not label:
        return phrases[0] if len(phrases) == 1 else None
    said = label.casefold().strip()
    for phrase in phrases:
        if one_line(phrase).casefold() == said:
            return phrase
    shared = {phrase: len(vocabulary(label) & vocabulary(phrase)) for phrase in phrases}
    best = max(shared, key=lambda phrase: shared[phrase])
    return best if shared[best] and list(shared.values()).count(shared[best]) == 1 else None


def _ends(scale: Scale, encoded: Encoded) -> tuple[float, float]:
    """Where the scale ends to the right and at the bottom."""
    if scale == "pixels":
        return float(encoded.width), float(encoded.height)
    return (1000.0, 1000.0) if scale == "thousandths" else (1.0, 1.0)


def _scale(boxes: Sequence[_RawBox], usual: Scale, encoded: Encoded) -> tuple[Scale, list[_RawBox]]:
    """The scale of an answer and the boxes on it: the family's own, unless only another one explains all boxes."""
    fractions = bool(boxes) and all(_fits(box, "fractions", encoded) for box in boxes)
    usual_ones = [box for box in boxes if _fits(box, usual, encoded)]
    if fractions:
        return "fractions", list(boxes)
    if len(usual_ones) < len(boxes):
        others: tuple[Scale, ...] = ("pixels", "thousandths")
        for other in others:
            if all(_fits(box, other, encoded) for box in boxes):
                return other, list(boxes)
    return usual, usual_ones


def _fits(box: _RawBox, scale: Scale, encoded: Encoded) -> bool:
    across, down = _ends(scale, encoded)
    low = 1 - SLACK
    return box.x2 <= across * SLACK and box.y2 <= down * SLACK and box.x1 >= low * across and box.y1 >= low * down


def _repeated(said: _RawBox, box: Box, found: Sequence[FoundBox]) -> bool:
    return any(other.phrase == said.phrase and shared_area(box, other.box) >= SAME for other in found)


def shared_area(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (one.width * one.height + other.width * other.height - shared)


def _certainty(box: _RawBox, answer: Sequence[_RawBox]) -> float:
    """0..1. Asked for in percent; an answer of decimals up to 1 means 0 to 1."""
    if box.score is None:
        return 1.0
    scores = [other.score for other in answer if other.score is not None]
    decimals = max(scores) <= 1 and any(score % 1 for score in scores)
    return box.score if decimals else box.score / 100
