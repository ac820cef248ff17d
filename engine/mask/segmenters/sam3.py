"""SAM 3: outlines of everything that a phrase names, at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..piece import Box, Piece, Sighting
from ..pieces import piece_of_logits, within_picture
from .chunks import in_chunks
from .folders import ModelFolder
from .loading import Loaded
from .ports import Models
from .preprocessing import stretched


class Sam3:
    """frames_at_once: pictures in one pass; 0 for as many as memory allows."""

    name = "SAM3"

    def __init__(self, models: Models, folder: ModelFolder, frames_at_once: int = 0) -> None:
        self._models, self._folder, self._frames = models, folder, frames_at_once

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        """See Segmenter. Raises what in_chunks raises."""

        def work(loaded: Loaded, part: torch.Tensor, _start: int) -> list[Sighting]:
            side = loaded.model.config.vision_config.backbone_config.image_size
            pixels = stretched(part, loaded.rules, side, side).to(loaded.dtype)
            seen = loaded.model.get_vision_features(pixel_values=pixels)
            found: list[list[Piece]] = [[] for _ in range(len(part))]
            for phrase in phrases:
                answer = loaded.model(vision_embeds=seen, **_words(loaded, phrase, len(part)))
                for row, pieces in enumerate(found):
                    pieces += pieces_of_answer(answer, row, phrase, threshold, part.shape[1], part.shape[2])
            return [Sighting(tuple(pieces)) for pieces in found]

        return in_chunks(pictures, self._models, self._folder, self._frames, work)


def pieces_of_answer(answer: Any, row: int, phrase: str, threshold: float, height: int, width: int) -> list[Piece]:
    """Of one picture of the batch. answer: pred_logits [B, Q], presence_logits [B, 1], pred_masks [B, Q, h, w],
    pred_boxes [B, Q, 4] as left, top, right, bottom, 0..1.

    A thing's score is its own times that of the phrase being in the picture at all, as in the model's own
    post-processing.
    """
    scores = answer.pred_logits[row].float().sigmoid() * answer.presence_logits[row].float().sigmoid().reshape(())
    pieces = []
    for index in (scores >= threshold).nonzero().flatten().tolist():
        left, top, right, bottom = answer.pred_boxes[row, index].float().tolist()
        box = Box(left * width, top * height, (right - left) * width, (bottom - top) * height)
        piece = piece_of_logits(
            answer.pred_masks[row, index],
            height,
            width,
            phrase,
            float(scores[index]),
            within_picture(box, height, width),
        )
        if piece is not None:
            pieces.append(piece)
    return pieces


def _words(loaded: Loaded, phrase: str, count: int) -> dict[str, torch.Tensor]:
    """The phrase for each picture of a batch, padded as the model was trained."""
    length = loaded.model.config.text_config.max_position_embeddings
    words = loaded.tokenizer(
        [phrase] * count, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    ).to(loaded.device)
    return {"input_ids": words["input_ids"], "attention_mask": words["attention_mask"]}
