"""A wish taken apart at its punctuation, in any script: commas, sentences, bullets, numbering and, if wanted, "and".

Pure. One pass over the characters, so that time grows with the length alone, whatever the text. What stands in
quotation marks or brackets is never parted, nor is a decimal number or an abbreviation. Marks of sentences: Unicode's
property Terminal_Punctuation; abbreviations and fixed pairs are ours.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from typing import NamedTuple

from .letters import comparable, extends, unspaced
from .number_words import leading_number
from .quotations import quotations

_LINE_BREAKS = frozenset("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_ALWAYS = frozenset(
    ";\uff1b\uff0c\u3001\u3002\uff61\uff64\ufe50\ufe51\ufe52\ufe54\uff0e"  # CJK
    "\u060c\u061b\u06d4\u0964\u0965\u104a\u104b\u1362\u1363\u1364\u17d4\u17d5\u0589\u055d\u07f8\u1802\u1803"
)
"""Part a text wherever they stand: no number or abbreviation has them."""
_STAYING = frozenset("!?\uff01\uff1f\u061f\u203c\u2047\u2048\u2049\u2026\u037e")
"""End a part and belong to it, as far as anything follows."""
_BULLETS = frozenset(
    "-*\u2022\u2023\u2043\u00b7\u25e6\u25cf\u25cb\u25a0\u25aa\u25ab\u25b6\u2013\u2014\u2713\u2714\u2610\u2611\u30fb"
)
_INLINE_BULLETS = _BULLETS - set("-*\u2013\u2014") | {"|"}
"""Also part a line, between blanks."""
_NUMBER_MARK = re.compile(
    r"\(?(?P<number>\d{1,2})(?:[.)](?=\s|$)|[\uff0e\u3001\uff09])|(?P<other>[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b"
    r"\u4e5d\u5341]{1,3}[\u3001\uff0e]|[\u2460-\u2473]|\(?[a-zA-Z]\)(?=\s|$))"
)
_INDENT = re.compile(r"[^\S\n\r]{0,20}")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "\uff08": "\uff09", "\u3010": "\u3011", "\u3014": "\u3015"}
_LONGEST_BRACKET = 120
_PAIRS = frozenset(
    ("black", "white") if pair == "black white" else tuple(pair.split())
    for pair in (
        "black white", "white black", "salt pepper", "rock roll", "arts crafts", "fish chips", "mac cheese",
        "more more", "bread butter", "bed breakfast", "back forth", "up down", "over over", "r b", "r d", "red white",
        "cut paste", "mortar pestle", "cloak dagger", "stars stripes", "ham cheese", "here there",
    )
)  # fmt: skip
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms mx st sr jr prof mt messrs hon rev gen col capt lt sgt cmdr pres gov sen vs approx ca cca incl "
    "excl resp bzw usw ggf evtl nr str mme mlle mgr sra srta dra dott sigg fig figs vol pp cf eg ie viz inc ltd co "
    "corp bros ave blvd rd sq dept etc no nos".split()
)
_BEFORE_NUMBERS = frozenset("no nos fig figs vol pp nr".split())
"""Abbreviations before a number only: "no" is a word too."""
_AFTER_NUMBERS = frozenset("in ft mm cm km kg lb lbs oz sec hr hrs yd mi".split())
_MAY_END = frozenset("etc a.m p.m usw inc ltd co corp bros jr sr".split())
"""Abbreviations that end a sentence where a capital follows."""
_LONGEST_WORD = 40
_WORD = re.compile(r"[\w'-]+")


class Part(NamedTuple):
    """A piece of a text. text: on one line, without dots and blanks around it. It was made from whole[start:end]."""

    text: str
    start: int
    end: int


def split_text(whole: str, at_and: bool = False) -> list[Part]:
    """The parts of a text in order, none empty. at_and: whether the word "and" parts too, but for fixed pairs and
    "between 3 and 5"."""
    breaks = _breaks(whole, at_and)
    parts: list[Part] = []
    begun = 0
    for start, end in [*breaks, (len(whole), len(whole))]:
        part = _part(whole, begun, start)
        if part is not None:
            parts.append(part)
        begun = end
    return parts


def parts_of(whole: str, at_and: bool = False) -> tuple[str, ...]:
    """The texts of the parts, each once."""
    return tuple(dict.fromkeys(part.text for part in split_text(whole, at_and)))


def without_list_mark(line: str) -> str:
    """A line without the bullet or number of a list at its start."""
    line = line.strip()
    at = _bullet_end(line, 0)
    mark = _NUMBER_MARK.match(line, at)
    return line[mark.end() if mark is not None else at :].strip()


def _part(whole: str, start: int, end: int) -> Part | None:
    text = " ".join(whole[start:end].split()).rstrip(" .")
    if re.search(r"(?:^|[^\w.])[^\W\d_](?:\.[^\W\d_])+$", text[-_LONGEST_WORD:]):
        text = f"{text}."  # "at 5 p.m."
    bare = text.lstrip(" .")
    if bare[:1].isdigit() and text != bare:
        bare = f".{bare}"  # ".22"
    if not any(unicodedata.category(char)[0] in "LMNS" for char in bare):
        return None
    return Part(bare, start, end)


def _breaks(whole: str, at_and: bool) -> list[tuple[int, int]]:
    """From where to where the text is no part, in order."""
    kept = _kept_whole(whole)
    found: list[tuple[int, int]] = []
    at, number, next_kept = 0, 0, 0
    line_begins = True
    while at < len(whole):
        if line_begins:
            line_begins = False
            end, number = _list_mark(whole, at, number)
            if end > at:
                found.append((at, end))
                at = end
                continue
        if next_kept < len(kept) and at >= kept[next_kept][0]:
            at = max(at, kept[next_kept][1])
            next_kept += 1
            continue
        char = whole[at]
        if char in _LINE_BREAKS:
            line_begins = True
            found.append((at, at + 1))
        elif char.isspace() and (end := _mark_in_line(whole, at + 1, number)) > 0:
            number += whole[at + 1].isdigit() or whole[at + 1] == "("
            found.append((at, end))
            at = end
            continue
        elif _parts_here(whole, at, char):
            found.append((at + (char in _STAYING), at + 1))
        elif at_and and char in "aA" and (end := _and_end(whole, at)) > 0:
            found.append((at, end))
            at = end
            continue
        at += 1
    return found


def _kept_whole(whole: str) -> list[tuple[int, int]]:
    """Where quotations and short brackets stand."""
    spans = [(one.start, one.end) for one in quotations(whole)]
    closing: dict[str, list[int]] = {}
    for at, char in enumerate(whole):
        if char in _BRACKETS.values():
            closing.setdefault(char, []).append(at)
    breaks = [at for at, char in enumerate(whole) if char in _LINE_BREAKS]
    free = 0
    for at, char in enumerate(whole):
        if at >= free and char in _BRACKETS:
            ends = closing.get(_BRACKETS[char], [])
            place = bisect_left(ends, at)
            if place < len(ends) and ends[place] - at <= _LONGEST_BRACKET:
                line = bisect_left(breaks, at)
                if line == len(breaks) or breaks[line] > ends[place]:
                    free = ends[place] + 1
                    spans.append((at, free))
    return sorted(spans)


def _list_mark(whole: str, at: int, number: int) -> tuple[int, int]:
    """(where the list mark at the start of a line ends, the number of the list that was reached).

    A number is a mark of the list where it is the first or the next: "3. Stock" alone is none.
    """
    end = _bullet_end(whole, at)
    begin = _INDENT.match(whole, end).end()
    mark = _NUMBER_MARK.match(whole, begin)
    if mark is None:
        return end, number
    if mark["number"] is None:
        return mark.end(), number
    said = int(mark["number"])
    return (mark.end(), said) if said in (1, number + 1) else (end, number)


def _bullet_end(whole: str, at: int) -> int:
    """Where a bullet at that place ends, the place itself without one."""
    begin = _INDENT.match(whole, at).end()
    if (
        whole[begin : begin + 1] == "["
        and whole[begin + 1 : begin + 2] in (" ", "x", "X")
        and (whole[begin + 2 : begin + 3] == "]")
    ):
        return begin + 3
    following = whole[begin + 1 : begin + 2]
    if whole[begin : begin + 1] in _BULLETS and whole[begin : begin + 1] and (not following or following.isspace()):
        nested = whole[begin + 2 : begin + 5]
        return begin + 5 if nested in ("[ ]", "[x]", "[X]") else begin + 1
    return at


def _mark_in_line(whole: str, at: int, number: int) -> int:
    """Where an inline bullet, or the next number of a list that has begun, ends; 0 without one."""
    char, following = whole[at : at + 1], whole[at + 1 : at + 2]
    if "\u2460" <= char <= "\u2473" or (char in _INLINE_BULLETS and char and following.isspace()):
        return at + 1
    if number and (char == "(" or char.isdigit()):
        mark = _NUMBER_MARK.match(whole, at)
        if mark is not None and mark["number"] is not None and int(mark["number"]) == number + 1:
            return mark.end()
    return 0


def _parts_here(whole: str, at: int, char: str) -> bool:
    """Whether the mark of punctuation at that place ends a part."""
    before, after = whole[at - 1] if at else " ", whole[at + 1 : at + 2]
    if char == "," or char in _ALWAYS:
        return not (before.isdigit() and after.isdigit())
    ends = not after or after.isspace()
    if char in _STAYING:
        # Of several, the last one.
        return after not in _STAYING if char > "\u2100" and char != "\u2026" else ends or unspaced(after)
    if char != "." or after == ".":
        return False
    if not ends:
        return unspaced(before) or unspaced(after)
    return before == "." or not _abbreviated(whole, at)


def _abbreviated(whole: str, at: int) -> bool:
    """Whether the full stop at that place, with a blank or nothing behind it, belongs to the word before it."""
    begins = at
    while begins and at - begins < _LONGEST_WORD and _of_word(whole[begins - 1]):
        begins -= 1
    word = whole[begins:at].lstrip(".'\u2019-").casefold()
    if not word:
        return False
    following = whole[at + 1 : at + 1 + _LONGEST_WORD].lstrip()[:1]
    if word in _MAY_END and (not following or following.isupper()):
        return False
    if word.isdigit():
        # An ordinal, as in German; at the start of a line it is no end of a sentence either.
        first = at == len(word) or whole[at - len(word) - 1] in _LINE_BREAKS
        return len(word) <= 2 and (following.islower() or first)
    if word in _BEFORE_NUMBERS:
        return following.isdigit()
    if word in _AFTER_NUMBERS:
        return whole[max(0, begins - 3) : begins].rstrip()[-1:].isdigit() and following.islower()
    # Initials, as in J. R. R. Tolkien, e.g. and U.S.: letters of scripts that have capitals.
    initials = all(len(letter) == 1 and letter.upper() != letter for letter in word.split("."))
    return word in _ABBREVIATIONS or initials


def _of_word(char: str) -> bool:
    return char.isalnum() or extends(char) or char in ".'\u2019-"


def _and_end(whole: str, at: int) -> int:
    """Where the word "and" at that place ends, if it parts there, else 0."""
    if whole[at : at + 3].casefold() != "and" or not whole[at + 3 : at + 4].isspace():
        return 0
    if at and not whole[at - 1].isspace():
        return 0
    before = _WORD.findall(comparable(whole[max(0, at - _LONGEST_WORD) : at]))
    after = _WORD.findall(comparable(whole[at + 3 : at + 3 + _LONGEST_WORD]))
    if before and after and (before[-1], after[0]) in _PAIRS:
        return 0
    if after[:2] == ["a", "half"]:
        return 0
    if leading_number(after[:3]) is not None:
        between = any(word == "between" and leading_number(before[i + 1 :]) for i, word in enumerate(before))
        if between or before[-1:] in (["hundred"], ["thousand"]):
            return 0
    return at + 3
