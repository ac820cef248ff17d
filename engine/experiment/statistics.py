"""Means with intervals, differences in pairs, and whether they are larger than chance. Pure, the same every time.

Intervals are percentiles of a bootstrap over prompts: what differs between two arms is taken prompt by prompt, because
hard prompts are hard for both (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Whether a
difference is larger than chance is asked of a sign-flip test as well, which holds its level with few prompts too: if
two arms are alike, each difference is as likely with the other sign (Fisher 1935; Ernst, Permutation Methods, 2004).
What is asked of both: docs/design-notes.md, 21.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from pydantic import BaseModel, ConfigDict

RESAMPLES, SEED = 4_000, 1
LEVEL = 0.95
Z = 1.96
"""Of LEVEL, in standard deviations of a normal distribution."""
EXACT = 14
"""Up to so many differences that are not 0, all signs are tried instead of drawn ones."""
FEWEST = 5
"""With fewer pairs nothing is called larger than chance."""
SPREAD_ALL_CORRECT, SPREAD_SHARE = 0.59, 0.16
"""Standard deviation of a difference between two arms at one prompt, as expected before anything was measured
(docs/design-notes.md, 21.4). What was measured takes their place."""


class Estimate(BaseModel):
    """A mean with its interval of 95 %. n: prompts."""

    model_config = ConfigDict(frozen=True)

    mean: float
    low: float
    high: float
    n: int


class Difference(Estimate):
    """Of two arms, prompt by prompt. chance: how often a difference as large comes about where there is none.

    larger: whether it is larger than chance, in either direction. spread: standard deviation over prompts.
    """

    chance: float
    larger: bool
    spread: float


def estimate(values: Sequence[float], strata: Sequence[int] = (), share: bool = False) -> Estimate | None:
    """The mean of one value for each prompt; None without any. strata: of each value, the report that it comes from:
    each is resampled by itself. share: each lies in 0..1; where all are alike, which resampling cannot doubt, the
    interval is Wilson's (1927)."""
    if not values:
        return None
    data = np.asarray(values, dtype=float)
    low, high = _interval(data, strata)
    if share and np.ptp(data) == 0:
        low, high = _wilson(float(data.mean()), len(data))
    return Estimate(mean=float(data.mean()), low=low, high=high, n=len(data))


def difference(
    ours: Sequence[float], theirs: Sequence[float], strata: Sequence[int] = (), share: bool = False
) -> Difference | None:
    """ours less theirs, in pairs. None without any pair. share: as of estimate; the interval is that of Agresti and Min
    (2005) where all differences are alike."""
    if not ours:
        return None
    apart = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    low, high = _interval(apart, strata)
    if share and np.ptp(apart) == 0:
        low, high = _two_pairs_more(float(apart.mean()), len(apart))
    chance = sign_flip(apart)
    beyond = (low > 0 or high < 0) and chance < 1 - LEVEL and len(apart) >= FEWEST
    spread = float(apart.std(ddof=1)) if len(apart) > 1 else 0.0
    return Difference(
        mean=float(apart.mean()), low=low, high=high, n=len(apart), chance=chance, larger=beyond, spread=spread
    )


def sign_flip(apart: np.ndarray) -> float:
    """How often differences with signs drawn at random have a mean at least as far from 0: 0..1, two-sided."""
    kept = apart[np.abs(apart) > 1e-12]
    if not len(kept):
        return 1.0
    seen = abs(kept.sum()) - 1e-9
    if len(kept) <= EXACT:
        signs = 1 - 2 * ((np.arange(2 ** len(kept))[:, None] >> np.arange(len(kept))) & 1)
        return float((np.abs(signs @ kept) >= seen).mean())
    drawn = _signs(len(kept))
    return float((1 + (np.abs(drawn @ kept) >= seen).sum()) / (1 + RESAMPLES))


@lru_cache(maxsize=32)
def _signs(count: int) -> np.ndarray:
    """[RESAMPLES, count] of 1 and -1."""
    return (np.random.default_rng(SEED).integers(0, 2, (RESAMPLES, count)) * 2 - 1).astype(np.float32)


def half_width(count: int, spread: float) -> float:
    """Half the interval of a difference over so many prompts."""
    return Z * spread / math.sqrt(max(count, 1))


def detectable(count: int, spread: float) -> float:
    """The true difference that so many prompts show in four of five experiments (level 5 %, power 80 %)."""
    return (Z + 0.84) * spread / math.sqrt(max(count, 1))


def agreement(one: Sequence[bool], other: Sequence[bool]) -> tuple[float, float] | None:
    """(share of equal answers, Cohen's kappa: what of it is more than luck) of two who answered the same questions."""
    if not one:
        return None
    a, b = np.asarray(one, dtype=bool), np.asarray(other, dtype=bool)
    same = float((a == b).mean())
    luck = float(a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))
    return same, (same - luck) / (1 - luck) if luck < 1 else 1.0


def _interval(data: np.ndarray, strata: Sequence[int]) -> tuple[float, float]:
    means = _resampled(tuple(strata) or (0,) * len(data)) @ data / len(data)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def _wilson(mean: float, count: int) -> tuple[float, float]:
    middle = (count * mean + Z**2 / 2) / (count + Z**2)
    half = Z * math.sqrt(count * mean * (1 - mean) + Z**2 / 4) / (count + Z**2)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _two_pairs_more(mean: float, count: int) -> tuple[float, float]:
    """With two pairs more, half of one for each of what a pair can show: better, worse, both, neither."""
    middle = count * mean / (count + 2)
    variance = (count * mean**2 + 1) / (count + 2) - middle**2
    half = Z * math.sqrt(variance / (count + 2))
    return max(middle - half, -1.0), min(middle + half, 1.0)


@lru_cache(maxsize=8)
def _resampled(strata: tuple[int, ...]) -> np.ndarray:
    """[RESAMPLES, n]: how often each value is in each resample. The same for every metric of the same prompts."""
    groups, dice = np.asarray(strata), np.random.default_rng(SEED)
    counts = np.zeros((RESAMPLES, len(groups)), dtype=np.float32)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        alike = np.full(len(members), 1 / len(members))
        counts[:, members] = dice.multinomial(len(members), alike, RESAMPLES)
    return counts
