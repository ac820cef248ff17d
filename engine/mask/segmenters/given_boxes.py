"""Boxes that another node found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..piece import Box
from ..pieces import within_picture
from .detecting import DetectedBoxes, FoundBox

FORM = '{"x": 10, "y": 20, "width": 30, "height": 40}'

FRONTEND_DEFAULT = {"x": 0, "y": 0, "width": 512, "height": 512}
"""What the page sends for a BOUNDING_BOX input that nobody linked, since some frontend after 1.35 makes it a widget."""


def is_unset(boxes: Any) -> bool:
    """Whether nobody gave boxes: there are none, or only the page's own default."""
    return boxes is None or (isinstance(boxes, Mapping) and dict(boxes) == FRONTEND_DEFAULT)


class GivenBoxes:
    """A Detector that looks at nothing.

    boxes: core's BOUNDING_BOX, a list of boxes for each picture; also one list for all pictures, or one box. They
    answer the first phrase. pictures: how many will be shown. Raises ValueError for anything else.
    """

    def __init__(self, boxes: Any, pictures: int) -> None:
        lists = _listed(boxes)
        if len(lists) == 1:
            lists = lists * pictures
        if len(lists) != pictures:
            raise ValueError(
                f"boxes has lists for {len(lists)} pictures, but image holds {pictures}. "
                "Give one list for each picture, or one for all."
            )
        self._of_pictures = lists

    def detect(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[DetectedBoxes]:
        """See Detector; pictures: as many as were announced."""
        height, width = pictures.shape[1:3]
        return [
            DetectedBoxes(tuple(_found(of_one, phrases[0], threshold, height, width))) for of_one in self._of_pictures
        ]


def _listed(boxes: Any) -> list[list[tuple[Box, float]]]:
    if isinstance(boxes, Mapping):
        boxes = [[boxes]]
    if not isinstance(boxes, Sequence) or isinstance(boxes, str):
        raise ValueError(f"boxes is not a list of boxes like {FORM}.")
    if boxes and all(isinstance(one, Mapping) for one in boxes):
        boxes = [boxes]
    if not all(isinstance(of_picture, Sequence) for of_picture in boxes):
        raise ValueError(f"boxes holds something that is no box like {FORM}.")
    return [[_read(one) for one in of_picture] for of_picture in boxes] or [[]]


def _read(one: Any) -> tuple[Box, float]:
    try:
        box = Box(*(float(one[name]) for name in ("x", "y", "width", "height")))
        return box, min(1.0, max(0.0, float(one.get("score", 1.0))))
    except (TypeError, KeyError, ValueError, AttributeError) as problem:
        raise ValueError(f"boxes holds something that is no box like {FORM}: {str(one)[:60]}.") from problem


def _found(
    boxes: Sequence[tuple[Box, float]], phrase: str, threshold: float, height: int, width: int
) -> list[FoundBox]:
    placed = [(within_picture(box, height, width), score) for box, score in boxes]
    return [FoundBox(phrase, score, box) for box, score in placed if box is not None and score >= threshold]
