"""From what was seen to the masks that come out: the one order in which everything is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from .mask_report import Findings, MaskLeft, lines_of
from .piece import Piece, Sighting
from .request import MaskRequest, RequestedThing
from .selection import choose_pieces
from .shape import LARGEST_GROWTH, WIDEST_FEATHER, feather, grown, invert, union, without_holes

IfNothingFound = Literal["empty mask", "full mask", "stop with error"]

_LEFT: dict[IfNothingFound, MaskLeft] = {"empty mask": "empty", "full mask": "full", "stop with error": ""}


class NothingFound(Exception):
    """The user wants a run to stop when a picture has nothing of what was asked. The message says what to do."""


@dataclass(frozen=True)
class Finishing:
    """What is done to the masks. Raises ValueError for values outside the ranges.

    grow: pixels, -256..256, negative shrinks. feather: pixels, 0..128. if_nothing_found: the mask of a picture in
    which nothing was found, exactly as it comes out: neither growing nor inverting changes it, because whoever asks
    for an empty mask there wants such a picture left alone.
    """

    grow: int = 0
    feather: float = 0.0
    fill_holes: bool = True
    invert: bool = False
    if_nothing_found: IfNothingFound = "empty mask"

    def __post_init__(self) -> None:
        if not abs(self.grow) <= LARGEST_GROWTH:
            raise ValueError(f"grow is {self.grow}. Choose -{LARGEST_GROWTH} to {LARGEST_GROWTH} pixels.")
        if not 0 <= self.feather <= WIDEST_FEATHER:
            raise ValueError(f"feather is {self.feather}. Choose 0 to {WIDEST_FEATHER:g} pixels.")
        if self.if_nothing_found not in get_args(IfNothingFound):
            raise ValueError(
                f'if_nothing_found is "{self.if_nothing_found}". Choose one of: {", ".join(get_args(IfNothingFound))}.'
            )


@dataclass(frozen=True, eq=False)
class Outcome:
    """mask: float32 [B, H, W] on the CPU, 0..1, one for each picture.

    boxes: for each picture, what was kept, in core's form: {"x", "y", "width", "height", "score"}, pixels and 0..1.
    found: things kept, for each picture. report: sentences for the user, a summary first.
    """

    mask: torch.Tensor
    boxes: list[list[dict[str, float]]]
    found: list[int]
    report: tuple[str, ...]


def mask_of(
    sightings: Sequence[Sighting], request: MaskRequest, finishing: Finishing, height: int, width: int, threshold: float
) -> Outcome:
    """One mask for each sighting, in order: selection, union, fill, grow, take away, feather, invert.

    Taken away last, so that neither filling nor growing brings back what shall stay out.

    height, width: pixels of each picture. threshold: the one the segmenter was asked with, for the report. Raises
    NothingFound where finishing says so.
    """
    findings = [_findings(sighting, request, height, width) for sighting in sightings]
    mask = torch.zeros(len(sightings), height, width)
    for frame, finding in zip(mask, findings, strict=True):
        if finding.kept:
            frame.copy_(_finished(finding, finishing, height, width))
        elif finishing.if_nothing_found == "full mask":
            frame.fill_(1)
    report = lines_of(findings, request, threshold, _LEFT[finishing.if_nothing_found])
    if finishing.if_nothing_found == "stop with error" and not all(finding.kept for finding in findings):
        raise NothingFound(
            " ".join(report) + ' Or set if_nothing_found to "empty mask" to go on without a mask for such pictures.'
        )
    kept = [finding.kept for finding in findings]
    return Outcome(mask, [[_box(piece) for piece in pieces] for pieces in kept], [len(p) for p in kept], report)


def _findings(sighting: Sighting, request: MaskRequest, height: int, width: int) -> Findings:
    pieces = [piece for piece in sighting.pieces if piece.area]

    def kept(asked: RequestedThing) -> list[Piece]:
        return choose_pieces((p for p in pieces if p.phrase == asked.phrase), asked.selection, height, width)

    return Findings(
        kept_of=[kept(asked) for asked in request.wanted],
        seen=[sum(piece.phrase == asked.phrase for piece in pieces) for asked in request.wanted],
        taken_away=[piece for asked in request.taken_away for piece in kept(asked)],
        notes=sighting.notes,
    )


def _finished(finding: Findings, finishing: Finishing, height: int, width: int) -> torch.Tensor:
    """float32 [H, W]. Notes in the finding what left nothing of it."""
    mask = union(finding.kept, height, width)
    if finishing.fill_holes:
        mask = without_holes(mask)
    mask = grown(mask, finishing.grow)
    if not mask.any():
        finding.emptied_by = "shrinking"
    elif finding.taken_away:
        mask &= ~union(finding.taken_away, height, width)
        if not mask.any():
            finding.emptied_by = "taking away"
    soft = feather(mask, finishing.feather)
    return invert(soft) if finishing.invert else soft


def _box(piece: Piece) -> dict[str, float]:
    box = piece.box
    numbers = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "score": piece.score}
    return {name: float(number) for name, number in numbers.items()}
