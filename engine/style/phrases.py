"""Whole words and phrases in a text. Pure: the one place that says what a word is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Label = TypeVar("Label")

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_JOINED = re.compile(r"[\s_-]*")
_ARTICLES = frozenset({"a", "an", "any", "the"})
_NEGATIONS = frozenset(
    {"anti", "avoid", "avoiding", "don't", "isn't", "never", "no", "non", "nor", "not", "unlike", "without"}
    | {"instead of", "rather than"}
)


@dataclass(frozen=True)
class Word:
    """One word in lower case. start, end: its place in the text. follows: only blanks, - or _ lie before it."""

    text: str
    start: int
    end: int
    follows: bool


@dataclass(frozen=True)
class Found(Generic[Label]):
    """A phrase in a text. first, count: its words. said: as the text writes it."""

    label: Label
    said: str
    first: int
    count: int


def words(text: str) -> list[Word]:
    """The words of a text, in order. Punctuation other than - and _ parts phrases."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        between = text[found[-1].end : match.start()] if found else None
        follows = between is not None and _JOINED.fullmatch(between) is not None
        found.append(Word(match[0].casefold().replace("\u2019", "'"), match.start(), match.end(), follows))
    return found


def phrase(text: str) -> tuple[str, ...]:
    """A phrase as its words, for comparison."""
    return tuple(word.text for word in words(text))


def contains(text: str, sought: str) -> bool:
    """Whether the text has the phrase as whole words. "" is in no text."""
    return bool(find(text, {phrase(sought): None})) if phrase(sought) else False


def find(text: str, phrases: Mapping[tuple[str, ...], Label]) -> list[Found[Label]]:
    """The phrases in a text, in order. Where some overlap, the one of more words wins, then the earlier one."""
    here = words(text)
    longest = max(map(len, phrases), default=0)
    every: list[Found[Label]] = []
    for first in range(len(here)):
        for count in range(1, min(longest, len(here) - first) + 1):
            if count > 1 and not here[first + count - 1].follows:
                break
            key = tuple(word.text for word in here[first : first + count])
            if key in phrases:
                said = " ".join(text[here[first].start : here[first + count - 1].end].split())
                every.append(Found(phrases[key], said, first, count))
    return _without_overlaps(every)


def _without_overlaps(every: Iterable[Found[Label]]) -> list[Found[Label]]:
    kept: list[Found[Label]] = []
    for one in sorted(every, key=lambda found: (-found.count, found.first)):
        if all(one.first + one.count <= k.first or k.first + k.count <= one.first for k in kept):
            kept.append(one)
    return sorted(kept, key=lambda found: found.first)


def negated(text: str, here: Sequence[Word], found: Found[Label]) -> bool:
    """Whether the text does not want it: "no anime", "not an anime", "instead of anime", "film grain-free"."""
    after = found.first + found.count
    if after < len(here) and here[after].text == "free" and text[here[after].start - 1] == "-":
        return True
    before: list[str] = []
    place = found.first
    while place > 0 and here[place].follows and len(before) < 2:
        place -= 1
        if here[place].text not in _ARTICLES:
            before.append(here[place].text)
    return any(word in _NEGATIONS for word in (*before[:1], " ".join(reversed(before))))
