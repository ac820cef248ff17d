"""When in a clip a requirement must hold, in other languages than English, by the words of time_words.json. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from .checklist import When
from .language_words import Language, language_words, likely_languages

_A = re.compile(r"\ba\b", re.IGNORECASE)
"""A word of English, Portuguese, Spanish, French and Hungarian: it tells none of them."""
_GAP = r"\b.{1,60}?"
_JOINED_GAP = r".{0,30}?"


class TimeWords(BaseModel):
    """One row of the file, whose `_about` says what its fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    joined: bool = False
    start: tuple[str, ...]
    end: tuple[str, ...]
    sometime: tuple[str, ...]
    throughout: tuple[str, ...]
    clip: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    camera: tuple[str, ...]
    change: tuple[str, ...]
    motion: tuple[str, ...]


class TimeFound(NamedTuple):
    """Where in a text the words about time stand; of what happens no words are taken out, and end is start."""

    when: When
    start: int
    end: int


@cache
def time_words() -> dict[Language, TimeWords]:
    rows = json.loads((Path(__file__).parent / "time_words.json").read_text(encoding="utf-8"))["languages"]
    return {code: TimeWords(**row) for code, row in rows.items()}


def find_time(line: str) -> TimeFound | None:
    """What a line in one of these languages says about time; what happens counts before when it is seen.

    One word that may be of several languages counts where the small words around it tell the language.
    """
    likely = likely_languages(_A.sub(" ", line)) & {"en", *time_words()}
    if likely == {"en"}:
        return None
    rows = [one for one in _rows() if not likely or one.language in likely or not language_words()[one.language].signs]
    for one in rows:
        if happening := next(one.found(one.happenings, line, likely), None):
            return TimeFound(happening[0], 0, 0)
    found = [TimeFound(when, *match.span()) for one in rows for when, match in one.found(one.seen, line, likely)]
    return max(found, key=lambda one: one.end - one.start, default=None)


class _Phrases(NamedTuple):
    """anywhere: those that count in any text; own: single words that count where the text has the language, if any."""

    when: When
    anywhere: re.Pattern[str]
    own: re.Pattern[str] | None


class _Row(NamedTuple):
    """A language, with what tells that something happens, and when something is seen."""

    language: Language
    happenings: tuple[_Phrases, ...]
    seen: tuple[_Phrases, ...]

    def found(
        self, phrases: Iterable[_Phrases], line: str, likely: Collection[Language]
    ) -> Iterator[tuple[When, re.Match[str]]]:
        for when, anywhere, own in phrases:
            match = anywhere.search(line)
            if match is None and own is not None and self.language in likely:
                match = own.search(line)
            if match is not None:
                yield when, match


@cache
def _rows() -> tuple[_Row, ...]:
    """Made for the first clip: it takes some hundredths of a second."""
    made = []
    for language, row in time_words().items():
        happenings = (("motion", row.camera), ("change", row.change), ("motion", row.motion))
        seen = (("start", row.start), ("end", row.end), ("sometime", row.sometime), ("throughout", row.throughout))
        behind = _behind(row)
        made.append(
            _Row(
                language,
                tuple(_phrases(row, when, words, "") for when, words in happenings),
                tuple(_phrases(row, when, words, behind) for when, words in seen),
            )
        )
    return tuple(made)


def _phrases(row: TimeWords, when: When, words: tuple[str, ...], behind: str) -> _Phrases:
    plain = [phrase for phrase in words if not row.joined and phrase.isascii() and phrase.isalpha()]
    rest = [phrase for phrase in words if phrase not in plain]
    return _Phrases(when, _any_of(row, rest, behind), _any_of(row, plain, behind) if plain else None)


def _any_of(row: TimeWords, phrases: list[str], behind: str) -> re.Pattern[str]:
    """The longest first: "die ganze Zeit über" is more than "die ganze Zeit"."""
    listed = "|".join(_phrase(row, phrase) for phrase in sorted(phrases, key=len, reverse=True))
    before, after = ("", "") if row.joined else (r"(?<!\w)", r"(?!\w)")
    return re.compile(f"{before}(?:{listed}){after}{behind}", re.IGNORECASE)


def _phrase(row: TimeWords, phrase: str) -> str:
    bare = phrase.removesuffix("$")
    gap = _JOINED_GAP if row.joined else _GAP
    parts = [re.escape(part).replace("\\ ", r"\s+").replace("'", "['\u2019]") for part in bare.split(" ... ")]
    return gap.join(parts) + (r"(?=\W*$)" if bare != phrase else "")


def _behind(row: TimeWords) -> str:
    clip = rf"(?:\s+(?:{'|'.join(map(re.escape, row.clip))})(?!\w))?" if row.clip else ""
    words = "|".join(
        word.replace("'", "['\u2019]") if word.endswith("'") else rf"{word}(?!\w)" for word in row.not_before
    )
    if row.joined:
        return rf"(?!{'|'.join(row.not_before)})" if row.not_before else ""
    return rf"{clip}(?!\s+(?:{words}))" if words else clip
