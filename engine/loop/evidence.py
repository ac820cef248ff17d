"""What the judged pictures of a run tell: which requirements fail, and which clause served each best. Pure.

Every judged render is evidence about the words it was painted from, whatever its seed. A requirement keeps the wording
with the best record, the user's own words among them; once none of them is likely to do, it gets a fresh clause. So
clauses never pile up. Against one fresh clause for each item that failed in the last picture (docs/design-notes.md,
4.8) this record is ahead in both worlds of benchmarks/policy.py; figures are in benchmarks/README.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from ..judge.absence import things_absent
from ..judge.checklist import Requirement
from ..judge.critique import Critique, Item
from ..judge.scoring import orphans
from .clauses import positive_clauses, said_by, single_clause, words_of
from .run import Iteration, Run

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


class RunEvidence:
    """What is derived from a run, each thing once. The run must not change meanwhile."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def best(self) -> Iteration | None:
        """The best of the present goal."""
        best = self.run.best
        return best if best is not None and best.number >= self.run.fresh_from else None

    @cached_property
    def teaching(self) -> list[Iteration]:
        """The iterations that speak about wordings: judged by items, no repetition of a picture, no edited one."""
        iterations = self.run.comparable
        return [i for i in iterations if i.critique.items and i.duplicate_of is None and i.plan.action != "local_edit"]

    @cached_property
    def clause_stats(self) -> dict[str, dict[str, tuple[int, float]]]:
        """By requirement and clause: how many renders were painted from it, and the sum of their probabilities."""
        found: dict[str, dict[str, tuple[int, float]]] = {}
        for iteration in self.teaching:
            lost = self.hidden(iteration.critique)
            owned = iteration.plan.wording.owned
            for item in iteration.critique.items:
                tried = found.get(item.id)
                if tried is None:
                    tried = found[item.id] = {OWN: (0, 0.0)}
                if item.told and item.id not in lost:
                    clause = owned.get(item.id, OWN)
                    count, total = tried.get(clause, (0, 0.0))
                    tried[clause] = (count + 1, total + item.p)
        return found

    @cached_property
    def clause_choices(self) -> list[ClauseChoice]:
        """The requirements that the user's own words do not get painted, the worst first, at most MOST_CLAUSES."""
        found = []
        for requirement, tried in self.clause_stats.items():
            rates = {clause: success_rate(*record) for clause, record in tried.items()}
            known = max(rates, key=lambda clause: (rates[clause], clause == OWN))
            if rates[known] < LIKELY:
                found.append(ClauseChoice(requirement, None, rates[OWN], known))
            elif known != OWN:
                found.append(ClauseChoice(requirement, known, rates[OWN], known))
        return sorted(found, key=lambda choice: choice.own)[:MOST_CLAUSES]

    def failing(self, critique: Critique) -> list[Item]:
        """Items seen to fail, the least probable first.

        Without those whose parent fails: nothing can be said of the umbrella's colour where there is no umbrella.
        """
        lost = self.hidden(critique)
        return sorted((i for i in critique.items if i.failed and i.id not in lost), key=lambda item: item.p)

    def hidden(self, critique: Critique) -> set[str]:
        """Ids of the requirements that this picture tells nothing about, because a parent of theirs fails in it."""
        requirements = self._requirements.values()
        if not any(r.parents for r in requirements):
            return set()
        return orphans(tuple(requirements), [i.id for i in critique.items if i.failed])

    def fresh_clause(self, requirement: str) -> str | None:
        """A clause that this run has not tried: remembered, else the newest proposal, else the requirement's text."""
        proposed = self.stocked_clause(requirement)
        if proposed is not None:
            return proposed
        text = self._own_text(requirement)
        if text is None or said_by(self.run.start.settings, text):
            return None
        return text if self._untried(requirement, text) else None

    def stocked_clause(self, requirement: str) -> str | None:
        """An untried clause that needs no editor.

        One that worked in past runs, else one proposed already, else the text where the user's prompt lacks it, else
        one that was written with the checklist.
        """
        base = self.run.start.settings
        clause = single_clause(self.run.remembered.get(requirement, ""))
        if self._untried(requirement, clause) and not said_by(base, clause):
            return clause
        for iteration in reversed(self.teaching):
            for clause in self._proposals(iteration.critique, requirement):
                if self._untried(requirement, clause) and not said_by(base, clause):
                    return clause
        known, text = self._requirements.get(requirement), self._own_text(requirement)
        if text is not None and not words_of(text) <= words_of(base.prompt) and self._untried(requirement, text):
            return text
        for clause in known.clauses if known is not None else ():
            if self._untried(requirement, clause) and not said_by(base, clause):
                return clause
        return None

    def text_of(self, requirement: str) -> str:
        """The requirement in words."""
        known = self._requirements.get(requirement)
        return requirement if known is None else known.text

    def name_items(self, items: Iterable[Item]) -> str:
        """Failing items in words, with what is there instead: "three ducks (I count 2), red umbrella"."""
        return ", ".join(f"{self.text_of(item.id)}{self._instead(item)}" for item in items)

    def unwanted(self, critique: Critique) -> list[str]:
        """What must not be there and was seen, as terms of a negative prompt; only what is named in English."""
        failing = [self._requirements[i.id] for i in critique.items if i.failed and i.id in self._requirements]
        return [thing for requirement in failing for thing in things_absent(requirement.text)]

    @cached_property
    def _requirements(self) -> dict[str, Requirement]:
        checklist = self.run.checklist
        return {} if checklist is None else {r.id: r for r in checklist.requirements}

    def _instead(self, item: Item) -> str:
        if item.evidence:
            return f" ({item.evidence.rstrip('.')})"
        known = self._requirements.get(item.id)
        ask = "yesno" if known is None else known.ask
        if ask == "count" and item.answer.isdigit():
            return f" (I count {item.answer})"
        return f" (I see {item.answer})" if ask == "open" and item.answer else ""

    def _proposals(self, critique: Critique, requirement: str) -> list[str]:
        if critique.edits:
            own = [single_clause(edit.clause) for edit in critique.edits if edit.requirement == requirement]
            return [clause for clause in own if clause]
        if not critique.changes.prompt_append:
            return []
        return [c for c in positive_clauses(critique.changes.prompt_append) if self._owner(critique, c) == requirement]

    def _owner(self, critique: Critique, clause: str) -> str:
        """The failing requirement with the largest word overlap, else the worst failing one (design-notes, 2.16)."""
        failed = self.failing(critique)
        if not failed:
            return ""
        return max(failed, key=lambda item: len(words_of(self.text_of(item.id)) & words_of(clause))).id

    def _untried(self, requirement: str, clause: str) -> bool:
        words = words_of(clause)
        tried = {i.plan.wording.owned.get(requirement, OWN) for i in self.teaching} - {OWN}
        return bool(words) and all(words_of(other) != words for other in tried)

    def _own_text(self, requirement: str) -> str | None:
        """What a prompt may say to ask for it: nothing for what must not be there."""
        known = self._requirements.get(requirement)
        return None if known is None or known.kind == "absence" else single_clause(known.text) or None


def missed_throughout(iterations: Iterable[Iteration]) -> set[str]:
    """Ids of the requirements that fail in every one of these iterations."""
    missed = [{item.id for item in i.critique.items if item.failed} for i in iterations]
    return set.intersection(*missed) if missed else set()


def success_rate(count: float, total: float) -> float:
    """How often a wording is met, judged with one success and one failure more than was seen (Laplace)."""
    return (total + 1) / (count + 2)
