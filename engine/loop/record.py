"""The record of wordings: which clause, if any, each requirement gets in the next prompt. Pure.

Every judged render is evidence about the words it was painted from, whatever its seed. A requirement keeps the wording
with the best record, the user's own words among them; once none of them is likely to do, it gets a fresh clause. So
clauses never pile up, what worked stays, and what did not dies by itself. Against one fresh clause for each item that
failed in the last picture (loop-science, 4.5) this record is ahead in both worlds of benchmarks/policy.py; figures are
in benchmarks/README.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..judge.critique import Critique
from . import items
from .run import Run
from .wording import said_by, split_clauses, words_of

LIKELY = 0.45
"""A wording that meets its requirement less often than this is not used while a fresh one can be had."""
MOST_CLAUSES = 3
"""At most so many requirements get a clause at a time (loop-science, 4.4)."""
OWN = ""
"""Stands for the user's own words."""


class Choice(NamedTuple):
    """A requirement that gets a clause. clause: None when a fresh one is needed. own: record of the user's words.

    known: the best recorded clause, or OWN, for when no fresh one can be had.
    """

    requirement: str
    clause: str | None
    own: float
    known: str


def choices(run: Run) -> list[Choice]:
    """The requirements that the user's own words do not get painted, the worst first, at most MOST_CLAUSES."""
    found = []
    for requirement, tried in records(run).items():
        rates = {clause: rate(*record) for clause, record in tried.items()}
        known = max(rates, key=lambda clause: (rates[clause], clause == OWN))
        if rates[known] < LIKELY:
            found.append(Choice(requirement, None, rates[OWN], known))
        elif known != OWN:
            found.append(Choice(requirement, known, rates[OWN], known))
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
    for iteration in reversed(items.teaching(run)):
        for clause in _proposals(run, iteration.critique, requirement):
            if _untried(run, requirement, clause) and not said_by(run.start.settings, clause):
                return clause
    text = _own_text(run, requirement)
    if text is None or words_of(text) <= words_of(run.start.settings.prompt):
        return None
    return text if _untried(run, requirement, text) else None


def records(run: Run) -> dict[str, dict[str, tuple[int, float]]]:
    """By requirement and clause: how many renders were painted from it, and the sum of their probabilities."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for iteration in items.teaching(run):
        lost = items.hidden(run, iteration.critique)
        owned = iteration.plan.wording.owned
        for item in iteration.critique.items:
            tried = found.get(item.id)
            if tried is None:
                tried = found[item.id] = {OWN: (0, 0.0)}
            if item.p != items.UNKNOWN and item.id not in lost:
                clause = owned.get(item.id, OWN)
                count, total = tried.get(clause, (0, 0.0))
                tried[clause] = (count + 1, total + item.p)
    return found


def rate(count: float, total: float) -> float:
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
    """The failing requirement with the largest word overlap, else the worst failing one (loop-science, 4.1)."""
    failing = items.failing(run, critique)
    if not failing:
        return ""
    return max(failing, key=lambda item: len(words_of(items.text_of(run, item.id)) & words_of(clause))).id


def _untried(run: Run, requirement: str, clause: str) -> bool:
    words = words_of(clause)
    tried = {i.plan.wording.owned.get(requirement, OWN) for i in items.teaching(run)} - {OWN}
    return bool(words) and all(words_of(other) != words for other in tried)


def _own_text(run: Run, requirement: str) -> str | None:
    known = run.checklist.requirements if run.checklist is not None else ()
    texts = [clause for r in known if r.id == requirement for clause in _one(r.text)]
    return texts[0] if texts else None
