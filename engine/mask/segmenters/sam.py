"""SAM and SAM 2: the outline of the thing in a box."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..piece import Box, Piece, Sighting
from ..pieces import enlarge, piece_of_logits
from .chunks import in_chunks
from .detecting import DetectedBoxes, FoundBox
from .folders import ModelFolder
from .kinds import SAM
from .loading import Loaded
from .ports import Models
from .preprocessing import letterboxed, stretched

BOXES_AT_ONCE = 32
"""Boxes of one picture in a pass of the mask decoder, so that two hundred do not fill the memory."""


class SamOutliner:
    """An Outliner. Pictures without a box are never shown to the model."""

    def __init__(self, models: Models, folder: ModelFolder, frames_at_once: int = 0) -> None:
        self._models, self._folder, self._frames = models, folder, frames_at_once

    def outline(self, pictures: torch.Tensor, found: Sequence[DetectedBoxes]) -> list[Sighting]:
        """See Outliner. Raises what in_chunks raises."""
        wanted = [index for index, detection in enumerate(found) if detection.boxes]
        if not wanted:
            return [Sighting((), detection.notes) for detection in found]

        def work(loaded: Loaded, part: torch.Tensor, start: int) -> list[Sighting]:
            detections = [found[index] for index in wanted[start : start + len(part)]]
            outlined = _outlines(loaded, part, [d.boxes for d in detections], self._folder.kind is SAM)
            return [_sighting(*pair) for pair in zip(outlined, detections, strict=True)]

        looked_at = dict(
            zip(wanted, in_chunks(pictures[wanted], self._models, self._folder, self._frames, work), strict=True)
        )
        return [looked_at.get(index, Sighting((), detection.notes)) for index, detection in enumerate(found)]


def _sighting(outlined: Sequence[Piece | None], detection: DetectedBoxes) -> Sighting:
    pieces = tuple(piece for piece in outlined if piece is not None)
    lost = len(outlined) - len(pieces)
    note = (f"SAM found no outline in {lost} of {len(outlined)} boxes.",) if lost else ()
    return Sighting(pieces, (*detection.notes, *note))


def _outlines(
    loaded: Loaded, part: torch.Tensor, boxes: Sequence[Sequence[FoundBox]], pads: bool
) -> list[tuple[Piece | None, ...]]:
    """For each picture a piece for each box, None where the outline is empty.

    pads: SAM keeps the aspect and fills up to the square; SAM 2 stretches.
    """
    side = loaded.model.config.prompt_encoder_config.image_size
    if pads:
        pixels, inner_height, inner_width = letterboxed(part, loaded.rules, side)
    else:
        pixels, inner_height, inner_width = stretched(part, loaded.rules, side, side), side, side
    embedded = loaded.model.get_image_embeddings(pixels.to(loaded.dtype))
    height, width = part.shape[1:3]
    to_model = torch.tensor([inner_width / width, inner_height / height] * 2)
    outlined = []
    for row, of_picture in enumerate(boxes):
        pieces = []
        for first in range(0, len(of_picture), BOXES_AT_ONCE):
            few = of_picture[first : first + BOXES_AT_ONCE]
            corners = torch.tensor([_corners(found.box) for found in few]) * to_model
            masks = loaded.model(
                image_embeddings=_row(embedded, row),
                input_boxes=corners[None].to(loaded.device),
                multimask_output=False,
            ).pred_masks[0, :, 0]
            for found, logits in zip(few, masks, strict=True):
                if pads:
                    logits = enlarge(logits, side, side)[:inner_height, :inner_width]
                pieces.append(piece_of_logits(logits, height, width, found.phrase, found.score, found.box))
        outlined.append(tuple(pieces))
    return outlined


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _row(embedded: torch.Tensor | list[torch.Tensor], row: int) -> torch.Tensor | list[torch.Tensor]:
    """One picture's part of SAM's tensor or SAM 2's list of tensors."""
    if isinstance(embedded, torch.Tensor):
        return embedded[row : row + 1]
    return [level[row : row + 1] for level in embedded]
