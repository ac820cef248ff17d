"""When a run ends: done, out of renders, or where the next render is not worth what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...judge.scoring import POOR_QUALITY
from ...judge.verdict import needed_score
from ..run import Iteration, Stop
from .observations import OWN
from .posterior import Belief
from .run_belief import RunBelief
from .worth import best_rates, reach

RENDER_COST = 0.01
"""A render must be able to bring everything together, where the best does not, at least this often, should the wordings
do as well as they may (worth.reach). Ours."""
RENDERS_BEFORE_GIVING_UP = 4
OUT_OF_REACH = 0.09
"""A requirement is out of reach when neither a wording tried nor the next is expected to bring it more often than this:
some sixteen pictures that a small judge takes to miss it (docs/design-notes.md, 4.7)."""
CLAUSES_BEFORE_GIVING_UP, LAST_CLAUSES = 12, 4
"""Nor before so many different clauses were tried; the smaller number where no further one can be had."""
CLAIMED = 0.3
"""Nor while a picture meets it as probably as this."""
SELDOM, CLAUSES_BEFORE_NAMING = 0.2, 3
"""One that after so many clauses is expected no more often than this is named while the run still tries."""
GOOD_WITHOUT = 0.5
"""Then a run ends once a picture meets all else as surely as this."""


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
    lost = out_of_reach(beliefs, belief, usable)
    if lost:
        if best_without(beliefs, lost) < GOOD_WITHOUT:
            return None
        named = "; ".join(_tried(beliefs, q) for q in lost)
        best = f"Best: iteration {leader.number}, {how_sure(beliefs, leader, lost)}"
        return Stop(
            "no_progress",
            f"No wording seems to bring {named}. {best}. Ask for it in another way or leave it out, then continue.",
        )
    none = (1 - float(np.prod(reach(belief, usable)))) ** beliefs.pictures_a_render
    if (1 - beliefs.standing[leader.number]) * (1 - none) >= RENDER_COST:
        return None
    return Stop(
        "no_progress",
        f"Fewer than 1 in {round(1 / RENDER_COST)} further renders would be better. "
        f"Best: iteration {leader.number}, {how_sure(beliefs, leader)}. "
        "Try another wording of the goal or prompt, then continue.",
    )


def out_of_reach(beliefs: RunBelief, belief: Belief, usable: np.ndarray) -> list[int]:
    """The requirements that seem impossible, by their place in the checklist. belief: of the run, or as it would be."""
    enough = np.where(usable, CLAUSES_BEFORE_GIVING_UP, LAST_CLAUSES)
    claimed = belief.met[: len(beliefs.iterations)].max(axis=0) >= CLAIMED
    return [q for q in _rarest(belief, usable, OUT_OF_REACH, enough) if not claimed[q]]


def hardly_reached(beliefs: RunBelief, usable: np.ndarray) -> str:
    """What is hardly ever met whatever is tried, in words: the user may ask for it in another way before the run has
    spent its renders. "" for nothing."""
    enough = np.full(len(usable), CLAUSES_BEFORE_NAMING)
    return "; ".join(_tried(beliefs, q) for q in _rarest(beliefs.belief, usable, SELDOM, enough))


def _rarest(belief: Belief, usable: np.ndarray, rate: float, clauses: np.ndarray) -> list[int]:
    """clauses [K]: how many must have been tried."""
    return np.flatnonzero((best_rates(belief, usable) < rate) & (clauses_tried(belief) >= clauses)).tolist()


def clauses_tried(belief: Belief) -> np.ndarray:
    """[K]: how many different clauses pictures were painted with."""
    return np.array([sum(arm.shown > 0 for at, arm in arms.items() if at != OWN) for arms in belief.arms])


def best_without(beliefs: RunBelief, lost: list[int]) -> float:
    """How probable it is that a picture meets all but these requirements, of the picture that does most probably."""
    ranked = [beliefs.place(i) for i in beliefs.ranking]
    return float(np.delete(beliefs.belief.met[ranked], lost, axis=1).prod(axis=1).max())


def _tried(beliefs: RunBelief, q: int) -> str:
    """ "a glass cat (met in 0 of 9 pictures, with 5 wordings)"."""
    arms = beliefs.belief.arms[q].values()
    shown, met = sum(arm.shown for arm in arms), round(sum(arm.met for arm in arms))
    wordings = sum(arm.shown > 0 for arm in arms)
    return f"{beliefs.requirements[q].text} (met in {met} of {shown} pictures, with {wordings} wordings)"


def how_sure(beliefs: RunBelief, iteration: Iteration, lost: Sequence[int] = ()) -> str:
    """ "91 % sure that all 6 are met"; "91 % sure that the other 5 are met" where these requirements are lost."""
    count = len(beliefs.requirements) - len(lost)
    if not count:
        return how_sure(beliefs, iteration)
    chance = float(np.delete(beliefs.belief.met[beliefs.place(iteration)], lost).prod())
    if lost:
        what = "the other one is met" if count == 1 else f"the other {count} are met"
    else:
        what = "it is met" if count == 1 else "both are met" if count == 2 else f"all {count} are met"
    return f"{percent(chance)} sure that {what}"


def percent(chance: float) -> str:
    """Whole per cent, never 0 or 100: nothing is that sure."""
    return f"{min(max(round(100 * chance), 1), 99)} %"
