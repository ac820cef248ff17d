"""Which pictures of a batch are looked at, in how many calls, and which of them is best. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .critique import Critique

MOST_LOOKED_AT = 8
"""Of a longer batch (the frames of a clip) so many are judged, evenly spaced."""
MOST_CALLS = 12
"""Calls to the model for the verdict about one batch of several pictures (docs/design-notes.md, 2.18)."""
SPARE_CALLS = 4
"""Of these, what is left for second looks where more pictures than that are looked at, as several cards bring them."""
MOST_CLIP_CALLS = 3
"""Calls to the model about one clip: two looks, and one more where an answer cannot be used or a clause is wanted."""


class BatchVerdict(NamedTuple):
    """critiques: by index in the batch, of the pictures that were looked at. best: index of the best of them."""

    critiques: dict[int, Critique]
    best: int


def sample_batch(count: int, most: int = MOST_LOOKED_AT) -> list[int]:
    """Indices of at most so many pictures, evenly spaced; the first and the last are always among them."""
    if count <= most:
        return list(range(count))
    return [round(n * (count - 1) / (most - 1)) for n in range(most)]


def calls_for(pictures: int, groups: int, clip: bool) -> int | None:
    """Calls to the model that the verdict about so many pictures may take, None for any number. groups: the calls of
    one look. clip: whether a clip is among them."""
    if clip:
        return MOST_CLIP_CALLS
    return None if pictures == 1 else max(MOST_CALLS, pictures + SPARE_CALLS) * groups


def best_of(critiques: Mapping[int, Critique], count: int) -> BatchVerdict:
    """The best by (passed, score), the first on a tie. count: of the whole batch; a sample is said to be one."""
    best = max(critiques, key=lambda index: (*_rank(critiques[index]), -index))
    told = dict(critiques)
    if len(told) < count:
        said = f"Looked at {len(told)} of {count} pictures, evenly spaced."
        told = {index: one.model_copy(update={"reason": f"{one.reason} {said}".strip()}) for index, one in told.items()}
    return BatchVerdict(told, best)


def by_score(critiques: Mapping[int, Critique]) -> list[int]:
    """The indices, the best first."""
    return sorted(critiques, key=lambda index: (*_rank(critiques[index]), -index), reverse=True)


def _rank(critique: Critique) -> tuple[bool, float, float]:
    """Confirmed first, then by score; what nobody looked at comes last, the technically better before."""
    return critique.passed, -1.0 if critique.score is None else critique.score, critique.technical or 0.0
