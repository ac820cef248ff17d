"""Which pictures are worth a second look, in other words."""

from __future__ import annotations

import math

from ..run import Iteration
from .posterior import MOST_RATIO
from .run_belief import RunBelief

FINAL_LOOKS = 3
"""The leading pictures that are looked at again before a run ends unconfirmed (docs/design-notes.md, 4.7)."""
RENDERS_A_LOOK = 3
"""One of them for so many renders, so that a short run stays near 1.5 calls of a model for each."""
RATE_ADDS = 0.7
"""Log-odds that a requirement gains at most by what an agreeing look says about its wording; ours."""


def confirming_look(beliefs: RunBelief, confidence: float) -> tuple[int, ...]:
    """The iteration of the best picture, where a second look that agrees with the first would end the run."""
    front = beliefs.front
    if front is None or not _can_look(beliefs, front) or _falls_short(beliefs, front, confidence):
        return ()
    return (front.number,) if beliefs.if_confirmed(front) >= confidence else ()


def final_looks(beliefs: RunBelief) -> tuple[int, ...]:
    """The leading pictures that were looked at once: each owes part of its place to one look's luck."""
    leading = min(FINAL_LOOKS, max(1, len(beliefs.run.iterations) // RENDERS_A_LOOK))
    return tuple(i.number for i in beliefs.ranking[:leading] if _can_look(beliefs, i))


def _falls_short(beliefs: RunBelief, iteration: Iteration, confidence: float) -> bool:
    """Whether a look that agrees cannot suffice, as the weakest requirement tells without working a belief out: two
    looks say at most MOST_RATIO, of which the first one said a share already (docs/design-notes.md, 4.3)."""
    judge, met = beliefs.judge, beliefs.belief.met[beliefs.place(iteration)]
    adds = MOST_RATIO * float((1 - judge.two / judge.one).max()) + RATE_ADDS
    return _log_odds(float(met.min())) + adds < _log_odds(confidence)


def _log_odds(chance: float) -> float:
    return math.log(max(chance, 1e-12) / max(1 - chance, 1e-12))


def _can_look(beliefs: RunBelief, iteration: Iteration) -> bool:
    """Whether there is a picture, and nobody tried a second look at it."""
    looked = iteration.critique.looks > 1 or iteration.number in beliefs.run.relooks
    return not looked and iteration.picture is not None
