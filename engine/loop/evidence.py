"""What a run's critiques say in words: what fails, and which clauses nobody has tried yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from ..judge.absence import things_absent
from ..judge.checklist import Requirement
from ..judge.critique import Critique, Item
from ..judge.scoring import orphans
from .belief.run_belief import believe_run
from .clauses import positive_clauses, said_by, single_clause, words_of
from .run import Iteration, Run


class RunEvidence:
    """What is derived from a run, each thing once. The run must not change meanwhile."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def best(self) -> Iteration | None:
        """The best of the present goal, by belief where the judge tells requirements."""
        beliefs = believe_run(self.run)
        return beliefs.leader if beliefs else self.run.best_of_goal

    @cached_property
    def teaching(self) -> list[Iteration]:
        """The iterations that speak about wordings: judged by items, no repetition of a picture, no edited one."""
        iterations = self.run.comparable
        return [i for i in iterations if i.critique.items and i.duplicate_of is None and i.plan.action != "local_edit"]

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
        for clause in self._proposed.get(requirement, ()):
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

    @cached_property
    def _proposed(self) -> dict[str, list[str]]:
        """By requirement, the clauses that critiques propose, of the newest first."""
        found: dict[str, list[str]] = {}
        for iteration in reversed(self.run.comparable):
            critique = iteration.critique
            for edit in critique.edits:
                found.setdefault(edit.requirement, []).extend(filter(None, [single_clause(edit.clause)]))
            if not critique.edits and critique.changes.prompt_append:
                for clause in positive_clauses(critique.changes.prompt_append):
                    found.setdefault(self._owner(critique, clause), []).append(clause)
        return found

    def _owner(self, critique: Critique, clause: str) -> str:
        """The failing requirement with the largest word overlap, else the worst failing one (design-notes, 2.16)."""
        failed = self.failing(critique)
        if not failed:
            return ""
        return max(failed, key=lambda item: len(words_of(self.text_of(item.id)) & words_of(clause))).id

    def _untried(self, requirement: str, clause: str) -> bool:
        words = words_of(clause)
        return bool(words) and words not in self._tried.get(requirement, ())

    @cached_property
    def _tried(self) -> dict[str, set[frozenset[str]]]:
        """By requirement, the words of the clauses that were rendered, in this run or in past ones."""
        past = self.run.past_wordings
        found = {name: {words_of(one.clause) for one in wordings} for name, wordings in past.items()}
        # Where the seed is kept, a clause that changed nothing would change nothing again.
        rendered = self.run.comparable if self.run.start.seed_policy == "keep" else self.teaching
        for iteration in rendered:
            for requirement, clause in iteration.plan.wording.owned.items():
                found.setdefault(requirement, set()).add(words_of(clause))
        return found

    def _own_text(self, requirement: str) -> str | None:
        """What a prompt may say to ask for it: nothing for what must not be there."""
        known = self._requirements.get(requirement)
        return None if known is None or known.kind == "absence" else single_clause(known.text) or None
