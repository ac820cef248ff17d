"""Which pictures are worth a second look, in other words."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ..run import Iteration
from .judge_reliability import loudness
from .posterior import MOST_RATIO
from .run_belief import RunBelief
from .stopping import CLAIMED, CLAUSES_BEFORE_GIVING_UP, GOOD_WITHOUT, best_without, clauses_tried, out_of_reach
from .worth import best_rates

LEADING = 3
"""Before a run ends unconfirmed, one of so many leading pictures may be looked at again (docs/design-notes.md, 4.7)."""
LOOK_COST = 0.005
"""Such a look must raise the probability that the picture which is returned meets everything by this much. Ours."""
DRAWS = 256
"""Answers of a second look that are imagined to tell what it is worth."""
CLAIMS, SETTLED = 3, 0.5
"""Pictures that may keep a requirement alive, and the rate above which it is no question yet. Ours."""
RATE_ADDS = 0.7
"""Log-odds that a requirement gains at most by what an agreeing look says about its wording; ours."""


def confirming_look(beliefs: RunBelief, confidence: float) -> tuple[int, ...]:
    """The iteration of the best picture, where a second look that agrees with the first would end the run."""
    front = beliefs.front
    if front is None or not _can_look(beliefs, front) or _falls_short(beliefs, front, confidence):
        return ()
    return (front.number,) if beliefs.if_confirmed(front) >= confidence else ()


def denying_look(beliefs: RunBelief, usable: np.ndarray) -> tuple[int, ...]:
    """The picture that most keeps a requirement alive which no other brings, where second looks that do not find it
    would end the run, and cost less than the renders that are left. usable: as in worth."""
    belief = beliefs.belief
    open_yet = (best_rates(belief, usable) < SETTLED) & (clauses_tried(belief) >= CLAUSES_BEFORE_GIVING_UP)
    for q in np.flatnonzero(open_yet).tolist():
        met = {i.number: belief.met[beliefs.place(i), q] for i in beliefs.iterations if _can_look(beliefs, i)}
        claims = sorted((n for n, chance in met.items() if chance >= CLAIMED), key=lambda n: -met[n])[:CLAIMS]
        if not 0 < len(claims) < beliefs.run.renders_left or best_without(beliefs, [q]) < GOOD_WITHOUT:
            continue
        denied = [i for i in beliefs.iterations if i.number in claims]
        if q in out_of_reach(beliefs, beliefs.if_denied(q, denied), usable):
            return (claims[0],)
    return ()


def final_looks(beliefs: RunBelief) -> tuple[int, ...]:
    """The leading picture whose second look gains most, where one gains what it costs."""
    gains = {i.number: look_gain(beliefs, i) for i in beliefs.ranking[:LEADING] if _can_look(beliefs, i)}
    best = max(gains, key=gains.__getitem__, default=0)
    return (best,) if gains.get(best, 0.0) >= LOOK_COST else ()


def look_gain(beliefs: RunBelief, iteration: Iteration) -> float:
    """By how much a second look at a picture raises the probability that the picture which is returned meets
    everything: the expected value of sample information of decision theory [RAIFFA]."""
    others = max((beliefs.standing[i.number] for i in beliefs.ranking if i is not iteration), default=0.0)
    chances = _standing_after_look(beliefs, iteration)
    return float(np.maximum(chances, others).mean()) - max(float(chances.mean()), others)


def _standing_after_look(beliefs: RunBelief, iteration: Iteration) -> np.ndarray:
    """[DRAWS]: how probable it may be after a second look that its picture meets everything. What it meets is drawn by
    what is believed of it, then how this judge answers there in other words (docs/design-notes.md, 4.3)."""
    at, judge, logits = beliefs.place(iteration), beliefs.judge, beliefs.observations.logits
    met, first = beliefs.belief.met[at], logits[at] / loudness(logits, judge)
    chance, noise = _draws(len(met))
    true = np.where(chance < met, judge.separation, -judge.separation)
    alike = judge.alike
    second = true + alike * (first - true) + np.sqrt(judge.one * (1 - alike**2)) * noise
    # Nothing is learned here about what no look tells (nan).
    learned = np.nan_to_num(
        _ratio((first + second) / 2, judge.separation, judge.two) - _ratio(first, judge.separation, judge.one)
    )
    odds = met / np.maximum(1 - met, 1e-12) * np.exp(learned)
    return (odds / (1 + odds)).prod(axis=1)


def _ratio(logits: np.ndarray, separation: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.clip(2 * separation * logits / variance, -MOST_RATIO, MOST_RATIO)


@cache
def _draws(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Uniform and normal draws [DRAWS, count], the same for every run: the policy is deterministic."""
    dice = np.random.default_rng(0)
    return dice.random((DRAWS, count)), dice.normal(size=(DRAWS, count))


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
