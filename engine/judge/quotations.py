"""Quoted words in a text: what stands between quotation marks of any kind is to be written in the picture.

Pure. One pass from left to right: each mark is looked at once, so that text full of open quotes costs no more than any.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from .letters import extends

_CLOSED_BY = {
    '"': '"\u201d',
    "\u201c": '\u201d"\u201c',
    "\u201d": "\u201d",
    "\u201e": '\u201c\u201d"',
    "\u201f": "\u201d",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
    "\u2039": "\u203a",
    "\u203a": "\u2039",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\u300a": "\u300b",
    "\u3008": "\u3009",
    "\uff62": "\uff63",
    "\ufe41": "\ufe42",
    "\ufe43": "\ufe44",
    "\u301d": "\u301e\u301f",
    "\uff02": "\uff02",
    "'": "'\u2019",
    "\u2018": "\u2019'",
    "\u2019": "\u2019",
    "\u201a": "\u2018\u2019",
    "`": "`'",
}
"""By the mark that opens, those that close."""
_APOSTROPHES = frozenset("'\u2018\u2019\u201a`")
_MARKS = frozenset("".join(_CLOSED_BY) + "".join(_CLOSED_BY.values()))
_DOUBLED, _STRAIGHT = frozenset("\"'`"), frozenset('"\uff02')
MOST_UNSURE = 200
"""Characters between apostrophes, or over a line break: what is longer was hardly meant as one quotation."""
FILLER = "\ufffc"


class Quotation(NamedTuple):
    """text[start:end] with its marks; words: what stands between them, without blanks around it."""

    start: int
    end: int
    words: str


def quotations(text: str) -> list[Quotation]:
    """All quotations of a text, in order, none within another. Apostrophes and inch marks are none."""
    marks, closing, doubled = _marks_in(text)
    breaks = [at for at, char in enumerate(text) if char == "\n"]
    found: list[Quotation] = []
    free, content = 0, 0
    for at in marks:
        if at < free or text[at] not in _CLOSED_BY or not _may_open(text, at):
            continue
        width, end = _closed_at(text, at, closing, doubled)
        content = max(content, at + width)
        while content < len(text) and (text[content] in _MARKS or text[content].isspace()):
            content += 1
        if end < 0 or content >= end:
            continue
        single = width == 1 and text[at] in _APOSTROPHES
        broken = bisect_left(breaks, at) != bisect_left(breaks, end)
        if (single or broken) and (end - at > MOST_UNSURE or (single and broken)):
            continue
        words = " ".join(text[at + width : end].split())
        if not (single and words.casefold() == "n"):
            free = end + width
            found.append(Quotation(at, free, words))
    return found


def quoted(text: str) -> str:
    """The first words in quotation marks, or ""."""
    return next((quotation.words for quotation in quotations(text)), "")


def without_quotations(text: str) -> str:
    """The text with FILLER for every character of a quotation: as long as before, and silent about what is quoted."""
    pieces, at = [], 0
    for quotation in quotations(text):
        pieces += [text[at : quotation.start], FILLER * (quotation.end - quotation.start)]
        at = quotation.end
    return "".join([*pieces, text[at:]])


def in_marks(words: str) -> str:
    """Words in quotation marks of which none occurs in them."""
    pairs = ('""', "\u201c\u201d", "\u00ab\u00bb", "\u300c\u300d")
    opens, closes = next((pair for pair in pairs if not set(pair) & set(words)), '""')
    return f"{opens}{words}{closes}"


_Places = dict[str, list[int]]


def _marks_in(text: str) -> tuple[list[int], _Places, _Places]:
    """Where quotation marks stand; by mark, where it may close; by mark, where two of it begin."""
    marks: list[int] = []
    closing: _Places = {}
    doubled: _Places = {}
    for at, char in enumerate(text):
        if char not in _MARKS:
            continue
        marks.append(at)
        if char not in _APOSTROPHES or _may_close(text, at):
            closing.setdefault(char, []).append(at)
        if char in _DOUBLED and text[at + 1 : at + 2] == char:
            doubled.setdefault(char, []).append(at)
    return marks, closing, doubled


def _closed_at(text: str, at: int, closing: _Places, doubled: _Places) -> tuple[int, int]:
    """(marks that open it, where those that close it begin), -1 where nothing does."""
    mark = text[at]
    if mark in _DOUBLED and text[at + 1 : at + 2] == mark:
        end = _after(doubled.get("'" if mark == "`" else mark, []), at + 2)
        if end >= 0:
            return 2, end
    ends = [end for char in _CLOSED_BY[mark] if (end := _after(closing.get(char, []), at + 1)) >= 0]
    return 1, min(ends, default=-1)


def _after(places: list[int], start: int) -> int:
    found = bisect_left(places, start)
    return places[found] if found < len(places) else -1


def _may_open(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] in _APOSTROPHES:
        return not (before.isalnum() or (before and extends(before))) and bool(after) and not after.isspace()
    # The mark of inches, as in a 12" plate.
    return not (text[at] in _STRAIGHT and before.isdigit() and (not after or after.isspace() or after in ",.;)"))


def _may_close(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return bool(before) and not before.isspace() and not (after.isalnum() or (after and extends(after)))
