"""Denials in languages other than English, by the words of language_words.json. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Literal, NamedTuple

from .language_words import Language, language_words
from .letters import comparable

_TOKEN = re.compile(r"\S+")
_AROUND = " .,;:!?\"'()\u060c\u061b\u0964"


class ForeignDenial(NamedTuple):
    """text[start:end] denies. keeps: what else of the text may go into a positive prompt."""

    start: int
    end: int
    keeps: Literal["around", "before", "nothing"]


def foreign_denial(text: str, likely: Collection[Language]) -> ForeignDenial | None:
    """The first denial in a text, None without one. likely: the languages that the text seems to be in."""
    rows = language_words()
    removed = None
    for row in rows.values() if not text.isascii() else ():
        if row.removable and (match := re.search(row.removable, text)) is not None:
            removed = removed or ForeignDenial(match.start(), match.end(), "around")
        elif any(word in text for word in row.within) or (row.pattern and re.search(row.pattern, text)):
            return ForeignDenial(0, len(text), "nothing")
    if removed is not None:
        return removed
    sure, unsure = _denial_words()
    tokens = [(comparable(match[0]).strip(_AROUND), match) for match in _TOKEN.finditer(text)]
    for place, (word, match) in enumerate(tokens):
        after = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        codes = sure.get(word, ())
        if not codes:
            english = "en" in likely
            codes = tuple(
                code
                for code in unsure.get(word, ())
                if code in likely or (place == 0 and after and not english and word in rows[code].leading)
            )
        codes = tuple(code for code in codes if after not in rows[code].not_before)
        if codes:
            before = place and any(word in rows[code].without for code in codes)
            return ForeignDenial(match.start(), len(text), "before" if before else "nothing")
    return None


@cache
def _denial_words() -> tuple[dict[str, tuple[Language, ...]], dict[str, tuple[Language, ...]]]:
    """By word, the languages in which it denies: where it means nothing else, and where it may."""
    sure: dict[str, tuple[Language, ...]] = {}
    unsure: dict[str, tuple[Language, ...]] = {}
    for code, row in language_words().items():
        for word in {*row.denial, *row.without} - {*row.unsure}:
            sure[word] = (*sure.get(word, ()), code)
        for word in row.unsure:
            unsure[word] = (*unsure.get(word, ()), code)
    return sure, unsure
