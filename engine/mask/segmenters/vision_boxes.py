"""Boxes from a vision model that is asked in words, one picture after the other."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence

import torch

from ...judge.vision_model import AnswerUnusable, VisionModel
from ..box_answer import read_boxes
from ..box_conventions import Convention, convention_of, sent_picture
from ..box_question import box_question
from .detecting import DetectedBoxes

ATTEMPTS = 2


class VisionBoxes:
    """A Detector. between_pictures: gets the pictures finished since the last call; raises to interrupt.

    To be used in a thread without a running event loop: `detect` runs one of its own while it waits for the model.
    Raises ModelUnfit at once for a model whose boxes cannot be trusted.
    """

    def __init__(self, model: VisionModel, between_pictures: Callable[[int], None]) -> None:
        self._model, self._between = model, between_pictures
        self._convention: Convention = convention_of(model.name)

    def detect(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[DetectedBoxes]:
        """See Detector. A picture whose answer cannot be read has no boxes and says so. Raises ModelUnreachable."""
        return asyncio.run(self._detect(pictures, phrases, threshold))

    async def _detect(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[DetectedBoxes]:
        found = []
        self._between(0)
        for picture in pictures:
            found.append(await self._in_one(picture, phrases, threshold))
            self._between(1)
        return found

    async def _in_one(self, picture: torch.Tensor, phrases: Sequence[str], threshold: float) -> DetectedBoxes:
        encoded = sent_picture(picture, self._convention)
        question = box_question(encoded, self._convention, phrases)
        height, width = picture.shape[:2]
        problem = ""
        for attempt in range(ATTEMPTS):
            # Another seed, because the same one would give the same answer again.
            asked = dataclasses.replace(question, seed=attempt)
            try:
                reply = await self._model.ask(asked)
                return read_boxes(reply.text, encoded, self._convention, phrases, height, width, threshold)
            except AnswerUnusable as unusable:
                problem = str(unusable)
        return DetectedBoxes((), (f"The answer of {self._model.name} could not be used: {problem}",))
