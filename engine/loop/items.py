"""Single requirements across a run: which fail, and how to say so."""

from __future__ import annotations

from collections.abc import Iterable

from ..judge.critique import Critique, Item
from ..judge.scoring import orphans
from .run import Iteration, Run

UNKNOWN = 0.5
"""A requirement of this probability was neither seen nor missed: no evidence."""


def failing(run: Run, critique: Critique) -> list[Item]:
    """Items seen to fail, the least probable first.

    Without those whose parent fails: nothing can be said of the umbrella's colour where there is no umbrella.
    """
    lost = hidden(run, critique)
    return sorted((i for i in critique.items if i.p < UNKNOWN and i.id not in lost), key=lambda item: item.p)


def hidden(run: Run, critique: Critique) -> set[str]:
    """Ids of the requirements that this picture tells nothing about, because a parent of theirs fails in it."""
    if run.checklist is None or not any(r.parents for r in run.checklist.requirements):
        return set()
    return orphans(run.checklist.requirements, [i.id for i in critique.items if i.p < UNKNOWN])


def teaching(run: Run) -> list[Iteration]:
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


def named(run: Run, items: Iterable[Item]) -> str:
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
