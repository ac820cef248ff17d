"""Trigger words: which ones, and where in the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .catalogue import Style
from .families import reads_tags
from .header_notes import distinctive_phrases
from .installed import LoraFile
from .phrases import contains

ADD_FIRST, ADD_ALL, NONE = "add first", "add all", "none"
AMOUNTS = (ADD_FIRST, ADD_ALL, NONE)
AUTO, START, END = "auto", "start", "end"
POSITIONS = (AUTO, START, END)


@dataclass(frozen=True)
class Triggers:
    """texts: phrases for the prompt. source: where they come from, in words."""

    texts: tuple[str, ...]
    source: str


def triggers_for(file: LoraFile, style: Style | None, amount: str) -> Triggers:
    """By trust: the file's sidecar or modelspec, the style, what the file was trained with. Of the files' words,
    generic ones are left out.

    amount: ADD_FIRST takes one phrase, ADD_ALL every one.
    """
    sources = (
        (distinctive_phrases(file.triggers), "from the file's own notes"),
        (distinctive_phrases((style.trigger,), frozenset()) if style else (), "from the style"),
        (distinctive_phrases(file.guessed_triggers), "from its training"),
    )
    for phrases, source in sources:
        if phrases:
            return Triggers({ADD_FIRST: phrases[:1], ADD_ALL: phrases}.get(amount, ()), source)
    return Triggers((), "")


def missing_triggers(triggers: Iterable[str], prompt: str) -> tuple[str, ...]:
    """Those that the prompt does not say already, each once."""
    wanted: list[str] = []
    for trigger in triggers:
        if not contains(", ".join((prompt, *wanted)), trigger):
            wanted.append(trigger)
    return tuple(wanted)


def place_triggers(prompt: str, triggers: Sequence[str], position: str, family: str) -> str:
    """The prompt with the words in it. position AUTO: first for families that read tags, last for those that read text.

    The first tags weigh most; a sentence wants its subject first (prompt styles of the official templates).
    """
    if not triggers:
        return prompt
    added, own = ", ".join(triggers), prompt.strip()
    if not own:
        return added
    if position == START or (position == AUTO and reads_tags(family)):
        return f"{added}, {own.lstrip(' ,')}"
    if own.endswith((".", ",", ";")):
        ending = "." if own.endswith(".") else ""
        return f"{own.rstrip(' .,;')}, {added}{ending}"
    return f"{own} {added}" if own.endswith(("!", "?", ":")) else f"{own}, {added}"
