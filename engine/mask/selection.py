"""Which of the found pieces to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from .piece import Piece

Order = Literal["best score", "largest", "smallest", "leftmost", "rightmost", "topmost", "bottommost", "center"]
SELECTIONS = ("all", *get_args(Order), "number")
"""What the node's input offers. "number" counts from the left."""


@dataclass(frozen=True)
class Selection:
    """Pieces in an order, of which the first `skip` are passed over and the next `count` kept (None: all of them)."""

    order: Order = "best score"
    skip: int = 0
    count: int | None = None

    @property
    def keeps_all(self) -> bool:
        return self.skip == 0 and self.count is None


ALL = Selection()


def selection_of(select: str, number: int) -> Selection:
    """What the node's inputs mean. number: how many to keep, or, where select is "number", which one from the left.

    Raises ValueError for a choice or a number that does not exist.
    """
    if select not in SELECTIONS:
        raise ValueError(f'select is "{select}". Choose one of: {", ".join(SELECTIONS)}.')
    if number < 1:
        raise ValueError(f"number is {number}. It counts from 1: set it to 1 or more.")
    if select == "all":
        return ALL
    if select == "number":
        return Selection("leftmost", number - 1, 1)
    return Selection(select, 0, number)


def choose_pieces(pieces: Iterable[Piece], selection: Selection, height: int, width: int) -> list[Piece]:
    """The pieces to keep, in the selection's order; fewer than asked for where fewer were found.

    height, width: pixels of the picture, for its center. Places are those of the boxes' centers, so that "leftmost" is
    number 1 from the left. Equal pieces come by score, then from left to right, from top to bottom, the larger first,
    whatever order the engine gave them in.
    """
    key = _KEYS[selection.order]
    ordered = sorted(pieces, key=lambda p: (key(p, height, width), -p.score, p.box.x, p.box.y, -p.area))
    end = None if selection.count is None else selection.skip + selection.count
    return ordered[selection.skip : end]


def describe_selection(selection: Selection) -> str:
    """In words, for a report: "leftmost", "2 largest", "number 3 from the left"."""
    if selection.keeps_all:
        return "all"
    if selection.skip:
        return f"number {selection.skip + 1} {_COUNTED_FROM[selection.order]}"
    return selection.order if selection.count == 1 else f"{selection.count} {selection.order}"


def _from_center(piece: Piece, height: int, width: int) -> float:
    return (_across(piece) - width / 2) ** 2 + (_down(piece) - height / 2) ** 2


def _across(piece: Piece) -> float:
    return piece.box.x + piece.box.width / 2


def _down(piece: Piece) -> float:
    return piece.box.y + piece.box.height / 2


_KEYS: dict[Order, Callable[[Piece, int, int], float]] = {
    "best score": lambda piece, height, width: -piece.score,
    "largest": lambda piece, height, width: -piece.area,
    "smallest": lambda piece, height, width: piece.area,
    "leftmost": lambda piece, height, width: _across(piece),
    "rightmost": lambda piece, height, width: -_across(piece),
    "topmost": lambda piece, height, width: _down(piece),
    "bottommost": lambda piece, height, width: -_down(piece),
    "center": _from_center,
}
_COUNTED_FROM: dict[Order, str] = {
    "best score": "by score",
    "largest": "by size",
    "smallest": "by size, smallest first",
    "leftmost": "from the left",
    "rightmost": "from the right",
    "topmost": "from the top",
    "bottommost": "from the bottom",
    "center": "from the center",
}
