"""How far a judge's answers can be believed, in the figures that belief calculates with. Pure.

From the self-test, for each kind of requirement; cautious figures where there was none. Drawn scenes are easier than
photographs, so no judge counts for more than LEAST_SPREAD and STEEPEST allow (docs/design-notes.md, 4.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from pydantic import BaseModel, ConfigDict

from .checklist import Kind
from .self_test import KindFigures, SelfTest

LEAST_SPREAD = 1.0
STEEPEST = 2.0
"""The most that one logit of an answer adds to the log-likelihood ratio."""
USUAL_AGREEMENT = 0.45
"""Where the self-test does not say how far two wordings err alike."""
CASES_OF_PRIOR = 20
"""The cautious figures count as so many answers beside those of the self-test."""


class Reliability(BaseModel):
    """In logits: answers about what is there are normal around +separation, about what is not around -separation, with
    this spread. agreement: correlation of the errors of two looks in different words. threshold: what was taken off the
    answers of a first look before."""

    model_config = ConfigDict(frozen=True)

    separation: float
    spread: float
    agreement: float = USUAL_AGREEMENT
    threshold: float = 0.0


UNTESTED = Reliability(separation=1.5, spread=1.4)
"""True positive rate .86, false positive rate .14 at the threshold; its bias is taken for less known than a tested
one's (loop/belief/judge_reliability.py)."""

TOO_WEAK = Reliability(separation=0.5, spread=1.45)
"""Of a kind whose self-test says so (AUROC below .75)."""


def reliability_of(tested: SelfTest | None) -> dict[Kind, Reliability]:
    """By kind; kinds that were not tested are left out."""
    return {} if tested is None else reliability_of_kinds(tested.kinds)


def reliability_of_kinds(kinds: Sequence[KindFigures]) -> dict[Kind, Reliability]:
    """As reliability_of, of the figures alone."""
    found = {one.kind: TOO_WEAK if one.verdict == "too weak" else _reliability(one) for one in kinds}
    return {kind: one for kind, one in found.items() if one is not None}


def _reliability(figures: KindFigures) -> Reliability | None:
    separation, spread = figures.separation, figures.spread
    if separation is None or spread is None:
        if figures.auroc is None:
            return None
        # Of a test noted without them: the AUROC of two normal distributions, at the usual spread.
        spread = UNTESTED.spread
        separation = NormalDist().inv_cdf(min(figures.auroc, 0.99)) * spread / math.sqrt(2)
    share = figures.n / (figures.n + CASES_OF_PRIOR)
    separation = share * separation + (1 - share) * UNTESTED.separation
    spread = math.sqrt(share * spread**2 + (1 - share) * UNTESTED.spread**2)
    spread = max(spread, LEAST_SPREAD, math.sqrt(max(2 * separation / STEEPEST, 0.0)))
    agreement = USUAL_AGREEMENT if figures.agreement is None else figures.agreement
    return Reliability(separation=max(separation, 0.1), spread=spread, agreement=agreement, threshold=figures.threshold)
