"""Nothing found: the same picture in four enlarged tiles, for things too small to be seen in the whole of it.

Small objects want an engine with finer eyes (docs/design-notes.md, 10.2); enlarging gives every engine finer eyes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .piece import Piece, Sighting
from .second_looks import LEAST_VIEW, SecondLook, SeenPiece, same_thing
from .views import TILE_OVERLAP, cut_off, tiles

STRICTER = 0.25
"""Of the way from the threshold to 1. Four more looks are four more chances to see what is not there."""


def searches(sighting: Sighting, phrases: Sequence[str], height: int, width: int) -> list[SecondLook]:
    """One for each phrase of which nothing was found, in a picture large enough to be cut up."""
    if max(height, width) < 2 * LEAST_VIEW:
        return []
    there = {piece.phrase for piece in sighting.pieces}
    return [SecondLook(phrase, tiles(height, width)) for phrase in phrases if phrase not in there]


def with_found(
    sighting: Sighting, seen: Mapping[SecondLook, Sequence[SeenPiece]], threshold: float, height: int, width: int
) -> Sighting:
    """The sighting with what its searches found, and a note for each of them. threshold: the first look's."""
    found: list[Piece] = []
    notes: list[str] = []
    for look, entries in seen.items():
        believed = _believed(entries, threshold, height, width)
        found += believed
        start = f'"{look.phrase}" was not seen in the whole picture; looked again at {len(look.views)} enlarged parts'
        if believed:
            notes.append(f"{start} and found {len(believed)}, small.")
        elif entries:
            notes.append(f"{start}, but what was seen there is too large, too unsure or cut off to be believed.")
        else:
            notes.append(f"{start}, in vain.")
    return Sighting((*sighting.pieces, *found), (*sighting.notes, *notes))


def _believed(seen: Sequence[SeenPiece], threshold: float, height: int, width: int) -> list[Piece]:
    """Sure, whole and small (a large thing the first look would have seen), each thing once."""
    sure = threshold + (1 - threshold) * STRICTER
    found: list[Piece] = []
    for one in sorted(seen, key=lambda s: -s.piece.score):
        piece = one.piece
        rows, columns = piece.crop.shape
        small = rows <= TILE_OVERLAP * height and columns <= TILE_OVERLAP * width
        if piece.score < sure or not small or cut_off(piece, one.view, height, width):
            continue
        if not any(same_thing(piece, other) for other in found):
            found.append(piece)
    return found
