"""Small things and complex shapes: an enlarged look of their own, whose outline counts when it agrees with the first.

Complex shapes want an engine with finer outlines (docs/design-notes.md, 10.2); an enlarged part gives every engine
finer ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from .piece import Piece, Sighting
from .second_looks import LEAST_VIEW, SecondLook, SeenPiece, same_thing
from .shape import shared_pixels
from .views import cut_off, view_around

SMALL = 1 / 8
"""Of the picture's sides. CLIPSeg sees 22 patches along a side, of such a thing fewer than three."""
SURROUNDINGS = 3.0
"""A small thing gets a view three times its size: without its surroundings nobody knows what it is."""
COMPLEX = 1.35
"""Complexity, see there. Disc 1, square 1.1, triangle 1.2, rectangle of one to three 1.25; a star with five points 1.7
to 2, but only 1.4 to 1.5 where a coarse map has rounded it off."""
MARGIN = 2.0
"""A complex shape gets a view this much larger than its box: a coarse map also misses its tips."""
LEAST_MARGIN = 1.25
"""Where so much margin would make the view too large, this must do."""
WORTHWHILE = 0.75
"""Of the picture's sides. A larger view shows hardly more than the whole picture did."""
MOST_PIECES = 8
"""For each picture and phrase, the surest."""
LESS_SURE = 0.1
"""The same thing seen closer is seldom scored exactly alike: its score may be lower by so much."""
AGREEMENT = 0.3
"""Intersection over union with the first outline. A coarse one of a small disc or a star agrees with the right one by
0.3 to 0.6 only."""


def refinings(sighting: Sighting, phrases: Sequence[str], height: int, width: int) -> list[SecondLook]:
    """Second looks at the small and the complex pieces of a picture of height x width pixels."""
    looks: list[SecondLook] = []
    for phrase in phrases:
        pieces = sorted((p for p in sighting.pieces if p.phrase == phrase), key=lambda p: -p.score)
        refining = [_refining(piece, height, width) for piece in pieces]
        looks += [look for look in refining if look is not None][:MOST_PIECES]
    return looks


def with_refined(
    sighting: Sighting, seen: Mapping[SecondLook, Sequence[SeenPiece]], height: int, width: int
) -> Sighting:
    """The sighting with better outlines where its refinings gave some, and notes about both outcomes."""
    pieces = list(sighting.pieces)
    refined: list[Piece] = []
    counts: dict[str, list[int]] = {}
    for look, entries in seen.items():
        if look.first is None:
            continue
        better = _better(look.first, entries, height, width)
        counts.setdefault(look.phrase, [0, 0])[0 if better else 1] += 1
        if better:
            # Two parts seen from afar may turn out to be one thing, which then counts once.
            new = [p for p in better if not any(same_thing(p, q) for q in refined if q.phrase == p.phrase)]
            refined += new
            at = next(index for index, piece in enumerate(pieces) if piece is look.first)
            pieces[at : at + 1] = new
    notes = [_note(phrase, *done) for phrase, done in counts.items()]
    return Sighting(tuple(pieces), (*sighting.notes, *notes))


def complexity(piece: Piece) -> float:
    """Length of the outline, holes' outlines included, by that of a disc of the same area: 1 for a disc.

    Length by Crofton's formula in four directions, so that a turned shape counts like an upright one.
    """
    crop = torch.nn.functional.pad(piece.crop.cpu(), (1, 1, 1, 1))
    straight = (crop[1:] ^ crop[:-1]).sum() + (crop[:, 1:] ^ crop[:, :-1]).sum()
    slanted = (crop[1:, 1:] ^ crop[:-1, :-1]).sum() + (crop[1:, :-1] ^ crop[:-1, 1:]).sum()
    length = math.pi / 8 * (float(straight) + float(slanted) / math.sqrt(2))
    return length / (2 * math.sqrt(math.pi * max(1, piece.area)))


def _size(piece: Piece, height: int, width: int) -> float:
    return max(piece.box.width / width, piece.box.height / height)


def _small(piece: Piece, height: int, width: int) -> bool:
    return _size(piece, height, width) < SMALL


def _refining(piece: Piece, height: int, width: int) -> SecondLook | None:
    small = _small(piece, height, width)
    if not small and complexity(piece) < COMPLEX:
        return None
    size = _size(piece, height, width)
    least = max(size * LEAST_MARGIN, LEAST_VIEW / max(height, width))
    if least > WORTHWHILE:
        return None
    share = min(WORTHWHILE, max(least, size * (SURROUNDINGS if small else MARGIN)))
    return SecondLook(piece.phrase, (view_around(piece.box, share, height, width),), piece)


def _better(first: Piece, seen: Sequence[SeenPiece], height: int, width: int) -> list[Piece]:
    """What takes the place of the first piece; nothing when the second look cuts it off or does not agree with it.

    More than one when what looked like one thing from afar is several.
    """
    about = [one for one in seen if same_thing(one.piece, first)]
    same = [one.piece for one in about]
    if not same or any(cut_off(one.piece, one.view, height, width) for one in about):
        return []
    if max(piece.score for piece in same) < first.score - LESS_SURE:
        return []
    # Pieces of one look hardly overlap: a sum stands for their union.
    shared = min(first.area, sum(shared_pixels(piece, first) for piece in same))
    together = first.area + sum(piece.area for piece in same) - shared
    return same if shared >= AGREEMENT * together else []


def _note(phrase: str, refined: int, kept: int) -> str:
    told = []
    if refined:
        told.append(f"outlined {refined} anew from an enlarged part, small or of a complex shape")
    if kept:
        told.append(
            f"looked at {kept} again, enlarged, but kept the first outline because the second disagreed or was cut off"
        )
    return f'"{phrase}": {"; ".join(told)}.'
