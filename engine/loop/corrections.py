"""What the user puts right in a run: a verdict of the judge about one picture, and the checklist. Pure.

The user's word stands in the items of the critiques (Item.judged holds what the judge had said), so that whatever reads
a critique, the evidence and the choice of the best above all, goes by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..judge.checklist import MOST_REQUIREMENTS, Requirement
from ..judge.checklist_rules import checklist_of_lines
from ..judge.critique import Critique
from ..judge.user_truth import with_items, with_truth
from .belief.run_belief import believe_run, with_standing
from .belief.stopping import is_done
from .outcome import score_in_words
from .run import Run, Status
from .run_context import KnownPicture

HIGHEST_ID = 99
"""Of a requirement: r99 (see Requirement.id)."""
_MAY_BE_MET: tuple[Status, ...] = ("limit", "no_progress", "stopped", "unverified")
"""Ends that the user's word can turn into a goal that is met."""


def correct_judge(run: Run, number: int, requirement: str, met: bool | None) -> Run:
    """The run in which the picture of an iteration meets a requirement, or does not, because the user says so.

    met: None takes the user's word back. The same picture in other iterations is told the same. Raises ValueError.
    """
    iteration = run.iteration_at(number)
    if number < run.fresh_from or run.checklist is None:
        raise ValueError(f"iteration: {number} was made for the goal before your instruction. Take a later one.")
    if not any(item.id == requirement for item in iteration.critique.items):
        raise ValueError(f"requirement: the judge has said nothing about '{requirement[:20]}' in iteration {number}.")
    picture = iteration.duplicate_of or number
    same = {i.number for i in run.iterations if picture in (i.number, i.duplicate_of)}

    def told(critique: Critique) -> Critique:
        return with_truth(critique, {requirement: met}, run.checklist, run.start.pass_score)

    return _after(run, _changed(run, same, told), same)


def edit_checklist(run: Run, lines: Sequence[str]) -> Run:
    """The run with another checklist: one requirement a line.

    A line that says what a requirement says keeps it, with its questions and all that was seen of it; others are new,
    in the user's words, and unknown in the pictures so far. Raises ValueError for unusable lines, or where there is no
    checklist yet.
    """
    if run.checklist is None:
        raise ValueError("checklist: it is made when the first picture is judged. Write it in the node's checklist.")
    asked = checklist_of_lines(run.checklist.goal, lines)
    known = {requirement.text: requirement for requirement in run.checklist.requirements}
    free = _free_ids(run)
    if len(free) < sum(one.text not in known for one in asked.requirements):
        raise ValueError("checklist: it was changed too often in this run. Queue the workflow again with it.")
    ids = iter(free)
    kept = [known.get(one.text) or one.model_copy(update={"id": next(ids)}) for one in asked.requirements]
    there = {requirement.id for requirement in kept}
    requirements = tuple(_without_parents(one, there) for one in kept)
    checklist = run.checklist.model_copy(update={"requirements": requirements, "uncovered": ()})
    start = run.start.model_copy(update={"checklist": "\n".join(one.text for one in requirements)})
    changed = run.model_copy(update={"checklist": checklist, "start": start})
    numbers = {i.number for i in run.comparable}
    return _after(run, _judged_by(changed, numbers), numbers)


def join_corrections(decided: Run, present: Run) -> Run:
    """What was decided on a copy of a run, with what the user has put right in its iterations meanwhile."""
    known, new = decided.iterations[: len(present.iterations)], decided.iterations[len(present.iterations) :]
    checklist = present.checklist or decided.checklist
    edited = checklist != decided.checklist
    if not edited and all(one is other for one, other in zip(known, present.iterations, strict=True)):
        return decided
    told = {number: critique for number, critique in present.relooks.items() if _is_told(critique)}
    fields: dict[str, object] = {
        "iterations": (*present.iterations, *new),
        "relooks": {**decided.relooks, **told},
        "start": present.start,
        "checklist": checklist,
    }
    numbers = {i.number for i in new} | decided.relooks.keys() if edited else set()
    return _judged_by(decided.model_copy(update=fields), numbers)


def _judged_by(run: Run, numbers: set[int]) -> Run:
    """The run in which what was seen in these iterations counts for its present checklist."""
    checklist, pass_score = run.checklist, run.start.pass_score
    return _changed(run, numbers, lambda critique: with_items(critique, critique.items, checklist, pass_score))


def _changed(run: Run, numbers: set[int], change: Callable[[Critique], Critique]) -> Run:
    """The run with the critiques of these iterations, and the second looks at them, changed where they have items."""

    def changed(number: int, critique: Critique) -> Critique:
        return change(critique) if number in numbers and critique.items else critique

    iterations = tuple(i.model_copy(update={"critique": changed(i.number, i.critique)}) for i in run.iterations)
    relooks = {number: changed(number, critique) for number, critique in run.relooks.items()}
    after = run.model_copy(update={"iterations": iterations, "relooks": relooks})
    return with_standing(after)


def _is_told(critique: Critique) -> bool:
    return any(item.judged is not None for item in critique.items)


def _after(before: Run, run: Run, numbers: set[int]) -> Run:
    """An ended run says how it stands now, where that changed. numbers: of the iterations that were judged anew."""
    best = run.best
    if not run.ended or best is None or run.taken is not None:
        return run
    score = score_in_words(run, best)
    met = best.critique.passed or is_done(believe_run(run))
    if met and before.status in _MAY_BE_MET:
        reason = f"By your word the goal is met in iteration {best.number}, score {score}."
        return run.model_copy(update={"status": "done", "reason": reason})
    if before.status == "done" and not met and before.best is not None and before.best.number in numbers:
        reason = f"By your word the goal is not met. Best: iteration {best.number}, score {score}. Continue the run."
        return run.model_copy(update={"status": "stopped", "reason": reason})
    if before.status in _MAY_BE_MET:
        reason = f"You put the judge right. Best: iteration {best.number}, score {score}."
        return run.model_copy(update={"reason": reason})
    return run


def _free_ids(run: Run) -> list[str]:
    """Ids that no requirement of this run ever had."""
    used = {requirement.id for requirement in run.checklist.requirements} if run.checklist else set()
    used |= {item.id for i in run.iterations for item in i.critique.items}
    used |= {owner for i in run.iterations for owner in i.plan.wording.owners}
    last = max((int(name[1:]) for name in used if name[1:].isdigit()), default=0)
    return [f"r{number}" for number in range(last + 1, min(HIGHEST_ID, last + MOST_REQUIREMENTS) + 1)]


def _without_parents(requirement: Requirement, there: set[str]) -> Requirement:
    parents = tuple(parent for parent in requirement.parents if parent in there)
    return requirement if parents == requirement.parents else requirement.model_copy(update={"parents": parents})


def what_differs(before: Run, after: Run) -> dict[str, object]:
    """The fields of a run that a correction has changed."""
    names = ("iterations", "relooks", "checklist", "start", "standing")
    return {name: getattr(after, name) for name in names if getattr(after, name) is not getattr(before, name)}


def as_judged_now(seen: Sequence[KnownPicture], before: Run, after: Run) -> list[KnownPicture]:
    """A picture that comes again has the verdict that stands now; none where something new is asked about it."""
    if _asked_about(after) - _asked_about(before):
        return []
    return [replace(known, critique=after.iterations[known.number - 1].critique) for known in seen]


def _asked_about(run: Run) -> set[str]:
    return set() if run.checklist is None else {requirement.id for requirement in run.checklist.requirements}
