"""The words and parameters of the next render: what is added to the user's own, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph.family import Ranges, ranges
from ..settings import Settings
from .clauses import (
    positive_clauses,
    same_clause,
    split_clauses,
    with_clauses,
    with_negative_terms,
    with_owned_clauses,
)
from .evidence import OWN, RunEvidence
from .run import Iteration, Run, Wording

NEW_CLAUSES = 3
CLAUSE_TRIES = 3
"""Without a checklist: a clause whose renders were rejected this often is not tried again."""
CFG_STEP = 0.5
STEPS_SHARE = 0.15
"""One small step of cfg, and of steps as a share of them (docs/design-notes.md, 1.6)."""
TERMS_AT_ONCE = 3
NEGATIVE_MEMORY = 3
"""A term not seen in the last so many pictures leaves the negative again (docs/design-notes.md, 4.2)."""


@dataclass(frozen=True)
class Words:
    """The next wording. told: what is new in it, in words. changed: whether it differs from the best's.

    changed_owners: the requirements whose clause differs from the best's; empty when more than clauses differ.
    """

    wording: Wording
    told: tuple[str, ...]
    changed: bool
    changed_owners: frozenset[str] = frozenset()


def next_words(evidence: RunEvidence, best: Iteration | None, last: Iteration) -> Words:
    """The next wording. best: what the next render sets out from, None when nothing was judged yet."""
    run = evidence.run
    if any(i.critique.items for i in run.comparable):
        return _owned_words(evidence, best)
    before = Wording() if best is None else best.plan.wording
    after = _edited(run, before, best, last)
    return Words(after, _told(before, after), after != before)


def _owned_words(evidence: RunEvidence, best: Iteration | None) -> Words:
    """The user's own words and, for each requirement that they do not get painted, one clause."""
    base, owned = evidence.run.start.settings, []
    for choice in evidence.clause_choices:
        clause = choice.clause or evidence.fresh_clause(choice.requirement) or choice.known
        if clause != OWN:
            owned.append((choice.requirement, clause))
    after = with_owned_clauses(base, owned)
    for iteration in evidence.teaching[-NEGATIVE_MEMORY:]:
        critique = iteration.critique
        seen = critique.negative or split_clauses(critique.changes.neg_append)
        terms = [term for text in (*evidence.unwanted(critique), *seen) for term in split_clauses(text)]
        after = with_negative_terms(base, after, terms[:TERMS_AT_ONCE])
    before = Wording() if best is None else best.plan.wording
    old, new = before.owned, after.owned
    differing = {owner for owner in old.keys() | new.keys() if old.get(owner) != new.get(owner)}
    only_clauses = before.negative_terms == after.negative_terms and len(old) == len(before.clauses)
    return Words(
        after,
        _told(before, after),
        after != before,
        frozenset(differing) if only_clauses else frozenset(),
    )


def _told(before: Wording, after: Wording) -> tuple[str, ...]:
    parts = []
    added = [c for c in after.clauses if c not in before.clauses]
    dropped = [c for c in before.clauses if c not in after.clauses]
    terms = [t for t in after.negative_terms if t not in before.negative_terms]
    if added:
        parts.append("add " + " and ".join(f'"{c}"' for c in added))
    if dropped:
        parts.append("without " + " and ".join(f'"{c}"' for c in dropped))
    if terms:
        parts.append("avoid " + ", ".join(terms))
    return tuple(parts)


def _edited(run: Run, wording: Wording, best: Iteration | None, last: Iteration) -> Wording:
    """Without a checklist: the best's wording with what the last critique and the best's own propose and was not
    rejected before."""
    judged = [i for i in (last, best) if i is not None and i.duplicate_of is None and i.critique.score is not None]
    critics = [i.critique for i in judged]
    proposals: list[str] = []
    for critique in critics:
        for clause in positive_clauses(critique.changes.prompt_append):
            new = not any(same_clause(clause, c) for c in (*proposals, *wording.clauses))
            if new and _rejections(run, clause) < CLAUSE_TRIES:
                proposals.append(clause)
    edited = with_clauses(run.start.settings, wording, proposals[:NEW_CLAUSES])
    seen = [t for c in critics[:1] for t in split_clauses(c.changes.neg_append)][:TERMS_AT_ONCE]
    return with_negative_terms(run.start.settings, edited, seen)


def _rejections(run: Run, clause: str) -> int:
    return sum(
        i.decision.kind == "reject" and any(same_clause(clause, c) for c in i.plan.wording.clauses)
        for i in run.comparable
    )


def parameter_step(run: Run, base: Settings, last: Iteration) -> tuple[int, float, str]:
    """One small step of steps or cfg towards the judge's wish, inside the family's range; not one already tried."""
    start = run.start.settings
    allowed: Ranges = ranges(run.family, start.steps, start.cfg)
    wish = last.critique.changes
    options: list[tuple[int, float, str]] = []
    if wish.steps is not None and wish.steps != base.steps:
        step = max(1, round(base.steps * STEPS_SHARE))
        steps = _towards(base.steps, wish.steps, step, allowed.steps)
        options.append((steps, base.cfg, f"steps {base.steps} to {steps}"))
    if wish.cfg is not None and wish.cfg != base.cfg:
        cfg = round(_towards(base.cfg, wish.cfg, CFG_STEP, allowed.cfg), 2)
        options.append((base.steps, cfg, f"cfg {base.cfg:g} to {cfg:g}"))
    tried = {(i.settings.steps, i.settings.cfg) for i in run.comparable}
    for steps, cfg, what in options:
        if (steps, cfg) not in tried:
            return steps, cfg, what
    return base.steps, base.cfg, ""


def _towards(value: float, wish: float, step: float, allowed: tuple[float, float]) -> float:
    moved = min(value + step, wish) if wish > value else max(value - step, wish)
    return min(max(moved, allowed[0]), allowed[1])
