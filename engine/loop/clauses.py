"""Clauses of prompts as text: split, compared, counted in tokens and joined to the user's own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from ..judge.absence import things_absent, without_denials
from ..judge.checklist import Requirement
from ..judge.language_words import likely_languages
from ..judge.letters import comparable, extends, unspaced, words_in
from ..judge.quotations import quotations, without_quotations
from ..judge.text_segmentation import split_text
from ..judge.words import first_words
from ..settings import Settings
from .plan import Wording

MAX_EXTRA_TOKENS = 36
MAX_NEGATIVE_TERMS = 12
MAX_CLAUSE_WORDS = 12
SAME_WORDS = 0.6
"""Jaccard overlap of words above which two clauses say the same thing (docs/design-notes.md, 4.2)."""

_FILLER = frozenset("a an the of in on at with and is are be to it its".split())
_COMMAS = frozenset(",\uff0c\u3001\u060c\uff64\u055d")
_STRAY = " \"'"
_SENTENCE_ENDS = (".", "!", "?", "\u3002", "\uff01", "\uff1f", "\u0964")


@lru_cache(maxsize=1024)
def token_estimate(text: str) -> int:
    """Tokens of a text, estimated without a tokenizer: one for each 7 letters of a Latin word begun, one for each mark.

    Errs on the high side for English with CLIP's vocabulary, where common words are one token. Other scripts as the
    tokenizers of newer models have them (docs/design-notes.md, 12.5): one for each character of those that are written
    without blanks, of Hangul, of Indian scripts and of emoji, one for two letters elsewhere.
    """
    if text.isascii():
        return sum(-(-len(word) // 7) if word[0].isalnum() else 1 for word in re.findall(r"\w+|[^\w\s]", text))
    words = words_in(text)
    inside = sum(map(len, words))
    marks = sum(not char.isspace() for char in text) - inside
    return sum(map(_tokens_of, words)) + max(0, marks)


def _tokens_of(word: str) -> int:
    first = word[0]
    if first < "\u0250":
        return -(-len(word) // 7)
    if unspaced(first):
        return 1 + sum(not extends(char) for char in word[1:])
    if not first.isalpha() or "\u0900" <= first <= "\u0dff" or "\u1100" <= first <= "\u11ff" or first >= "\uac00":
        return len(word)
    return -(-len(word) // 2)


@lru_cache(maxsize=1024)
def words_of(text: str) -> frozenset[str]:
    """The words that carry meaning, lower case; of scripts without blanks, each two characters that follow each
    other."""
    words = words_in(comparable(text))
    found = {word for word in words if not unspaced(word[0])}
    run: list[str] = []
    for word in [*words, ""]:
        if word and unspaced(word[0]):
            run.append(word)
        elif run:
            found |= {a + b for a, b in pairwise(run)} if len(run) > 1 else {run[0]}
            run = []
    return frozenset(found) - _FILLER


def same_clause(a: str, b: str) -> bool:
    """Whether two clauses say the same thing, by the overlap of their words."""
    first, second = words_of(a), words_of(b)
    union = first | second
    return not union or len(first & second) / len(union) > SAME_WORDS


def clauses_in(text: str) -> list[str]:
    """The clauses of a text as they stand, trimmed, each cut to MAX_CLAUSE_WORDS words; those that say something."""
    clauses = (_trim(part.text) for part in split_text(text))
    return [clause for clause in clauses if words_of(clause)]


def split_clauses(text: str) -> list[str]:
    """The clauses of a proposal; order kept, repetitions dropped."""
    clauses: list[str] = []
    for clause in clauses_in(text):
        if not any(same_clause(clause, c) for c in clauses):
            clauses.append(clause)
    return clauses


@lru_cache(maxsize=1024)
def positive_clauses(text: str) -> tuple[str, ...]:
    """The clauses of a proposal without what must not be there: "no hat" in a prompt draws hats."""
    languages = likely_languages(without_quotations(text))
    wanted = (_trim(without_denials(clause, languages)) for clause in split_clauses(text))
    return tuple(clause for clause in wanted if words_of(clause))


@lru_cache(maxsize=1024)
def single_clause(text: str) -> str:
    """The first sentence of a text as one clause, whatever its commas, without what must not be there; "" where it
    says nothing."""
    parts = split_text(text)
    taken = []
    for part in parts:
        taken.append(part.text)
        if text[part.end : part.end + 1] not in _COMMAS:
            break
    clause = _trim(without_denials(" ".join(taken)))
    return clause if words_of(clause) else ""


def _trim(text: str) -> str:
    """Not too long, and without quotation marks at its ends that belong to no quotation."""
    clause = first_words(text, MAX_CLAUSE_WORDS)
    quoted = quotations(clause)
    begins = clause if quoted and quoted[0].start == 0 else clause.lstrip(_STRAY)
    return begins if quoted and quoted[-1].end == len(clause) else begins.rstrip(_STRAY)


def compose(base: Settings, wording: Wording) -> tuple[str, str]:
    """(prompt, negative): the user's own texts, untouched, followed by what the run added."""
    return (_joined(base.prompt, wording.clauses), _joined(base.negative, wording.negative_terms))


def _joined(text: str, additions: Sequence[str]) -> str:
    head = text.rstrip().rstrip(",").rstrip()
    if not additions:
        return text
    added = ", ".join(additions)
    if not head:
        return added
    return f"{head} {added}" if head.endswith(_SENTENCE_ENDS) else f"{head}, {added}"


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


def with_check_clause(base: Settings, wording: Wording, check: str, clause: str) -> Wording:
    """The wording with one clause for a quality check, which owns it as a requirement owns its own.

    One that would grow the prompt over MAX_EXTRA_TOKENS, or that an earlier one says already, is left out.
    """
    owned = [(owner, text) for owner, text in zip(wording.owners, wording.clauses, strict=False) if owner != check]
    kept = [text for _, text in owned]
    if any(same_clause(clause, text) for text in kept) or _growth(base, [*kept, clause]) > MAX_EXTRA_TOKENS:
        return wording
    return wording.model_copy(update={"clauses": (*kept, clause), "owners": (*(owner for owner, _ in owned), check)})


def said_by(base: Settings, clause: str) -> bool:
    """Whether the user's prompt holds this very clause."""
    return comparable(clause) in _parts(base.prompt)


def asks_for(prompt: str, requirement: Requirement) -> bool:
    """Whether a prompt has the words of a requirement: of its text, or what it quotes of the goal. It asks for an
    absence where it does not name what must not be there."""
    words = words_of(prompt)
    if requirement.kind == "absence":
        return not any(words_of(thing) <= words for thing in things_absent(requirement.text) if words_of(thing))
    return any(words_of(said) <= words for said in (requirement.text, requirement.span) if words_of(said))


@lru_cache(maxsize=64)
def _parts(prompt: str) -> frozenset[str]:
    return frozenset(map(comparable, clauses_in(prompt)))


def _growth(base: Settings, clauses: Sequence[str]) -> int:
    return token_estimate(_joined(base.prompt, clauses)) - token_estimate(base.prompt)


def with_negative_terms(base: Settings, wording: Wording, seen: Iterable[str]) -> Wording:
    """The wording with terms seen in a picture. At most MAX_NEGATIVE_TERMS with the user's own; the oldest leave."""
    own = _parts(base.negative)
    terms = list(wording.negative_terms)
    for term in seen:
        if comparable(term) not in own and not any(same_clause(term, t) for t in terms):
            terms.append(term)
    room = max(0, MAX_NEGATIVE_TERMS - len(own))
    return wording.model_copy(update={"negative_terms": tuple(terms[len(terms) - room :] if room else ())})
