"""When in a clip a requirement must hold, in other languages than English, by the words of time_words.json. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
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
        for when, pattern, sure in one.happenings:
            if pattern.search(line) or (one.language in likely and sure is not None and sure.search(line)):
                return TimeFound(when, 0, 0)
    found = [TimeFound(when, *match.span()) for one in rows for when, match in one.times(line, one.language in likely)]
    return max(found, key=lambda one: one.end - one.start, default=None)


class _Row(NamedTuple):
    """Patterns of a language: those that count anywhere, and those of single words that count in its own texts."""

    language: Language
    happenings: tuple[tuple[When, re.Pattern[str], re.Pattern[str] | None], ...]
    seen: tuple[tuple[When, re.Pattern[str], re.Pattern[str] | None], ...]

    def times(self, line: str, is_likely: bool) -> Iterator[tuple[When, re.Match[str]]]:
        for when, pattern, sure in self.seen:
            if match := pattern.search(line) or (sure.search(line) if sure is not None and is_likely else None):
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
                tuple((when, *_patterns(row, phrases, "")) for when, phrases in happenings),
                tuple((when, *_patterns(row, phrases, behind)) for when, phrases in seen),
            )
        )
    return tuple(made)


def _patterns(row: TimeWords, phrases: tuple[str, ...], behind: str) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    plain = [phrase for phrase in phrases if not row.joined and phrase.isascii() and phrase.isalpha()]
    rest = [phrase for phrase in phrases if phrase not in plain]
    return _any_of(row, rest, behind), _any_of(row, plain, behind) if plain else None


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
