"""Looking again at enlarged parts of pictures, and what is seen there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .piece import Piece, Segmenter
from .shape import shared_pixels
from .views import View, brought_back, enlarged_view

VIEWS_AT_ONCE = 8
"""So that the enlarged parts of a long batch are never all in memory."""
LEAST_VIEW = 128
"""Pixels on a view's long side. Fewer hold no detail that the first look could have missed."""
SAME_THING = 0.5
"""Shared area by the smaller one's, from which two pieces are one thing."""


@dataclass(frozen=True, eq=False)
class SecondLook:
    """views: where to look for the phrase. first: the piece to be looked at again, None where nothing was found."""

    phrase: str
    views: tuple[View, ...]
    first: Piece | None = None


@dataclass(frozen=True, eq=False)
class SeenPiece:
    """A piece that a second look saw, in pixels of its picture, and the view it was seen in."""

    piece: Piece
    view: View


def look_again(
    segmenter: Segmenter, pictures: torch.Tensor, looks: Sequence[Sequence[SecondLook]], threshold: float
) -> dict[SecondLook, list[SeenPiece]]:
    """What each of the looks, listed for each picture of [B, H, W, 3], saw. Raises what the segmenter raises."""
    height, width = pictures.shape[1:3]
    seen: dict[SecondLook, list[SeenPiece]] = {look: [] for of_picture in looks for look in of_picture}
    for phrase in dict.fromkeys(look.phrase for look in seen):
        wanted = [
            (picture, look, view)
            for picture, of_picture in zip(pictures, looks, strict=True)
            for look in of_picture
            if look.phrase == phrase
            for view in look.views
        ]
        for start in range(0, len(wanted), VIEWS_AT_ONCE):
            part = wanted[start : start + VIEWS_AT_ONCE]
            enlarged = torch.stack([enlarged_view(picture, view) for picture, _, view in part])
            sightings = segmenter.look(enlarged, (phrase,), threshold)
            for (_, look, view), sighting in zip(part, sightings, strict=True):
                back = (brought_back(piece, view, height, width) for piece in sighting.pieces)
                seen[look] += [SeenPiece(piece, view) for piece in back if piece is not None]
    return seen


def same_thing(one: Piece, other: Piece) -> bool:
    """Whether two pieces, seen in different looks, are one thing."""
    return shared_pixels(one, other) >= SAME_THING * min(one.area, other.area)
