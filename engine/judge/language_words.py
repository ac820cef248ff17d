"""Words of agreement and denial in many languages, read from language_words.json, which says what its fields mean."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .letters import comparable

Language = str
_AROUND = " .,;:!?\"'\u3002\u3001\uff01\uff0c\u061f\u060c\u0964()"


class LanguageWords(BaseModel):
    """One row of the file. without and unsure count among the denials."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    denial: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    leading: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    pattern: str = ""
    removable: str = ""


@cache
def language_words() -> dict[Language, LanguageWords]:
    """By language code, every word as `comparable` has it."""
    rows = json.loads((Path(__file__).parent / "language_words.json").read_text(encoding="utf-8"))["languages"]
    return {
        code: LanguageWords(**{field: _compared(words) for field, words in row.items()}) for code, row in rows.items()
    }


def _compared(words: str | list[str]) -> str | list[str]:
    return words if isinstance(words, str) else [comparable(word) for word in words]


def yes_or_no(text: str) -> Literal["yes", "no"] | None:
    """What a short answer says, in any of the languages: "Nein.", "yes, there is"; None for anything else."""
    said = comparable(text).strip(_AROUND)
    words = _answers()
    if said in words:
        return words[said]
    first = said.split(",", 1)[0].strip(_AROUND)
    return words.get(first) if "," in said else None


def likely_languages(text: str) -> frozenset[Language]:
    """The languages that have most of a text's small words, as whole words; empty where it has none of any."""
    hits: dict[Language, int] = {}
    signs = _signs()
    for word in comparable(text).split():
        for code in signs.get(word.strip(_AROUND), ()):
            hits[code] = hits.get(code, 0) + 1
    most = max(hits.values(), default=0)
    return frozenset(code for code, number in hits.items() if number == most)


@cache
def _answers() -> dict[str, Literal["yes", "no"]]:
    rows = language_words().values()
    return {word: "yes" for row in rows for word in row.yes} | {word: "no" for row in rows for word in row.no}


@cache
def _signs() -> dict[str, tuple[Language, ...]]:
    found: dict[str, tuple[Language, ...]] = {}
    for code, row in language_words().items():
        for word in row.signs:
            found[word] = (*found.get(word, ()), code)
    return found
