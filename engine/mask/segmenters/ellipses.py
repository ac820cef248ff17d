"""Boxes without a model that outlines them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..piece import Sighting
from ..pieces import piece_of_box
from .detecting import DetectedBoxes

WARNING = (
    "There is no SAM model folder, so each box became a filled ellipse: the mask is rough. "
    "For outlines put the files of facebook/sam2.1-hiera-tiny (0.2 GB) into models/text_segment."
)


class Ellipses:
    """An Outliner that needs no model and says that its outlines are none."""

    def outline(self, pictures: torch.Tensor, found: Sequence[DetectedBoxes]) -> list[Sighting]:
        """See Outliner."""
        height, width = pictures.shape[1:3]
        sightings = []
        for detection in found:
            pieces = (piece_of_box(one.box, height, width, one.phrase, one.score) for one in detection.boxes)
            notes = (*detection.notes, WARNING) if detection.boxes else detection.notes
            sightings.append(Sighting(tuple(piece for piece in pieces if piece is not None), notes))
        return sightings
