"""What is believed before a run shows anything: how often wordings get painted, and what clauses change about that.

Cautious shapes of ours, not fits (docs/design-notes.md, 4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

RATES = np.array([0.02, 0.10, 0.25, 0.40, 0.55, 0.70, 0.82, 0.91, 0.98])
"""Possible rates at which a wording gets its requirement painted."""
OWN_WORDS = np.array([0.08, 0.06, 0.05, 0.05, 0.05, 0.06, 0.08, 0.17, 0.40])
"""Of the user's own words, over RATES: most things come by themselves, some hardly ever, few in between."""
RESPONDS = 0.7
"""How probable it is that other words change anything about a requirement. Where they do not, luck decides, or nothing
brings it."""

EDITORS = ((0.5, 0.25), (0.12, 0.4))
"""(share of clauses that help, that hurt) where clauses are well made for this model, and where they are not."""
MISSING_WORDS = ((0.75, 0.1), (0.35, 0.25))
"""The same for a requirement that the user's words do not ask for: a clause that does says something new."""
EDITOR_PRIOR = np.array([0.7, 0.3])
HELP, HURT = (3.0, 1.5), (-1.6, 0.8)
"""Mean and spread, in logits, of what a clause that helps or hurts adds to a rate."""

CROWDING = np.array([0.0, 0.5])
"""What a clause takes from every other requirement, in logits: with some models long prompts lose things."""
CROWDING_PRIOR = np.array([0.78, 0.22])
MOST_CLAUSES = 4
"""At most so many requirements have a clause at a time."""

IMAGINED_BIAS = np.array([1.6, 3.0])
IMAGINED = np.array([0.02, 0.015])
"""Biases, in logits, of a question that the judge answers by habit, and how probable these are."""


@cache
def clause_kernels() -> np.ndarray:
    """Rate of a clause given the rate of the user's own words, [said, editor, own, clause]; rows sum to 1.

    said: 1 where the user's own words ask for the requirement, else 0.
    """
    return np.stack([_kernels(MISSING_WORDS), _kernels(EDITORS)])


def _kernels(editors: Sequence[tuple[float, float]]) -> np.ndarray:
    """[editor, own, clause]"""
    own = np.log(RATES / (1 - RATES))
    kernels = np.zeros((len(editors), len(RATES), len(RATES)))
    for kernel, (helps, hurts) in zip(kernels, editors, strict=True):
        for at, before in enumerate(own):
            kernel[at] = helps * _bell(own, before + HELP[0], HELP[1]) + hurts * _bell(own, before + HURT[0], HURT[1])
            kernel[at, at] += 1 - helps - hurts
    return kernels


def _bell(cells: np.ndarray, mean: float, spread: float) -> np.ndarray:
    """A normal distribution over these cells; what lies beyond the outer ones belongs to them."""
    borders = ((cells[1:] + cells[:-1]) / 2 - mean) / spread
    # Logistic approximation of the normal distribution function, within .0002 (Bowling et al. 2009).
    below = 1 / (1 + np.exp(-(1.5976 * borders + 0.07056 * borders**3)))
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


@cache
def crowded_rates() -> np.ndarray:
    """RATES beside 0..MOST_CLAUSES clauses of other requirements, [crowding, clauses, rate]."""
    logits = np.log(RATES / (1 - RATES))
    taken = CROWDING[:, None, None] * np.arange(MOST_CLAUSES + 1)[None, :, None]
    return 1 / (1 + np.exp(taken - logits))


def bias_points(spread: np.ndarray, blank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values [K,B] of each question's bias, in logits, and their probabilities [B]: a normal distribution of this
    spread [K] by three points (Gauss-Hermite), and IMAGINED_BIAS, its larger one at least the bias that explains what
    was said about a blank picture, `blank` [K], nan where unknown."""
    usual = np.array([-1.0, 0.0, 1.0]) * np.sqrt(3) * spread[:, None]
    imagined = np.tile(IMAGINED_BIAS, (len(spread), 1))
    imagined[:, -1] = np.fmax(imagined[:, -1], blank)
    return np.hstack([usual, imagined]), np.concatenate([np.array([1, 4, 1]) / 6 * (1 - IMAGINED.sum()), IMAGINED])
