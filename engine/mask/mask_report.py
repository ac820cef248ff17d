"""What happened to each picture, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .piece import Piece
from .request import MaskRequest, RequestedThing
from .selection import describe_selection

MaskLeft = Literal["empty", "full", ""]
EmptiedBy = Literal["", "shrinking", "taking away"]


@dataclass(eq=False)
class Findings:
    """Of one picture. kept_of: for each wanted thing, the pieces kept. seen: for each, how many there were to choose
    from. taken_away: pieces. emptied_by: what left nothing of a mask that had something."""

    kept_of: list[list[Piece]]
    seen: list[int]
    taken_away: list[Piece]
    notes: tuple[str, ...] = ()
    emptied_by: EmptiedBy = ""

    @property
    def kept(self) -> list[Piece]:
        """Each piece once, though several wishes may mean the same one."""
        return list({id(piece): piece for pieces in self.kept_of for piece in pieces}.values())


def lines_of(findings: Sequence[Findings], request: MaskRequest, threshold: float, left: MaskLeft) -> tuple[str, ...]:
    """Sentences that name pictures by number, from 1; a summary first, then what the user may want to change.

    left: the mask of pictures without anything, "" where there will be none.
    """
    lines = [_summary(findings, request)]
    for index, asked in enumerate(request.wanted):
        lines += _about(index, asked, findings, threshold, left)
    lines += _emptied(findings)
    lines += _notes(findings)
    return tuple(lines)


def pictures(numbers: Sequence[int]) -> str:
    """ "Picture 3", "Pictures 1, 4 to 9": from indices that count from 0, ascending."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    named = [str(a + 1) if a == b else f"{a + 1}, {b + 1}" if b == a + 1 else f"{a + 1} to {b + 1}" for a, b in spans]
    return f"Picture{'' if len(numbers) == 1 else 's'} {', '.join(named)}"


def _summary(findings: Sequence[Findings], request: MaskRequest) -> str:
    things = [f"{_total(findings, index)} of {_quoted(asked)}" for index, asked in enumerate(request.wanted)]
    total = len(findings)
    with_something = sum(bool(finding.kept) for finding in findings)
    if not with_something:
        return "Nothing of what was asked for was found."
    where = "the picture" if total == 1 else f"{with_something} of {total} pictures"
    return f"In the mask: {', '.join(things)}, in {where}."


def _total(findings: Sequence[Findings], index: int) -> int:
    return sum(len(finding.kept_of[index]) for finding in findings)


def _quoted(asked: RequestedThing) -> str:
    if asked.selection.keeps_all:
        return f'"{asked.phrase}"'
    return f'"{asked.phrase}" ({describe_selection(asked.selection)})'


def _about(
    index: int, asked: RequestedThing, findings: Sequence[Findings], threshold: float, left: MaskLeft
) -> list[str]:
    lines = _lacking(
        _where(findings, lambda f: not f.seen[index]),
        f'no "{asked.phrase}" found above {threshold:.2f}',
        "Lower the threshold, or describe it by what can be seen of it (its colour, its kind).",
        findings,
        left,
    )
    for seen in sorted({f.seen[index] for f in findings if f.seen[index] and not f.kept_of[index]}):
        lines += _lacking(
            _where(findings, lambda f, seen=seen: f.seen[index] == seen and not f.kept_of[index]),
            f'{seen} found for "{asked.phrase}", so there is no {describe_selection(asked.selection)}',
            "Ask for a smaller number.",
            findings,
            left,
        )
    several = _where(findings, lambda f: len(f.kept_of[index]) > 1)
    if several and asked.selection.keeps_all:
        lines.append(
            f'{pictures(several)}: more than one "{asked.phrase}" found, all of them are in the mask. '
            f'For one of them write "leftmost {asked.phrase}" or "largest {asked.phrase}", or set select.'
        )
    return lines


def _lacking(numbers: Sequence[int], what: str, advice: str, findings: Sequence[Findings], left: MaskLeft) -> list[str]:
    """Of pictures that lack a thing: those with nothing else in the mask, and those with something."""
    lines = []
    alone = [number for number in numbers if not findings[number].kept]
    beside = [number for number in numbers if findings[number].kept]
    if alone:
        masks = "its mask is" if len(alone) == 1 else "their masks are"
        lines.append(f"{pictures(alone)}: {what}{f'; {masks} {left}' if left else ''}. {advice}")
    if beside:
        lines.append(f"{pictures(beside)}: {what}; the rest is in the mask.")
    return lines


def _emptied(findings: Sequence[Findings]) -> list[str]:
    lines = []
    shrunk = _where(findings, lambda f: f.emptied_by == "shrinking")
    if shrunk:
        lines.append(f"{pictures(shrunk)}: shrinking left nothing of the mask. Set grow nearer to 0.")
    taken = _where(findings, lambda f: f.emptied_by == "taking away")
    if taken:
        lines.append(f"{pictures(taken)}: what is taken away covers all that was found, so nothing is left.")
    return lines


def _notes(findings: Sequence[Findings]) -> list[str]:
    told = dict.fromkeys(note for finding in findings for note in finding.notes)
    return [f"{pictures(_where(findings, lambda f, note=note: note in f.notes))}: {note}" for note in told]


def _where(findings: Sequence[Findings], holds: Callable[[Findings], bool]) -> list[int]:
    return [number for number, finding in enumerate(findings) if holds(finding)]
