"""How a run ends by what its pictures are: done, not to be judged, without effect, at its limit, or given up. Pure."""

from __future__ import annotations

from ..judge.verdict import CANNOT_TELL
from . import by_score
from .belief.run_belief import believe_run
from .belief.stopping import RENDER_COST, gave_up, is_done
from .belief.time_budget import out_of_time
from .check_remedies import next_remedy
from .ending_words import goal_met, how_good, why_unconfirmed
from .evidence import RunEvidence
from .next_plan import NextRender, next_render
from .run import Iteration, Run, Stop

FAILED_JUDGEMENTS = 2
"""Failed judgements in a row after which a run stops."""


def ended(run: Run) -> Stop | None:
    """The end that the last iteration brings, whatever a further render would be worth; None when there is none."""
    beliefs, last = believe_run(run), run.iterations[-1]
    critique = last.critique
    if is_done(beliefs):
        return Stop("done", goal_met(run, beliefs.front.number))
    if critique.passed and critique.sees_content and not critique.items:
        return Stop("done", goal_met(run, last.number))
    if not critique.sees_content and (critique.sound or critique.passed) and last.duplicate_of is None:
        return Stop(
            "unverified",
            f"No judge has looked at iteration {last.number}. {critique.reason} "
            "Look for yourself and take it, or start Ollama and have it judged.",
        )
    same = _unchanged_picture(run, last)
    if same is not None:
        return Stop("no_effect", _no_effect_reason(run, same, last))
    tail = [i for i in run.iterations if i.number > run.continued_after][-FAILED_JUDGEMENTS:]
    if len(tail) == FAILED_JUDGEMENTS and all(i.critique.outcome != "judged" for i in tail):
        return Stop(
            "judge_failed",
            f"{critique.reason} Put that right, then have the pictures judged or continue the run. "
            "You can also take one yourself.",
        )
    if run.renders_left <= 0:
        return Stop("limit", _limit_reason(run, f"All {len(run.iterations)} renders are used"))
    if out_of_time(run):
        minutes = f"{run.start.limits.minutes:g} minutes"
        return Stop("limit", _limit_reason(run, f"The {minutes} leave no room for another render"))
    return paid_out_stop(run) if run.paid_out else None


def gave_up_stop(run: Run, hoping: bool = False) -> Stop | None:
    """The end of a run that is not worth another render; never of one that varies the seed alone, which is to have as
    many seeds as it may. hoping: as if an editor could write a clause for anything."""
    if run.start.vary == "seed":
        return None
    beliefs = believe_run(run)
    if not beliefs:
        return by_score.no_progress(run)
    render = NextRender(beliefs, RunEvidence(run), lambda name: True) if hoping else next_render(run)
    remedy = next_remedy(render.evidence, beliefs.leader, beliefs.leader.plan.wording)
    if remedy is not None and remedy.name:
        return None
    if any(one.kind == "local_edit" and one.worth >= RENDER_COST for one in render.candidates):
        return None  # what no wording brings may be painted into a picture
    return _told_more(run, gave_up(beliefs, render.usable))


def paid_out_stop(run: Run) -> Stop:
    """The end of a run that may not pay for a further render."""
    allowed = run.start.limits.paid_renders
    renders = "1 paid render" if allowed == 1 else f"{allowed} paid renders"
    nodes = ", ".join(run.paid_nodes)
    return Stop(
        "limit", f"The {renders} that you allowed are used ({nodes}). Continue the run to pay for as many more."
    )


def _told_more(run: Run, stop: Stop | None) -> Stop | None:
    best = RunEvidence(run).best
    if stop is None or best is None or best.critique.decides:
        return stop
    return Stop(stop.status, f"{stop.reason} {CANNOT_TELL}")


def _limit_reason(run: Run, used: str) -> str:
    evidence = RunEvidence(run)
    best = evidence.best
    if best is None:
        unseen = any(not i.critique.sees_content for i in run.comparable)
        return f"{used} and {'no judge has looked' if unseen else 'none could be judged'}."
    opening = f"{used}. Best: iteration {best.number}, {how_good(run, best)}."
    return f"{opening} {why_unconfirmed(evidence, best)}".strip()


def _differing(run: Run, one: Iteration, other: Iteration) -> list[str]:
    """The settings that were not the same in two renders: those that the graph takes from the loop, if there are any.

    At cfg 1 and below a negative prompt has no effect on any model, so it does not count there.
    """
    before, after = one.settings.model_dump(), other.settings.model_dump()
    taken = [name for name in before if not run.steered or name in run.steered]
    weak = max(one.settings.cfg, other.settings.cfg) <= 1
    changed = [name for name in before if before[name] != after[name] and not (name == "negative" and weak)]
    return [name for name in changed if name in taken] or changed


def _unchanged_picture(run: Run, last: Iteration) -> Iteration | None:
    """The earlier render that gave the picture of the last one although what steers it differed; None where the last
    one is new.

    With the same seed a few words or steps may change too little to be noticed. There the picture must have come twice
    again, the same in every cell of its fingerprint, and be the only one that the run has shown: another one proves
    that changes reach it.
    """
    earlier = next((i for i in run.iterations if i.number == last.duplicate_of), None)
    if earlier is None or "local_edit" in (earlier.plan.action, last.plan.action):
        return None
    differing = _differing(run, earlier, last)
    if "seed" in differing and (not run.steered or "seed" in run.steered):
        return earlier
    exact = bool(last.fingerprint) and last.fingerprint == earlier.fingerprint
    shown = {i.duplicate_of or i.number for i in run.iterations}
    return earlier if differing and exact and len(shown) == 1 and len(run.iterations) > 2 else None


def _no_effect_reason(run: Run, earlier: Iteration, last: Iteration) -> str:
    names = _differing(run, earlier, last)
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    fed = ", ".join(label for labels in run.steered.values() for label in labels)
    judged = f"the picture of {run.judged}" if run.judged else "the judged picture"
    which = f"the loop changes{f' ({fed})' if fed else ''}"
    return (
        f"Iterations {earlier.number} and {last.number} gave the same picture although {told} differed, so nothing "
        f"that {which} reaches {judged}. Link the loop to the nodes that paint it, or judge what they paint."
    )
