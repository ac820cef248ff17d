"""The policy: from a run so far to the next settings, or a stop with its reason. Pure and deterministic.

It keeps a belief of each picture and each wording (belief/), renders what is most worth its cost (next_plan.py), ends
where that is nothing (endings.py), and keeps the best picture apart. Every prompt starts from the user's own words,
with at most one clause for a requirement. Where the judge tells no requirements, scores decide (by_score.py).
"""

from __future__ import annotations

from functools import lru_cache

from ..judge.editor import TriedWording
from .belief.run_belief import SameRun, believe_run
from .belief.second_looks import confirming_look, denying_look, final_looks
from .belief.stopping import is_done
from .check_remedies import COMPOSITION, editor_wanted
from .clauses import compose
from .endings import ended, gave_up_stop
from .evidence import RunEvidence
from .next_plan import NextRender, next_loop, next_place, plan_render
from .plan import Plan
from .run import Run, Stop


def next_step(run: Run) -> Plan | Stop:
    """What to render after the last iteration of the run, or why to stop. Remembered: it is asked several times between
    two renders."""
    return _next_step(SameRun(run))


@lru_cache(maxsize=4)
def _next_step(asked: SameRun) -> Plan | Stop:
    run = asked.run
    stop = ended(run) or gave_up_stop(run)
    if stop is not None:
        return stop
    return plan_render(run, *next_place(run))


def first_plan(run: Run) -> Plan:
    """The plan of the render that the user queued: the user's own settings."""
    return Plan(loop=1, index=1, settings=run.start.settings, reason="Your own settings.")


def continued_plan(run: Run, instruction: str) -> Plan | Stop:
    """The first render after the user continued an ended run: a new loop from the best.

    With an instruction the best picture's own settings are kept, so that only what was asked for changes; its words
    are already part of run.start. Without one the run goes on as if no limit had been reached.
    """
    loop = next_loop(run)
    if not run.iterations:
        return first_plan(run)
    if not instruction or run.start.vary == "seed":
        return plan_render(run, loop, 1)
    best = run.whole_render(run.best or run.iterations[-1])
    # The requirements that owned the clauses were those of the earlier goal.
    wording = best.plan.wording.model_copy(update={"owners": ()})
    prompt, negative = compose(run.start.settings, wording)
    settings = best.settings.model_copy(update={"prompt": prompt, "negative": negative})
    return Plan(
        loop=loop,
        index=1,
        settings=settings,
        wording=wording,
        reason=f"Your instruction, from iteration {best.number} on.",
    )


def clauses_wanted(run: Run) -> tuple[str, ...]:
    """Ids of the requirements for which an editor should write clauses now; or the name of a poor check.

    Ask before next_step, with the present iteration in the run; what the editor proposes goes into that iteration's
    critique as edits, three clauses for each requirement at best: what is not used at once is kept in stock. Empty
    unless the next prompt needs a clause that nothing in stock gives; then what fails in this picture without stock is
    asked for as well, so that one call serves many renders.
    """
    beliefs, evidence, last = believe_run(run), RunEvidence(run), run.iterations[-1]
    if ended(run) is not None or run.start.vary == "seed":
        return ()
    if editor_wanted(evidence):
        return (COMPOSITION,)
    if not beliefs or not last.critique.items or gave_up_stop(run, hoping=True) is not None:
        return ()
    render = NextRender(beliefs, evidence, lambda name: True)
    needed = [name for name in render.wanting(render.candidates[0]) if evidence.stocked_clause(name) is None]
    if not needed:
        return ()
    failing = [item.id for item in evidence.failing(last.critique) if evidence.stocked_clause(item.id) is None]
    return tuple(dict.fromkeys([*needed, *failing]))


def wordings_tried(run: Run) -> dict[str, list[TriedWording]]:
    """What an editor should know: by requirement id, each wording with how often it was painted, the user's own first,
    then the clauses in the order in which they were tried."""
    beliefs = believe_run(run)
    if not beliefs:
        return {}
    found: dict[str, list[TriedWording]] = {}
    for requirement, arms in zip(beliefs.requirements, beliefs.belief.arms, strict=True):
        found[requirement.id] = [
            TriedWording(beliefs.clauses.get((requirement.id, arm), ""), round(one.met), one.shown)
            for arm, one in sorted(arms.items())
        ]
    return found


def final_look(run: Run) -> tuple[int, ...]:
    """Numbers of the iterations whose pictures must be looked at again, in other words, before the next step.

    While a run goes on: the leading picture's, where a second look that agrees would end it; and one that alone keeps
    alive what else seems impossible, where a second look that does not find it would end it. Where it would end
    unconfirmed: a leading one's, as long as that is worth a look. What such looks find goes into
    Run.relooks, that a look failed too; then ask again, until the answer is empty.
    """
    beliefs = believe_run(run)
    if not beliefs or is_done(beliefs):
        return ()
    confirming = confirming_look(beliefs, run.start.confidence)
    if confirming:
        return confirming
    if run.renders_left and run.start.vary != "seed":
        denying = denying_look(beliefs, NextRender(beliefs, RunEvidence(run), lambda name: True).usable)
        if denying:
            return denying
    step = next_step(run)
    # An editor that is still to be asked may bring what the run goes on with.
    if isinstance(step, Stop) and step.status in ("limit", "no_progress") and not clauses_wanted(run):
        return final_looks(beliefs)
    return ()
