"""The pictures of one render: a batch, or what several cards painted side by side. What paints each of them again, and
how its file is called. Pure."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ..settings import MAX_SEED

LETTERS = string.ascii_lowercase


class PictureSource(BaseModel):
    """What paints one picture of a render again.

    seed: of its own: another card paints with another one. place: in the batch that its card rendered at once, from 0;
    the noise of such a batch is drawn as a whole, so that a picture at a later place comes again with its batch only.
    worker: name of the card that painted it, "" for the server that the run is on.
    """

    model_config = ConfigDict(frozen=True)

    seed: int = Field(ge=0, le=MAX_SEED)
    place: int = Field(default=0, ge=0)
    worker: str = ""


class CardShare(NamedTuple):
    """What one card brought to a render. name: see PictureSource.worker. offset: its seed is that of the plan and so
    much. count: pictures."""

    name: str
    offset: int
    count: int


def picture_sources(seed: int, count: int, shares: Sequence[CardShare] = ()) -> list[PictureSource | None]:
    """By picture of a render, what paints it again; None for a picture alone on the seed of its plan.

    shares: of the cards, in the order of their pictures; empty where one rendered the whole batch. Pictures beyond them
    are nobody's that is known.
    """
    if not shares:
        return [None] if count == 1 else [PictureSource(seed=seed, place=place) for place in range(count)]
    found: list[PictureSource | None] = []
    for share in shares:
        own = (seed + share.offset) % (MAX_SEED + 1)
        found += [PictureSource(seed=own, place=place, worker=share.name) for place in range(share.count)]
    return [*found, *([None] * count)][:count]


def letter(index: int) -> str:
    """What a picture of a batch is called by: "a" for the first. Of the 27th on: "aa", "ab"."""
    first, last = divmod(index, len(LETTERS))
    return f"{letter(first - 1) if first else ''}{LETTERS[last]}"
