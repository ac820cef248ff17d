"""A picture of an ended run that no judge has looked at, judged after all."""

from __future__ import annotations

import asyncio

from ..judge.checklist import Checklist
from ..judge.critique import Critique
from ..judge.judge import Judge
from ..judge.vision_model import ModelFailure
from .belief.run_belief import with_standing
from .ending_words import goal_met, why_unconfirmed
from .evidence import RunEvidence
from .journal import Journal
from .outcome import decide
from .refusals import NotNow
from .run import Iteration, Run


def unjudged_iteration(run: Run, number: int) -> Iteration:
    """The iteration of an ended run, where a judge may still look at it. Raises ValueError."""
    iteration = run.iteration_at(number)
    if iteration.critique.score is not None:
        raise ValueError(f"iteration: {number} was judged already.")
    if iteration.picture is None:
        raise ValueError(f"iteration: the picture of iteration {number} was not saved. Take another one.")
    if number < run.fresh_from:
        raise ValueError(f"iteration: {number} was made for the goal before your instruction. Take a later one.")
    return iteration


async def judge_later(judge: Judge, journal: Journal, run: Run, number: int) -> Run:
    """The run with a verdict about iteration `number`. Raises ValueError, NotNow where the judge gives none."""
    iteration = unjudged_iteration(run, number)
    try:
        picture = await asyncio.to_thread(journal.load_judged, run.id, iteration)
    except (OSError, ValueError) as problem:
        raise ValueError(f"iteration: the picture of iteration {number} cannot be read. Take another one.") from problem
    judge.recall([one.critique for one in run.comparable])
    try:
        checklist = run.checklist
        if checklist is None:
            lines, clip = run.start.checklist.splitlines(), iteration.clip is not None
            checklist = await judge.make_checklist(run.start.goal, lines, number, clip)
        critique = (await judge.judge_pictures([picture], checklist, number)).critiques[0]
    except ModelFailure as problem:
        raise NotNow(str(problem)) from problem
    finally:
        await judge.release()
    if critique.score is None:
        raise NotNow(critique.reason)
    return await asyncio.to_thread(with_verdict, run, number, critique, checklist)


def with_verdict(run: Run, number: int, critique: Critique, checklist: Checklist) -> Run:
    """The run as it stands once this verdict is known: it may be done now, and is no longer without one."""
    run = run.model_copy(update={"checklist": checklist})
    judged = run.iterations[number - 1].model_copy(update={"critique": critique})
    after = _with(run, judged)
    after = _with(after, judged.model_copy(update={"decision": decide(run, after, judged)}))
    if critique.passed:
        return after.model_copy(update={"status": "done", "reason": goal_met(after, number)})
    if run.status not in ("unverified", "judge_failed"):
        return after
    told = why_unconfirmed(RunEvidence(after), judged)
    reason = (
        f"The judge has looked at iteration {number}: score {critique.score:.2f}. {told} Continue the run to go on."
    )
    return after.model_copy(update={"status": "stopped", "reason": reason})


def _with(run: Run, judged: Iteration) -> Run:
    """The run with this iteration in its place, and how surely each picture meets everything by now."""
    iterations = tuple(judged if one.number == judged.number else one for one in run.iterations)
    after = run.model_copy(update={"iterations": iterations})
    return with_standing(after)
