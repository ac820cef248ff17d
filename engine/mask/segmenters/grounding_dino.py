"""GroundingDINO: boxes for phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..box_answer import shared_area
from ..piece import Box
from ..pieces import within_picture
from .chunks import in_chunks
from .detecting import DetectedBoxes, FoundBox
from .folders import ModelFolder
from .loading import Loaded
from .ports import Models
from .preprocessing import limited

SAME_BOX = 0.8
"""Intersection over union from which two boxes of a phrase are one thing; GroundingDINO gives some things twice."""


@dataclass(frozen=True)
class Text:
    """One text for the model. ids: its tokens. spans: for each phrase the tokens that are its own, half open."""

    ids: tuple[int, ...]
    spans: tuple[tuple[str, int, int], ...]


class GroundingDino:
    """A Detector. frames_at_once: pictures in one pass; 0 for as many as memory allows."""

    def __init__(self, models: Models, folder: ModelFolder, frames_at_once: int = 0) -> None:
        self._models, self._folder, self._frames = models, folder, frames_at_once

    def detect(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[DetectedBoxes]:
        """See Detector. Raises what in_chunks raises."""

        def work(loaded: Loaded, part: torch.Tensor, _start: int) -> list[DetectedBoxes]:
            pixels = limited(part, loaded.rules).to(loaded.dtype)
            found: list[list[FoundBox]] = [[] for _ in range(len(part))]
            for text in texts_of(phrases, loaded.tokenizer, loaded.model.config.max_text_len):
                logits, boxes = _answer(loaded, pixels, text)
                for boxes_here, scores, corners in zip(found, logits, boxes, strict=True):
                    boxes_here += boxes_of(scores, corners, text, threshold, part.shape[1], part.shape[2])
            return [DetectedBoxes(tuple(boxes_here)) for boxes_here in found]

        return in_chunks(pictures, self._models, self._folder, self._frames, work)


def texts_of(phrases: Sequence[str], tokenizer: object, longest: int) -> list[Text]:
    """The phrases in lower case, each ended by ".", as many in one text as the model reads (`longest` tokens).

    Every phrase is tokenized by itself, so it is known which of the model's scores belong to it.
    """
    dot = tokenizer(".", add_special_tokens=False)["input_ids"]
    texts: list[Text] = []
    ids: list[int] = []
    spans: list[tuple[str, int, int]] = []

    def close() -> None:
        if spans:
            texts.append(Text((tokenizer.cls_token_id, *ids, tokenizer.sep_token_id), tuple(spans)))
        ids.clear()
        spans.clear()

    room = longest - 2
    for phrase in phrases:
        own = tokenizer(phrase.lower(), add_special_tokens=False)["input_ids"][: room - len(dot)]
        if len(ids) + len(own) + len(dot) > room:
            close()
        spans.append((phrase, 1 + len(ids), 1 + len(ids) + len(own)))
        ids += [*own, *dot]
    close()
    return texts


def boxes_of(
    scores: torch.Tensor, boxes: torch.Tensor, text: Text, threshold: float, height: int, width: int
) -> list[FoundBox]:
    """scores: [Q, L] 0..1, of each box and token. boxes: [Q, 4] as cx, cy, w, h, 0..1. height, width: in pixels.

    A box answers the phrase with the highest score, which is that of its surest token (the model's own rule).
    """
    own = [
        scores[:, start:end].amax(1) if end > start else scores.new_zeros(len(scores)) for _, start, end in text.spans
    ]
    best, which = torch.stack(own).max(0)
    kept: list[FoundBox] = []
    for index in torch.argsort(best, descending=True, stable=True).tolist():
        if float(best[index]) < threshold:
            break
        across, down, wide, high = boxes[index].tolist()
        corner = ((across - wide / 2) * width, (down - high / 2) * height)
        box = within_picture(Box(*corner, wide * width, high * height), height, width)
        phrase = text.spans[int(which[index])][0]
        if box is None or box.width < 1 or box.height < 1:
            continue
        if not any(other.phrase == phrase and shared_area(box, other.box) >= SAME_BOX for other in kept):
            kept.append(FoundBox(phrase, float(best[index]), box))
    return kept


def _answer(loaded: Loaded, pixels: torch.Tensor, text: Text) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores [B, Q, L] and boxes [B, Q, 4], on the CPU in 32 bits."""
    ids = torch.tensor([text.ids] * len(pixels), device=loaded.device)
    answer = loaded.model(
        pixel_values=pixels,
        input_ids=ids,
        token_type_ids=torch.zeros_like(ids),
        attention_mask=torch.ones_like(ids),
    )
    return answer.logits.float().sigmoid().cpu(), answer.pred_boxes.float().cpu()
