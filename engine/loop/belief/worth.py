"""What could be rendered next, and what it is worth: how probable it is that the picture meets everything while the
best so far does not.

An action's chance is the product over the requirements of what is expected of each: of a new seed the rates of its
wordings; on the seed of an earlier picture, of what was met there; of a local edit, what it keeps and mends. Wordings
are chosen by their expected rate. Optimism for what was hardly tried, as upper confidence bounds have it, gains nothing
here: a clause nobody has tried is expected to do as well as this run's clauses did (docs/design-notes.md, 4.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .observations import OWN, Observations
from .posterior import ArmBelief, Belief
from .priors import MOST_CLAUSES

FRESH = -1
"""The arm of a clause that is yet to be written."""
SAME_SEED_KEEPS, SAME_SEED_REGAINS = 0.90, 0.30
"""On the seed of an earlier picture, with the same words for it, what was met is met again so often; what was not, with
this share of its rate (docs/design-notes.md, 4.5)."""
CLAUSE_GAIN = 1.05
"""A clause must promise this much more than the user's own words: each may cost the others something."""
SAME_SEED_CHANGES = 2
"""Clauses changed at a time on the seed of an earlier picture."""
SAME_SEED_TIRES = 0.93
"""What each further picture on one seed takes from the chance of the next."""

Kind = Literal["new_seed", "same_seed", "local_edit"]


@dataclass(frozen=True)
class RenderCandidate:
    """A render that could come next.

    worth: how probable it is that it meets everything and the leader does not. arms: the wording of each requirement,
    OWN, FRESH or a clause. source: the picture whose seed is kept or that is edited, -1 for none. target: the
    requirement that an edit is to mend, -1 for none.
    """

    kind: Kind
    worth: float
    arms: tuple[int, ...]
    source: int = -1
    target: int = -1


@dataclass(frozen=True)
class _Wordings:
    """For prompts with so many other clauses: the best clause of each requirement, with its rate."""

    arms: list[int]
    rates: np.ndarray


def new_seed_candidates(belief: Belief, leader: int, usable: np.ndarray) -> list[RenderCandidate]:
    """A new seed with no clause, with the most useful one, with two and so on up to MOST_CLAUSES, while each gains.

    usable [K]: whether a fresh clause can be had.
    """
    beaten = 1.0 - float(belief.all_met[leader])
    found = []
    for count in range(MOST_CLAUSES + 1):
        rates = own_rates(belief, count)
        arms = [OWN] * len(rates)
        if count:
            best = best_clauses(belief, count - 1, usable)
            ratio = best.rates / np.maximum(rates, 1e-6)
            taken = np.argsort(-ratio, kind="stable")[:count]
            if (ratio[taken] < CLAUSE_GAIN).any():
                break
            rates[taken] = best.rates[taken]
            for q in taken.tolist():
                arms[q] = best.arms[q]
        found.append(RenderCandidate("new_seed", beaten * float(np.prod(rates)), tuple(arms)))
    return found


def same_seed_candidate(
    belief: Belief, seen: Observations, picture: int, tries: int, usable: np.ndarray
) -> RenderCandidate | None:
    """The seed of a picture once more, with other words for at most SAME_SEED_CHANGES requirements that it misses.

    tries: pictures on that seed so far. None when no change is worth it.
    """
    arms = seen.arms[picture].tolist()
    met = belief.met[picture]
    count = sum(arm != OWN for arm in arms)
    best = best_clauses(belief, min(count, MOST_CLAUSES), usable)
    stays = met * SAME_SEED_KEEPS + (1 - met) * SAME_SEED_REGAINS * np.array(
        [belief.arms[q][arm].mean[min(count, MOST_CLAUSES)] for q, arm in enumerate(arms)]
    )
    changes = best.rates * _left_to_words(belief, met)
    chance, changed = 1.0, 0
    for q in np.argsort(met, kind="stable").tolist():
        better = met[q] < 0.5 and changes[q] > stays[q] and best.arms[q] != arms[q]
        if better and changed < SAME_SEED_CHANGES and (arms[q] != OWN or count < MOST_CLAUSES):
            count += arms[q] == OWN
            arms[q] = best.arms[q]
            chance *= changes[q]
            changed += 1
        else:
            chance *= stays[q]
    if not changed:
        return None
    beaten = 1.0 - float(belief.all_met[picture])
    worth = float(beaten * chance * SAME_SEED_TIRES ** (tries - 1))
    return RenderCandidate("same_seed", worth, tuple(arms), source=picture)


def fresh_clause_candidates(
    belief: Belief, seen: Observations, picture: int, usable: np.ndarray
) -> list[RenderCandidate]:
    """The words and the seed of a picture with a clause that nobody has tried, for one requirement that it misses."""
    arms, met = seen.arms[picture].tolist(), belief.met[picture]
    beside = min(sum(arm != OWN for arm in arms), MOST_CLAUSES)
    beaten, left = 1.0 - float(belief.all_met[picture]), _left_to_words(belief, met)
    found = []
    for q in np.flatnonzero(usable & (met < 0.5)).tolist():
        stays = float(np.prod(np.delete(met, q) * SAME_SEED_KEEPS))
        changed = tuple(FRESH if at == q else arm for at, arm in enumerate(arms))
        worth = beaten * stays * float(belief.fresh[q].mean[beside] * left[q])
        found.append(RenderCandidate("same_seed", worth, changed, source=picture))
    return found


def worth_of_several(belief: Belief, leader: int, candidate: RenderCandidate, pictures: int) -> RenderCandidate:
    """The candidate where a render gives so many pictures with its words: one that meets everything is enough. The
    others' seeds are new to them. Of an edit there is one picture (docs/design-notes.md, 22.4)."""
    beaten = 1.0 - float(belief.all_met[leader])
    if pictures < 2 or candidate.kind == "local_edit" or beaten <= 0:
        return candidate
    count = min(sum(arm != OWN for arm in candidate.arms), MOST_CLAUSES)
    tried = [(belief.fresh[q] if arm == FRESH else belief.arms[q][arm]) for q, arm in enumerate(candidate.arms)]
    another = float(np.prod([one.mean[count - (arm != OWN)] for one, arm in zip(tried, candidate.arms, strict=True)]))
    missed = (1.0 - min(candidate.worth / beaten, 1.0)) * (1.0 - another) ** (pictures - 1)
    return replace(candidate, worth=beaten * (1.0 - missed))


def _left_to_words(belief: Belief, met: np.ndarray) -> np.ndarray:
    """[K]: the share of a clause's rate on a new seed that it has on the seed of a picture that meets `met`. Where
    words change nothing the seed decides, and on this one it was decided (docs/design-notes.md, 4.5)."""
    return 1 - (1 - met) * (1 - belief.responds) * (1 - SAME_SEED_REGAINS)


def reach(belief: Belief, usable: np.ndarray) -> np.ndarray:
    """[K]: the rate that the best wording of each requirement may well have: one standard deviation above its mean."""
    return np.array([max(float(a.mean[0] + a.spread[0]) for a in arms) for arms in _reachable(belief, usable)]).clip(
        max=1.0
    )


def best_rates(belief: Belief, usable: np.ndarray) -> np.ndarray:
    """[K]: the rate to be expected of the best wording of each requirement."""
    return np.array([max(float(arm.mean[0]) for arm in arms) for arms in _reachable(belief, usable)])


def _reachable(belief: Belief, usable: np.ndarray) -> list[list[ArmBelief]]:
    return [
        [*tried.values(), *([fresh] if may else [])]
        for tried, fresh, may in zip(belief.arms, belief.fresh, usable.tolist(), strict=True)
    ]


def own_rates(belief: Belief, beside: int) -> np.ndarray:
    """[K]: the rate of the user's own words beside so many clauses."""
    return np.array([float(arms[OWN].mean[beside]) for arms in belief.arms])


def best_clauses(belief: Belief, beside: int, usable: np.ndarray) -> _Wordings:
    """The best clause of each requirement beside so many others, one not yet tried where it can be had."""
    arms, rates = [], []
    for tried, fresh, may in zip(belief.arms, belief.fresh, usable.tolist(), strict=True):
        options = {arm: float(one.mean[beside]) for arm, one in tried.items() if arm != OWN}
        if may:
            options[FRESH] = float(fresh.mean[beside])
        best = max(options, key=options.__getitem__, default=OWN)
        arms.append(best)
        rates.append(options.get(best, 0.0))
    return _Wordings(arms, np.array(rates))
