"""The styles: the shipped list, and the user's own on top of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..judge.words import one_line

SHIPPED = Path(__file__).parent / "styles.json"
MOST_BYTES = 1_000_000
MOST_STRENGTH = 4.0
_NOTE = "_about"


class Style(BaseModel):
    """One style.

    words: phrases that ask for it in a prompt. not_words: phrases that hold such a word and mean something else.
    files: patterns of LoRA file names without ending, in lower case with _ between words, best first; * is anything.
    trigger: words for the prompt, where the LoRA file brings none. strength: where its sidecar has none.
    family: the model family to take where the model's own is not known; "" has no preference.
    order: its place where styles are listed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    files: tuple[str, ...] = Field(min_length=1)
    trigger: str = Field(default="", max_length=200)
    strength: float = Field(default=0.8, ge=-MOST_STRENGTH, le=MOST_STRENGTH)
    family: str = ""
    order: int = 1000


@dataclass(frozen=True)
class Catalogue:
    """styles: by name in lower case. problems: what was kept out and why, each with file and line."""

    styles: Mapping[str, Style] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def named(self, name: str) -> Style | None:
        return self.styles.get(" ".join(name.casefold().split()))

    def listed(self) -> list[Style]:
        return sorted(self.styles.values(), key=lambda style: (style.order, style.name))


class _Broken(ValueError):
    """A file that cannot be read as JSON. The message names the line."""


def extended(catalogue: Catalogue, text: str, source: str) -> Catalogue:
    """The catalogue with the styles of another file: new ones added, fields of known ones replaced.

    source: the file's name for messages. What is broken is kept out and listed in problems; the rest works.
    """
    styles, problems = dict(catalogue.styles), list(catalogue.problems)
    try:
        for name, fields, line in _entries(text):
            if name == _NOTE:
                continue
            key = " ".join(name.casefold().split())
            known = styles[key].model_dump() if key in styles else {"name": name}
            try:
                if not isinstance(fields, dict):
                    raise ValueError("is not an object in { }")
                if "name" in fields:
                    raise ValueError("name: is what stands before the colon, so leave it out")
                styles[key] = Style(**{**known, **fields})
            except (ValueError, TypeError) as problem:
                problems.append(f'{source}, line {line}: "{one_line(name)[:60]}" is left out: {_said(problem)}')
    except _Broken as problem:
        problems.append(f"{source}, {problem}")
    return Catalogue(styles, tuple(problems))


def _said(problem: Exception) -> str:
    if not isinstance(problem, ValidationError):
        return str(problem)
    first = problem.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _entries(text: str) -> Iterator[tuple[str, Any, int]]:
    """(name, value, line) of a JSON object's entries, line counted from 1. Raises _Broken at the first error."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as problem:
        raise _Broken(f"line {problem.lineno}: is not valid JSON ({problem.msg}), so none of it is used") from None
    except RecursionError:
        raise _Broken("line 1: is nested too deeply, so none of it is used") from None
    if not isinstance(whole, dict):
        raise _Broken('line 1: must be an object, as {"my style": {"files": ["my_*"]}}, so none of it is used')
    decoder, place = json.JSONDecoder(), text.index("{") + 1
    while (place := _past(text, place, " \t\r\n,")) < len(text) and text[place] != "}":
        line = text.count("\n", 0, place) + 1
        name, place = decoder.raw_decode(text, place)
        value, place = decoder.raw_decode(text, _past(text, place, " \t\r\n:"))
        yield name, value, line


def _past(text: str, place: int, skipped: str) -> int:
    while place < len(text) and text[place] in skipped:
        place += 1
    return place


class StyleFiles:
    """The shipped styles and the user's own, read again whenever the user's file has changed."""

    def __init__(self) -> None:
        self._shipped = extended(Catalogue(), SHIPPED.read_text(encoding="utf-8"), SHIPPED.name)
        self._read: tuple[Path, tuple[int, int]] | None = None
        self._catalogue = self._shipped

    def catalogue(self, own: Path) -> Catalogue:
        """own: the user's file, which need not exist."""
        try:
            found = own.stat()
        except OSError:
            self._read, self._catalogue = None, self._shipped
            return self._catalogue
        stamp = (own, (found.st_mtime_ns, found.st_size))
        if stamp != self._read:
            self._catalogue = self._with(own, found.st_size)
            self._read = stamp
        return self._catalogue

    def _with(self, own: Path, size: int) -> Catalogue:
        if size > MOST_BYTES:
            return Catalogue(self._shipped.styles, (f"{own.name}: is larger than 1 MB and is not used.",))
        try:
            return extended(self._shipped, own.read_text(encoding="utf-8-sig"), own.name)
        except (OSError, UnicodeDecodeError) as problem:
            return Catalogue(self._shipped.styles, (f"{own.name}: cannot be read and is not used: {problem}",))
