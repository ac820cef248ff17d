"""What several judges say about one requirement, as one figure: log-likelihood ratios, which add. Pure.

A judge's answer is a logit m, normal around +a where the requirement is met and around -a where it is not, of variance
v (engine/judge/reliability.py): its evidence is 2 a m / v. A bare word, and any word of a judge without a self-test,
counts what such a word is worth on average: log(TPR / FPR) of the same two curves. A kind for which the self-test found
a judge too weak adds nothing (docs/design-notes.md, 2.21).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import get_args

from .checklist import Kind, Requirement
from .critique import UNANSWERED, Item
from .reliability import UNTESTED, Reliability
from .scoring import MOST, UNKNOWN, clip, logit, sigmoid

UNSURE = 0.8
"""Between 1 - UNSURE and UNSURE the next judge is asked as well."""
SILENT = 0.05
"""Evidence of less than this, in logits, tells nothing."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Worth:
    """How far one judge can be believed. tested: by kind, from its self-test. weak: kinds that add nothing. loudest:
    the largest logit that its answers have."""

    tested: Mapping[Kind, Reliability]
    weak: frozenset[Kind] = frozenset()
    loudest: float = logit(MOST)

    def counts(self, kind: Kind) -> bool:
        return kind not in self.weak

    def of(self, kind: Kind) -> Reliability:
        return self.tested.get(kind, UNTESTED)

    def evidence(self, item: Item, requirement: Requirement, soft: bool) -> float:
        """The log-likelihood ratio of this judge's answer; 0 where it told nothing or does not count."""
        value = logit(clip(item.p))
        if not item.told or not self.counts(requirement.kind) or abs(value) < SILENT:
            return 0.0
        word = self.word(requirement.kind)
        if not soft:
            return math.copysign(word, value)
        ratio = self.steepness(requirement.kind, item.looks) * value
        if requirement.kind in self.tested:
            return ratio
        return max(min(ratio, word), -word)

    def word(self, kind: Kind) -> float:
        """The evidence of a bare right word of this judge."""
        known = self.of(kind)
        right = NormalDist().cdf(known.separation / known.spread)
        return math.log(right / (1 - right))

    def most(self, kind: Kind, soft: bool, looks: int) -> float:
        """The most that one answer of it can say."""
        if not self.counts(kind):
            return 0.0
        return self.steepness(kind, looks) * self.loudest if soft and kind in self.tested else self.word(kind)

    def information(self, kind: Kind) -> float:
        """The mean evidence of an answer about what is there."""
        known = self.of(kind)
        return 2 * (known.separation / known.spread) ** 2 if self.counts(kind) else 0.0

    def steepness(self, kind: Kind, looks: int) -> float:
        """Evidence of one logit of its answer."""
        known = self.of(kind)
        variance = known.spread**2 * ((1 + known.agreement) / 2 if looks > 1 else 1)
        return 2 * known.separation / variance


@dataclass(frozen=True)
class Testimony:
    """One judge's answer about one requirement. juror: its number. evidence: log-likelihood ratio. most: the most it
    could have been."""

    juror: int
    item: Item
    evidence: float
    most: float


def is_unsure(testimonies: Sequence[Testimony]) -> bool:
    """Whether another judge could change what is found."""
    return 1 - UNSURE < sigmoid(sum(one.evidence for one in testimonies)) < UNSURE


def disagree(testimonies: Sequence[Testimony]) -> bool:
    """Whether some say yes and some no."""
    return any(one.evidence > SILENT for one in testimonies) and any(one.evidence < -SILENT for one in testimonies)


def combined(testimonies: Sequence[Testimony], scale: float, looks: int) -> Item:
    """All of it as one item. scale: from a log-likelihood ratio to the logit that stands for it (see scale_of)."""
    total = sum(one.evidence for one in testimonies)
    loudest = max(testimonies, key=lambda one: abs(one.evidence))
    silent = abs(total) < SILENT
    p = UNKNOWN if silent else clip(sigmoid(scale * total))
    agreeing = [one for one in testimonies if one.evidence * total > 0]
    told = max(agreeing, key=lambda one: abs(one.evidence)) if agreeing else loudest
    return Item(
        id=loudest.item.id,
        answer=UNANSWERED if silent else told.item.answer,
        p=p,
        passed=p > UNKNOWN,
        looks=looks,
        evidence=told.item.evidence,
        weighed=True,
    )


def most_sure(testimonies: Sequence[Testimony], scale: float) -> float:
    """What the surest right answer of all of them would have counted, 0..1."""
    return sigmoid(scale * sum(one.most for one in testimonies))


def scale_of(kind: Kind, jury: Sequence[Worth], looks: int) -> float:
    """From evidence to the logit that whoever reads the verdict takes back to it: 1 where jury_reliability has figures
    for the kind, else what UNTESTED makes of it."""
    if any(kind in worth.tested for worth in jury):
        return 1.0
    variance = UNTESTED.spread**2 * ((1 + UNTESTED.agreement) / 2 if looks > 1 else 1)
    return variance / (2 * UNTESTED.separation)


def jury_reliability(jury: Sequence[Worth]) -> dict[Kind, Reliability]:
    """The jury as one judge whose logits are evidence: normal around the sum of the information, with twice that as
    variance. Two looks of it are not averaged once more: agreement 1. Kinds that nobody was tested for are left out."""
    found: dict[Kind, Reliability] = {}
    for kind in KINDS:
        if not any(kind in worth.tested for worth in jury):
            continue
        found[kind] = reliability_of_evidence(sum(worth.information(kind) for worth in jury))
    return found


def reliability_of_evidence(mean: float) -> Reliability:
    """Of a judge whose logits are evidence. mean: of an answer about what is there, at least .05."""
    information = max(mean, 0.05)
    return Reliability(separation=information, spread=math.sqrt(2 * information), agreement=1.0)
