"""Clauses of prompts as text: split, compared, counted in tokens and joined to the user's own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ..settings import Settings
from .run import Wording

MAX_EXTRA_TOKENS = 36
MAX_NEGATIVE_TERMS = 12
MAX_CLAUSE_WORDS = 12
SAME_WORDS = 0.6
"""Jaccard overlap of words above which two clauses say the same thing (docs/design-notes.md, 4.2)."""

_FILLER = frozenset("a an the of in on at with and is are be to it its".split())


@lru_cache(maxsize=1024)
def token_estimate(text: str) -> int:
    """Tokens of a text, estimated without a tokenizer: one for each 7 letters of a word begun, one for each mark.

    Errs on the high side for English with CLIP's vocabulary, where common words are one token.
    """
    return sum(-(-len(piece) // 7) if piece[0].isalnum() else 1 for piece in re.findall(r"\w+|[^\w\s]", text))


@lru_cache(maxsize=1024)
def words_of(text: str) -> frozenset[str]:
    """The words that carry meaning, lower case."""
    return frozenset(re.findall(r"\w+", text.lower())) - _FILLER


def same_clause(a: str, b: str) -> bool:
    """Whether two clauses say the same thing, by the overlap of their words."""
    first, second = words_of(a), words_of(b)
    union = first | second
    return not union or len(first & second) / len(union) > SAME_WORDS


def split_clauses(text: str, separators: str = r"[,;.\n]+") -> list[str]:
    """Clauses of a proposal, trimmed, each cut to MAX_CLAUSE_WORDS words; order kept, repetitions dropped."""
    clauses: list[str] = []
    for part in re.split(separators, text):
        clause = " ".join(part.split()[:MAX_CLAUSE_WORDS]).strip(" \"'")
        if words_of(clause) and not any(same_clause(clause, c) for c in clauses):
            clauses.append(clause)
    return clauses


def compose(base: Settings, wording: Wording) -> tuple[str, str]:
    """(prompt, negative): the user's own texts, untouched, followed by what the run added."""
    return (_joined(base.prompt, wording.clauses), _joined(base.negative, wording.negative_terms))


def _joined(text: str, additions: Sequence[str]) -> str:
    head = text.rstrip().rstrip(",").rstrip()
    if not additions:
        return text
    return ", ".join([head, *additions] if head else additions)


def with_clauses(base: Settings, wording: Wording, new: Iterable[str]) -> Wording:
    """The wording with new clauses. One that says the same as an older clause replaces it in its place.

    Over MAX_EXTRA_TOKENS the oldest clauses leave first. What the user's prompt already says is not added.
    """
    clauses, added = list(wording.clauses), []
    for clause in new:
        if said_by(base, clause):
            continue
        twin = next((i for i, old in enumerate(clauses) if same_clause(old, clause)), None)
        if twin is None:
            clauses.append(clause)
        else:
            clauses[twin] = clause
        added.append(clause)
    while clauses and _growth(base, clauses) > MAX_EXTRA_TOKENS:
        oldest = next((c for c in clauses if c not in added), clauses[0])
        clauses.remove(oldest)
    return wording.model_copy(update={"clauses": tuple(clauses), "owners": ()})


def with_owned_clauses(base: Settings, owned: Iterable[tuple[str, str]]) -> Wording:
    """The user's own words with one clause for each (requirement id, clause), the most urgent first.

    A clause that would grow the prompt over MAX_EXTRA_TOKENS, or that an earlier one says already, is left out.
    """
    owners: list[str] = []
    clauses: list[str] = []
    for owner, clause in owned:
        said = any(words_of(clause) == words_of(other) for other in clauses)
        if not said and _growth(base, [*clauses, clause]) <= MAX_EXTRA_TOKENS:
            owners.append(owner)
            clauses.append(clause)
    return Wording(clauses=tuple(clauses), owners=tuple(owners))


def said_by(base: Settings, clause: str) -> bool:
    """Whether the user's prompt holds this very clause."""
    return clause.lower() in _parts(base.prompt)


@lru_cache(maxsize=64)
def _parts(prompt: str) -> frozenset[str]:
    return frozenset(clause.lower() for clause in split_clauses(prompt))


def _growth(base: Settings, clauses: Sequence[str]) -> int:
    return token_estimate(_joined(base.prompt, clauses)) - token_estimate(base.prompt)


def with_negative_terms(base: Settings, wording: Wording, seen: Iterable[str]) -> Wording:
    """The wording with terms seen in a picture. At most MAX_NEGATIVE_TERMS with the user's own; the oldest leave."""
    own = [t.lower() for t in split_clauses(base.negative)]
    terms = list(wording.negative_terms)
    for term in seen:
        if term.lower() not in own and not any(same_clause(term, t) for t in terms):
            terms.append(term)
    room = max(0, MAX_NEGATIVE_TERMS - len(own))
    return wording.model_copy(update={"negative_terms": tuple(terms[len(terms) - room :] if room else ())})
