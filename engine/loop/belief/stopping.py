"""When a run ends: done, out of renders, or where the next render is not worth what it costs."""

from __future__ import annotations

import numpy as np

from ...judge.scoring import POOR_QUALITY
from ...judge.verdict import needed_score
from ..run import Iteration, Stop
from .observations import OWN
from .run_belief import RunBelief
from .worth import best_rates, reach

RENDER_COST = 0.01
"""A render must be able to bring everything together, where the best does not, at least this often, should the wordings
do as well as they may (worth.reach). Ours."""
RENDERS_BEFORE_GIVING_UP = 4
OUT_OF_REACH, CLAUSES_BEFORE_GIVING_UP = 0.07, 4
"""A requirement is out of reach when, after so many clauses, neither one of them nor the next is expected to bring it
more often than this: some 13 that all failed (docs/design-notes.md, 4.7)."""
SELDOM, CLAUSES_BEFORE_NAMING = 0.2, 3
"""One that after so many clauses is expected no more often than this is named while the run still tries."""
GOOD_WITHOUT = 0.75
"""Then a run ends once the leading picture meets all else as surely as this."""


def is_done(beliefs: RunBelief) -> bool:
    """Whether the leading picture meets everything, as surely as the user asks for, after two looks.

    The pass score stays a gate: of both looks together, with no poor quality, by a judge that can tell at all. Of a
    run that the user continued only pictures made since count: it was not continued to end where it had ended.
    """
    front, start = beliefs.front, beliefs.run.start
    if front is None or not beliefs.looked_twice(front):
        return False
    return beliefs.standing[front.number] >= start.confidence and passes_gate(beliefs, front)


def passes_gate(beliefs: RunBelief, iteration: Iteration) -> bool:
    """Whether both looks together reach the pass score, see no poor quality, and come from a judge that can tell."""
    critique = beliefs.critique_of(iteration)
    levels = [level for name, level in critique.checks.items() if name != "prompt_match"]
    enough = critique.score is not None and critique.score >= needed_score(critique, beliefs.run.start.pass_score)
    return critique.decides and enough and all(level >= POOR_QUALITY for level in levels)


def gave_up(beliefs: RunBelief, usable: np.ndarray) -> Stop | None:
    """The end of a run whose next render is not worth its cost; None where it is. usable: as in worth."""
    since = [i for i in beliefs.iterations if i.number > beliefs.run.continued_after]
    if len(since) < RENDERS_BEFORE_GIVING_UP:
        return None
    leader, belief = beliefs.leader, beliefs.belief
    said = f"Best: iteration {leader.number}, {how_sure(beliefs, leader)}"
    lost = out_of_reach(beliefs, usable)
    if lost:
        others = float(np.prod(np.delete(belief.met[beliefs.place(leader)], lost)))
        if others < GOOD_WITHOUT:
            return None
        named = "; ".join(_tried(beliefs, q) for q in lost)
        return Stop(
            "no_progress",
            f"No wording seems to bring {named}. {said}. Ask for it in another way or leave it out, then continue.",
        )
    none = (1 - float(np.prod(reach(belief, usable)))) ** beliefs.pictures_a_render
    if (1 - beliefs.standing[leader.number]) * (1 - none) >= RENDER_COST:
        return None
    return Stop(
        "no_progress",
        f"Fewer than 1 in {round(1 / RENDER_COST)} further renders would be better. {said}. "
        "Try another wording of the goal or prompt, then continue.",
    )


def out_of_reach(beliefs: RunBelief, usable: np.ndarray) -> list[int]:
    """The requirements that seem impossible, by their place in the checklist."""
    return _rarest(beliefs, usable, OUT_OF_REACH, CLAUSES_BEFORE_GIVING_UP)


def hardly_reached(beliefs: RunBelief, usable: np.ndarray) -> str:
    """What is hardly ever met whatever is tried, in words: the user may ask for it in another way before the run has
    spent its renders. "" for nothing."""
    return "; ".join(_tried(beliefs, q) for q in _rarest(beliefs, usable, SELDOM, CLAUSES_BEFORE_NAMING))


def _rarest(beliefs: RunBelief, usable: np.ndarray, rate: float, clauses: int) -> list[int]:
    best = best_rates(beliefs.belief, usable)
    tried = [sum(arm.shown > 0 for at, arm in arms.items() if at != OWN) for arms in beliefs.belief.arms]
    return [q for q in range(len(best)) if best[q] < rate and tried[q] >= clauses]


def _tried(beliefs: RunBelief, q: int) -> str:
    """ "a glass cat (met in 0 of 9 pictures, with 5 wordings)"."""
    arms = beliefs.belief.arms[q].values()
    shown, met = sum(arm.shown for arm in arms), round(sum(arm.met for arm in arms))
    wordings = sum(arm.shown > 0 for arm in arms)
    return f"{beliefs.requirements[q].text} (met in {met} of {shown} pictures, with {wordings} wordings)"


def how_sure(beliefs: RunBelief, iteration: Iteration) -> str:
    """ "91 % sure that all 6 are met"."""
    count = len(beliefs.requirements)
    what = "it is met" if count == 1 else "both are met" if count == 2 else f"all {count} are met"
    return f"{percent(beliefs.standing[iteration.number])} sure that {what}"


def percent(chance: float) -> str:
    """Whole per cent, never 0 or 100: nothing is that sure."""
    return f"{min(max(round(100 * chance), 1), 99)} %"
