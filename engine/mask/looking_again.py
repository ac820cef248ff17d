"""A segmenter that looks twice where once is often not enough, and says so (docs/design-notes.md, 10.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .lettering import with_strokes
from .piece import Segmenter, Sighting
from .refining import refinings, with_refined
from .searching import searches, with_found
from .second_looks import look_again


class LookingAgain:
    """A Segmenter around another one: searching.py, then refining.py, then lettering.py.

    Whatever is not clearly better leaves the first finding as it is, and each sighting's notes say what was done.
    (The cure for several instances, words that select, is part of the request: selecting_words.py.)
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self.name = segmenter.name

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        """See Segmenter. Raises what the other one raises."""
        height, width = pictures.shape[1:3]
        sightings = self._segmenter.look(pictures, phrases, threshold)

        looks = [searches(sighting, phrases, height, width) for sighting in sightings]
        seen = look_again(self._segmenter, pictures, looks, threshold)
        sightings = [
            with_found(sighting, {look: seen[look] for look in own}, threshold, height, width)
            for sighting, own in zip(sightings, looks, strict=True)
        ]
        looks = [refinings(sighting, phrases, height, width) for sighting in sightings]
        seen = look_again(self._segmenter, pictures, looks, threshold)
        sightings = [
            with_refined(sighting, {look: seen[look] for look in own}, height, width)
            for sighting, own in zip(sightings, looks, strict=True)
        ]
        return [with_strokes(sighting, picture) for sighting, picture in zip(sightings, pictures, strict=True)]
