"""The clauses of prompts: which requirements fail, which clause each gets next, and how words are joined. Pure.

Every judged render is evidence about the words it was painted from, whatever its seed. A requirement keeps the wording
with the best record, the user's own words among them; once none of them is likely to do, it gets a fresh clause. So
clauses never pile up. Against one fresh clause for each item that failed in the last picture (docs/design-notes.md,
4.8) this record is ahead in both worlds of benchmarks/policy.py; figures are in benchmarks/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..judge.critique import Critique, Item
from ..judge.scoring import orphans
from ..settings import Settings
from .run import Iteration, Run, Wording

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


UNKNOWN = 0.5
"""A requirement of this probability was neither seen nor missed: no evidence."""


def failing_items(run: Run, critique: Critique) -> list[Item]:
    """Items seen to fail, the least probable first.

    Without those whose parent fails: nothing can be said of the umbrella's colour where there is no umbrella.
    """
    lost = hidden_requirements(run, critique)
    return sorted((i for i in critique.items if i.p < UNKNOWN and i.id not in lost), key=lambda item: item.p)


def hidden_requirements(run: Run, critique: Critique) -> set[str]:
    """Ids of the requirements that this picture tells nothing about, because a parent of theirs fails in it."""
    if run.checklist is None or not any(r.parents for r in run.checklist.requirements):
        return set()
    return orphans(run.checklist.requirements, [i.id for i in critique.items if i.p < UNKNOWN])


def teaching_iterations(run: Run) -> list[Iteration]:
    """The iterations that speak about wordings: judged by items, no repetition of a picture, no edited one."""
    return [i for i in run.comparable if i.critique.items and i.duplicate_of is None and i.plan.action != "local_edit"]


def missed_throughout(iterations: Iterable[Iteration]) -> set[str]:
    """Ids of the requirements that fail in every one of these iterations."""
    missed = [{item.id for item in i.critique.items if item.p < UNKNOWN} for i in iterations]
    return set.intersection(*missed) if missed else set()


def text_of(run: Run, requirement: str) -> str:
    """The requirement in words."""
    known = run.checklist.requirements if run.checklist is not None else ()
    return next((r.text for r in known if r.id == requirement), requirement)


def name_items(run: Run, items: Iterable[Item]) -> str:
    """Failing items in words, with what is there instead: "three ducks (I count 2), red umbrella"."""
    return ", ".join(f"{text_of(run, item.id)}{_instead(run, item)}" for item in items)


def _instead(run: Run, item: Item) -> str:
    if item.evidence:
        return f" ({item.evidence.rstrip('.')})"
    known = run.checklist.requirements if run.checklist is not None else ()
    ask = next((r.ask for r in known if r.id == item.id), "yesno")
    if ask == "count" and item.answer.isdigit():
        return f" (I count {item.answer})"
    return f" (I see {item.answer})" if ask == "open" and item.answer else ""


LIKELY = 0.45
"""A wording that meets its requirement less often than this is not used while a fresh one can be had."""
MOST_CLAUSES = 3
"""At most so many requirements get a clause at a time (docs/design-notes.md, 4.2)."""
OWN = ""
"""Stands for the user's own words."""


class ClauseChoice(NamedTuple):
    """A requirement that gets a clause. clause: None when a fresh one is needed. own: record of the user's words.

    known: the best recorded clause, or OWN, for when no fresh one can be had.
    """

    requirement: str
    clause: str | None
    own: float
    known: str


def choices(run: Run) -> list[ClauseChoice]:
    """The requirements that the user's own words do not get painted, the worst first, at most MOST_CLAUSES."""
    found = []
    for requirement, tried in clause_stats(run).items():
        rates = {clause: success_rate(*record) for clause, record in tried.items()}
        known = max(rates, key=lambda clause: (rates[clause], clause == OWN))
        if rates[known] < LIKELY:
            found.append(ClauseChoice(requirement, None, rates[OWN], known))
        elif known != OWN:
            found.append(ClauseChoice(requirement, known, rates[OWN], known))
    return sorted(found, key=lambda choice: choice.own)[:MOST_CLAUSES]


def fresh_clause(run: Run, requirement: str) -> str | None:
    """A clause for the requirement that this run has not tried: remembered, else the newest proposal, else its text."""
    proposed = stocked_clause(run, requirement)
    if proposed is not None:
        return proposed
    text = _own_text(run, requirement)
    if text is None or said_by(run.start.settings, text):
        return None
    return text if _untried(run, requirement, text) else None


def stocked_clause(run: Run, requirement: str) -> str | None:
    """An untried clause that needs no editor.

    One that worked in past runs, else one proposed already, else the text where the user's prompt lacks it.
    """
    for clause in _one(run.remembered.get(requirement, "")):
        if _untried(run, requirement, clause) and not said_by(run.start.settings, clause):
            return clause
    for iteration in reversed(teaching_iterations(run)):
        for clause in _proposals(run, iteration.critique, requirement):
            if _untried(run, requirement, clause) and not said_by(run.start.settings, clause):
                return clause
    text = _own_text(run, requirement)
    if text is None or words_of(text) <= words_of(run.start.settings.prompt):
        return None
    return text if _untried(run, requirement, text) else None


def clause_stats(run: Run) -> dict[str, dict[str, tuple[int, float]]]:
    """By requirement and clause: how many renders were painted from it, and the sum of their probabilities."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for iteration in teaching_iterations(run):
        lost = hidden_requirements(run, iteration.critique)
        owned = iteration.plan.wording.owned
        for item in iteration.critique.items:
            tried = found.get(item.id)
            if tried is None:
                tried = found[item.id] = {OWN: (0, 0.0)}
            if item.p != UNKNOWN and item.id not in lost:
                clause = owned.get(item.id, OWN)
                count, total = tried.get(clause, (0, 0.0))
                tried[clause] = (count + 1, total + item.p)
    return found


def success_rate(count: float, total: float) -> float:
    """How often a wording is met, judged with one success and one failure more than was seen (Laplace)."""
    return (total + 1) / (count + 2)


def _proposals(run: Run, critique: Critique, requirement: str) -> list[str]:
    if critique.edits:
        return [clause for edit in critique.edits if edit.requirement == requirement for clause in _one(edit.clause)]
    if not critique.changes.prompt_append:
        return []
    return [c for c in split_clauses(critique.changes.prompt_append) if _owner(run, critique, c) == requirement]


@lru_cache(maxsize=1024)
def _one(clause: str) -> tuple[str, ...]:
    """The clause of an edit, whatever its punctuation; empty when it says nothing."""
    return tuple(split_clauses(clause.replace(",", " "), r"[;.\n]+")[:1])


def _owner(run: Run, critique: Critique, clause: str) -> str:
    """The failing requirement with the largest word overlap, else the worst failing one (design-notes, 2.16)."""
    failed = failing_items(run, critique)
    if not failed:
        return ""
    return max(failed, key=lambda item: len(words_of(text_of(run, item.id)) & words_of(clause))).id


def _untried(run: Run, requirement: str, clause: str) -> bool:
    words = words_of(clause)
    tried = {i.plan.wording.owned.get(requirement, OWN) for i in teaching_iterations(run)} - {OWN}
    return bool(words) and all(words_of(other) != words for other in tried)


def _own_text(run: Run, requirement: str) -> str | None:
    known = run.checklist.requirements if run.checklist is not None else ()
    texts = [clause for r in known if r.id == requirement for clause in _one(r.text)]
    return texts[0] if texts else None
