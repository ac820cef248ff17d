"""A clause that a model wrote for a prompt, as far as it can be used. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .absence import denies
from .language_words import Language
from .letters import comparable
from .plain_answer import CLAUSE_WORDS
from .quotations import in_marks, quotations
from .words import first_words, plain_words

CLAUSE_LENGTH = 100


def usable_clause(value: Any, goal: str, languages: Collection[Language], writing: str = "") -> str:
    """At most CLAUSE_WORDS plain words; "" for what is no text, or says what must not be there: "no hat" draws hats.

    goal, languages: of the run; what is quoted from the goal stays as it is there. writing: the words that the
    requirement wants to be written, if any.
    """
    clause = _unwrapped(first_words(plain_words(value, CLAUSE_LENGTH, goal), CLAUSE_WORDS), goal)
    return "" if not clause or denies(clause, frozenset(languages)) else _with_writing(clause, writing)


def _with_writing(clause: str, writing: str) -> str:
    """A clause about words to be written, with these very words: models misquote, and leave them out."""
    if not writing or writing in clause:
        return clause
    other = next(iter(quotations(clause)), None)
    if other is None:
        return f"{clause} {in_marks(writing)}"
    return f"{clause[: other.start]}{in_marks(writing)}{clause[other.end :]}"


def _unwrapped(clause: str, goal: str) -> str:
    """A clause that stands in quotation marks as a whole, without them: else the words would be painted as writing.

    Not so where the goal has these words in quotation marks.
    """
    whole = next(iter(quotations(clause)), None)
    if whole is None or (whole.start, whole.end) != (0, len(clause)):
        return clause
    written = {comparable(quotation.words) for quotation in quotations(goal)}
    return clause if comparable(whole.words) in written else whole.words
