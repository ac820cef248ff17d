"""From a run to what it would have given after each of its renders, and to what has to be looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..loop.belief.run_belief import believe_run, with_standing
from ..loop.run import Iteration, Run, Status
from .record import Milestone, PlayedRun, RenderVerdict

WORKING = ("reduce", "render", "judge", "swap")
"""Stages whose seconds the user waits for; a picture is written while it is judged."""
GAVE_PICTURES: tuple[Status, ...] = ("done", "limit", "no_progress", "no_effect")
"""Ends of a run whose result counts. no_effect: some steps more changed nothing, which is the loop's own doing; where
even new seeds change nothing the arm of seeds fails (see gave_picture)."""


def gave_picture(run: Run) -> bool:
    """Whether the result of an ended run counts."""
    return run.status in GAVE_PICTURES and not (run.status == "no_effect" and run.start.vary == "seed")


def milestones_of(run: Run, keys: Mapping[int, str]) -> tuple[Milestone, ...]:
    """One for each render. keys: by iteration number, the key of its picture; iterations without one never lead.

    The last looks of a run are made as it ends, so for what it would have given earlier they count for nothing.
    """
    found = []
    for renders in range(1, len(run.iterations) + 1):
        so_far = run
        if renders < len(run.iterations):
            begun = {"iterations": run.iterations[:renders], "relooks": {}, "standing": {}, "taken": None}
            so_far = with_standing(run.model_copy(update=begun))
        leader = so_far.result
        if leader is None or leader.number not in keys:
            continue
        found.append(
            Milestone(
                renders=renders,
                seconds=round(_seconds(run, renders), 3),
                calls=_calls(so_far),
                picture=keys[leader.number],
                claimed=_claimed(so_far, leader),
                sure=so_far.standing.get(leader.number),
            )
        )
    return tuple(found)


def verdicts_of(run: Run) -> tuple[RenderVerdict, ...]:
    """What the judge said about each whole picture that was new. Edited pictures say nothing about words."""
    return tuple(
        RenderVerdict(
            number=one.number,
            looks=max(one.critique.looks, 1),
            soft=one.critique.soft,
            own_words=not one.plan.wording.clauses,
            p={item.id: round(item.p, 4) for item in one.critique.items if item.told},
        )
        for one in run.iterations
        if one.critique.items and one.duplicate_of is None and one.plan.action != "local_edit"
    )


def equal_seconds(runs: Iterable[PlayedRun]) -> float | None:
    """The seconds at which the arms of a prompt are compared: as far as each of them is known.

    A run that ended of its own accord would give the same picture ever after; one that its limit cut off is known only
    until then (docs/design-notes.md, 21.3). None where no limit cut any off.
    """
    cut_off = [run.milestones[-1].seconds for run in runs if run.ended == "limit" and run.milestones]
    return min(cut_off, default=None)


def at_renders(run: PlayedRun, renders: int) -> Milestone | None:
    """What the run would have given after so many renders, or had given when it ended before."""
    known = [one for one in run.milestones if one.renders <= renders]
    return known[-1] if known else None


def at_seconds(run: PlayedRun, seconds: float | None) -> Milestone | None:
    """What it would have given after so many seconds; its first picture where that took longer. None: at its end."""
    if seconds is None or not run.milestones:
        return run.milestones[-1] if run.milestones else None
    known = [one for one in run.milestones if one.seconds <= seconds + 1e-6]
    return known[-1] if known else run.milestones[0]


def pictures_wanted(runs: Iterable[PlayedRun], renders: int) -> list[str]:
    """Keys of the pictures that have to be looked at: what each arm gives at the first, at half and at all renders, and
    at equal seconds."""
    runs = list(runs)
    limit = equal_seconds(runs)
    found: dict[str, None] = {}
    for run in runs:
        for one in (*(at_renders(run, n) for n in (1, half_of(renders), renders)), at_seconds(run, limit)):
            if one is not None:
                found[one.picture] = None
    return list(found)


def half_of(renders: int) -> int:
    return max(1, renders // 2)


def _seconds(run: Run, renders: int) -> float:
    return sum(i.seconds.get(stage, 0.0) for i in run.iterations[:renders] for stage in WORKING)


def _calls(run: Run) -> int:
    """Calls of the judge's model, as far as the run's record tells: its looks, the blank picture, the editor."""
    judged = [i.critique for i in run.iterations if i.duplicate_of is None]
    blank = int(any(critique.blank is not None for critique in judged))
    return sum(critique.looks + bool(critique.edits) for critique in judged) + blank + len(run.relooks)


def _claimed(run: Run, iteration: Iteration) -> float | None:
    """The share of the requirements that the run takes this picture to meet, by both looks where there were two."""
    if not iteration.critique.items:
        return None
    items = believe_run(run).critique_of(iteration).items if run.checklist is not None else iteration.critique.items
    return sum(item.passed for item in items) / len(items)
