"""How the judge of a run answers, as arrays: its self-test by kind of requirement, cautious figures elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...judge.checklist import Kind, Requirement
from ...judge.reliability import UNTESTED, Reliability

BIAS_TESTED, BIAS_UNTESTED = 0.35, 0.7
"""Standard deviation, in logits, of an error that all answers to one question share (docs/design-notes.md, 4.3)."""
LOOKS_OF_PRIOR = 20
"""So many looks of the expected size stand against the run's own, before its answers are found to be too loud."""


@dataclass(frozen=True)
class JudgeReliability:
    """By requirement [K], in logits. A look at a picture that meets it is normal around +separation, at one that does
    not around -separation. one, two: variance of one look, and of the mean of two in different words. bias_spread [K]:
    standard deviation of an error that all answers to the question share.
    """

    separation: np.ndarray
    one: np.ndarray
    two: np.ndarray
    bias_spread: np.ndarray

    @property
    def alike(self) -> np.ndarray:
        """[K]: the correlation of two looks at one picture."""
        return 2 * self.two / self.one - 1


def reliability_arrays(requirements: Sequence[Requirement], tested: Mapping[Kind, Reliability]) -> JudgeReliability:
    """For these requirements; one that is trusted less counts less."""
    worth = [tested.get(r.kind, UNTESTED) for r in requirements]
    one = np.array([w.spread**2 for w in worth])
    return JudgeReliability(
        separation=np.array([w.separation * r.trust for w, r in zip(worth, requirements, strict=True)]),
        one=one,
        two=one * (1 + np.array([w.agreement for w in worth])) / 2,
        bias_spread=np.array([BIAS_TESTED if r.kind in tested else BIAS_UNTESTED for r in requirements]),
    )


def loudness(logits: np.ndarray, judge: JudgeReliability) -> float:
    """By how much this run's logits [n,K] are larger than such a judge's should be, at least 1.

    An over-confident judge says everything with great certainty; divided by this, its answers say what they are worth.
    The opposite is never assumed.
    """
    known = ~np.isnan(logits)
    expected = np.broadcast_to(judge.separation**2 + judge.one, logits.shape)
    prior = LOOKS_OF_PRIOR * float(np.mean(judge.separation**2 + judge.one))
    seen = float((logits[known] ** 2).sum()) + prior
    return max(1.0, float(np.sqrt(seen / (float(expected[known].sum()) + prior))))
