"""From probabilities of single requirements to one score. Pure.

Constants and formulas from loop-science, 3.3 and 4.3: bias in logits, clipping, a weighted geometric mean, .85 of it
plus .15 of quality.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .checklist import Checklist, Kind, Requirement
from .probability import UNKNOWN

LEAST, MOST = 0.02, 0.98
"""Probabilities are clipped to this: no judge is surer, and one item must not decide alone."""
MATCH_WEIGHT = 0.85
"""Share of the checklist in the score; the rest separates pictures that meet it equally well."""
POOR_QUALITY = 0.4
"""A quality level whose expectation is below this prevents passing."""
TREACHEROUS_BLANK, LOW_TRUST = 1.5, 0.5
"""From this logit on a blank picture, an item's answer is trusted by half (loop-science, 3.3)."""


@dataclass(frozen=True)
class Bias:
    """What is known of a judge's bias, in logits of the right answer.

    thresholds: by kind, from the self-test: the logit above which a right answer is to be believed.
    again: the same for the second wording, where it differs: a judge that likes to say yes errs the other way there.
    blank: by requirement id: the logit with which the judge found it met on a blank picture (see blank); None as long
    as nobody asked. It only ever raises the threshold: on a blank picture "no" is the right answer, so subtracting it
    would push a good judge towards yes.
    """

    thresholds: Mapping[Kind, float] = field(default_factory=dict)
    again: Mapping[Kind, float] = field(default_factory=dict)
    blank: Mapping[str, float] | None = None

    def of(self, requirement: Requirement, wording: Literal[1, 2] = 1) -> float:
        """The logit to take off this requirement's answers in that wording."""
        threshold = self.thresholds.get(requirement.kind, 0.0)
        if wording == 2:
            threshold = self.again.get(requirement.kind, threshold)
        blank = self._blank(requirement)
        return max(threshold, blank) if blank > 0 else threshold

    def imagined(self, requirement: Requirement) -> bool:
        """Whether the judge finds it met with nothing there to see."""
        return self._blank(requirement) > 0

    def trust(self, requirement: Requirement) -> float:
        """How far this requirement's answers are to be believed, 0..1."""
        return min(requirement.trust, LOW_TRUST) if self._blank(requirement) > TREACHEROUS_BLANK else requirement.trust

    def _blank(self, requirement: Requirement) -> float:
        """0 for an absence: a blank picture meets it."""
        return 0.0 if requirement.kind == "absence" else (self.blank or {}).get(requirement.id, 0.0)


NO_BIAS = Bias()


def logit(p: float) -> float:
    """Natural log-odds, finite for every p in 0..1."""
    p = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))


def sigmoid(value: float) -> float:
    """The probability of log-odds. Never overflows."""
    if value < 0:
        return math.exp(value) / (1 + math.exp(value)) if value > -700 else 0.0
    return 1 / (1 + math.exp(-value)) if value < 700 else 1.0


def clip(p: float) -> float:
    """p within LEAST and MOST."""
    return min(max(p, LEAST), MOST)


def corrected(p: float, requirement: Requirement, bias: Bias = NO_BIAS, wording: Literal[1, 2] = 1) -> float:
    """The probability without the judge's known bias, clipped."""
    return clip(sigmoid(logit(p) - bias.of(requirement, wording)))


def averaged(first: float, second: float) -> float:
    """The mean of two looks, in logits."""
    return clip(sigmoid((logit(first) + logit(second)) / 2))


def orphans(requirements: Sequence[Requirement], failed: Collection[str]) -> set[str]:
    """Ids of requirements with a failed one among their parents, or the parents of those. Cycles do no harm."""
    lost: set[str] = set()
    while True:
        gone = lost | set(failed)
        more = {r.id for r in requirements if r.id not in lost and any(parent in gone for parent in r.parents)}
        if not more:
            return lost
        lost |= more


def match(checklist: Checklist, probabilities: Mapping[str, float], bias: Bias = NO_BIAS) -> float:
    """How well a picture meets the checklist: the geometric mean weighted by weight and trust, 0..1.

    probabilities: by requirement id; one without a value is unknown. While a parent fails, its children are left out:
    nothing can be said of them. Requirements that fail in a circle all count. 0 for an empty checklist.
    """
    requirements = checklist.requirements
    values = {r.id: probabilities.get(r.id, UNKNOWN) for r in requirements}
    lost = orphans(requirements, [name for name, p in values.items() if p <= UNKNOWN])
    counted = [r for r in requirements if r.id not in lost] or list(requirements)
    weights = [r.weight * bias.trust(r) for r in counted]
    if not sum(weights) > 0:
        weights = [r.weight for r in counted]
    if not counted:
        return 0.0
    total = sum(w * math.log(max(values[r.id], 1e-9)) for w, r in zip(weights, counted, strict=True))
    return math.exp(total / sum(weights))


def overall(matched: float, quality: Collection[float | None]) -> float:
    """The score 0..1. quality: one level 0..1 for each check that counts, None where it does not apply."""
    levels = [level for level in quality if level is not None]
    score = MATCH_WEIGHT * matched + (1 - MATCH_WEIGHT) * sum(levels) / len(levels) if levels else matched
    # Without the dust of floating point, so that .85 * .8 + .15 * .8 reaches a pass score of .8.
    return round(min(max(score, 0.0), 1.0), 4)
