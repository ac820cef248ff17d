"""What the looks of a run say about pictures, wordings, clauses as such and the judge: one Bayesian network.

A picture meets a requirement with the rate of the wording that asked for it. A look is a normal variable around plus or
minus the judge's separation, moved by the question's bias. The rate of a clause depends on that of the user's own
words: the same where the requirement does not respond to words, else by a kernel. Two things belong to the whole run:
how well clauses are made, and what each takes from the other requirements. All but the looks is discrete, and the
network is a star for each requirement, so sums are exact (docs/design-notes.md, 4.2, 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .judge_reliability import JudgeReliability, loudness
from .observations import OWN, Observations
from .priors import (
    CROWDING_PRIOR,
    EDITOR_PRIOR,
    OWN_WORDS,
    RATES,
    RESPONDS,
    bias_points,
    clause_kernels,
    crowded_rates,
)

MOST_RATIO = 5.5
"""The most that looks at one picture count for, as a log-likelihood ratio: 240 to 1."""
UNLIKELY = -8.0
"""No look is taken for less likely than this (log, against the likeliest): real answers have heavier tails."""
USER_SURE = 12.0
"""What the user says about a picture, as a log-likelihood ratio: the truth, for all purposes."""
EDIT_KEEPS, EDIT_MENDS = 0.94, 0.45
"""A local edit leaves another requirement as it was so often, and mends its own (docs/design-notes.md, 4.6)."""
TINY = 1e-300


@dataclass(frozen=True)
class ArmBelief:
    """A wording of one requirement. mean, spread: of its rate beside 0..MOST_CLAUSES clauses of others. shown: pictures
    painted with it. met: how many of them meet it, as expected."""

    mean: np.ndarray
    spread: np.ndarray
    shown: int
    met: float


@dataclass(frozen=True)
class Belief:
    """met [n,K]: how probable it is that each picture meets each requirement.

    arms: by requirement, what is believed of each wording used so far, the user's own (OWN) always among them.
    fresh: by requirement, of a clause nobody has tried. responds [K]: that words change anything about it.
    """

    met: np.ndarray
    arms: tuple[dict[int, ArmBelief], ...]
    fresh: tuple[ArmBelief, ...]
    responds: np.ndarray

    @cached_property
    def all_met(self) -> np.ndarray:
        """[n]: how probable it is that a picture meets everything."""
        return self.met.prod(axis=1)


def infer(seen: Observations, judge: JudgeReliability) -> Belief:
    """The posterior of everything, given all looks. n pictures, K requirements, at least one of each."""
    network = _Network(seen, judge)
    return network.belief()


class _Network:
    """Axes: N teaching looks, G groups of them by (requirement, arm), K requirements, B biases, S crowding, H editors,
    R responds or not, T rates."""

    def __init__(self, seen: Observations, judge: JudgeReliability) -> None:
        self.seen = seen
        self.count, self.asked = seen.logits.shape
        loud = loudness(seen.logits, judge)
        values, prior = bias_points(judge.bias_spread, seen.blank / loud + judge.separation)
        variance = np.where(seen.looks[:, None] > 1, judge.two, judge.one)
        distance = (seen.logits / loud)[:, :, None] - values
        separation = judge.separation[:, None]
        self.unknown = np.isnan(seen.logits)
        # Log-likelihoods of the looks [n,K,B]: unmet, and the ratio of met to unmet.
        self.ratio = np.clip(2 * separation * distance / variance[:, :, None], -MOST_RATIO, MOST_RATIO)
        met_or_not = np.minimum((distance + separation) ** 2, (distance - separation) ** 2)
        likeliest = np.maximum(-met_or_not / (2 * variance[:, :, None]), UNLIKELY)
        self.unmet = likeliest - np.maximum(self.ratio, 0.0)
        self.ratio[self.unknown] = self.unmet[self.unknown] = 0.0
        told = np.nan_to_num(USER_SURE * (2 * seen.truth - 1))[:, :, None]
        self.ratio += told
        self.unmet -= np.maximum(told, 0.0)
        self.unknown &= np.isnan(seen.truth)
        self.bias_prior = _told_by_blank(seen.blank / loud, values, prior, judge)
        self._group()

    def _group(self) -> None:
        """The looks that teach, sorted by requirement and arm."""
        seen = self.seen
        picture, requirement = np.nonzero((seen.edit_of < 0)[:, None] & ~self.unknown)
        arm = seen.arms[picture, requirement]
        pairs = {(q, OWN) for q in range(self.asked)} | set(seen.known)
        # Also of pictures that tell nothing about it: the wording was used, and may be used again.
        pairs |= {(q, one) for q in range(self.asked) for one in seen.arms[:, q].tolist()}
        self.pairs = sorted(pairs)
        self.place = {pair: number for number, pair in enumerate(self.pairs)}
        group = np.array([self.place[p] for p in zip(requirement.tolist(), arm.tolist(), strict=True)], dtype=int)
        order = np.argsort(group, kind="stable")
        self.picture, self.requirement, self.group = picture[order], requirement[order], group[order]
        self.owner = np.array([q for q, _ in self.pairs])
        self.own = np.array([a == OWN for _, a in self.pairs])

    def belief(self) -> Belief:
        rates = crowded_rates()
        kernels = clause_kernels()[self.seen.said.astype(int)]  # K H O T
        m, k = self.picture, self.requirement
        beside = self.seen.beside[m, k]
        rate = rates.transpose(1, 0, 2)[beside][:, None]  # N 1 S T
        odds = np.exp(self.ratio[m, k])[:, :, None, None]  # N B 1 1
        mixed = rate * odds + (1 - rate)
        each = np.log(mixed) + self.unmet[m, k][:, :, None, None]
        groups = np.zeros((len(self.pairs), *each.shape[1:]))
        starts = np.flatnonzero(np.diff(self.group, prepend=-1))
        if len(starts):
            groups[self.group[starts]] = np.add.reduceat(each, starts, axis=0)
        for pair, (met, missed) in self.seen.known.items():
            groups[self.place[pair]] += met * np.log(RATES) + missed * np.log(1 - RATES)
        joint, message = self._requirements(groups, kernels)
        post = self._groups(groups, joint, message, kernels)
        met = np.full((self.count, self.asked), np.nan)
        met[m, k] = np.einsum("nbst,nbst->n", post[self.group], rate * odds / mixed)
        self._unseen(met, post, rates)
        self._edited(met, joint.sum(axis=(2, 3, 4, 5)))
        return self._told(met, post, joint, kernels, rates)

    def _requirements(self, groups: np.ndarray, kernels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The posterior of (bias, crowding, editor, responds, own rate) for each requirement [K,B,S,H,R,T], and what
        each clause said towards it [C,B,S,H,R,T]."""
        clauses = ~self.own
        top = groups[clauses].max(axis=-1, keepdims=True)
        likelihood = np.exp(groups[clauses] - top)
        changed = np.einsum("ghot,gbst->gbsho", kernels[self.owner[clauses]], likelihood)
        same = np.broadcast_to(likelihood[:, :, :, None, :], changed.shape)
        message = np.log(np.stack([same, changed], axis=4) + TINY) + top[..., None, None]
        joint = (
            np.log(self.bias_prior)[:, :, None, None, None, None]
            + np.log(np.array([1 - RESPONDS, RESPONDS]))[:, None]
            + np.log(OWN_WORDS)
            + groups[self.own][:, :, :, None, None, :]
        )
        joint = np.repeat(joint, kernels.shape[1], axis=3)
        np.add.at(joint, self.owner[clauses], message)
        peak = joint.max(axis=(1, 4, 5), keepdims=True)
        joint = np.exp(joint - peak)
        evidence = joint.sum(axis=(1, 4, 5))  # K S H
        shared = np.log(CROWDING_PRIOR)[:, None] + np.log(EDITOR_PRIOR)
        shared = shared + (np.log(evidence) + peak[:, 0, :, :, 0, 0]).sum(axis=0)
        shared = np.exp(shared - shared.max())
        shared /= shared.sum()
        joint *= (shared / evidence)[:, None, :, :, None, None]
        return joint, message

    def _groups(self, groups: np.ndarray, joint: np.ndarray, message: np.ndarray, kernels: np.ndarray) -> np.ndarray:
        """The posterior of (bias, crowding, rate) for each group [G,B,S,T]: for a clause, what all else says about it
        times what its own looks say."""
        post = np.empty_like(groups)
        post[self.own] = joint.sum(axis=(3, 4))
        clauses = ~self.own
        if clauses.any():
            rest = np.log(joint[self.owner[clauses]] + TINY) - message
            rest = np.exp(rest - rest.max(axis=(1, 2, 3, 4, 5), keepdims=True))
            told = rest[:, :, :, :, 0].sum(axis=3) + np.einsum(
                "gbsho,ghot->gbst", rest[:, :, :, :, 1], kernels[self.owner[clauses]]
            )
            told = np.log(told + TINY) + groups[clauses]
            told = np.exp(told - told.max(axis=(1, 2, 3), keepdims=True))
            post[clauses] = told / told.sum(axis=(1, 2, 3), keepdims=True)
        return post

    def _expected(self, post: np.ndarray, rates: np.ndarray, at: int, q: int) -> float:
        """The rate of the wording that asked for requirement q in picture `at`."""
        group = self.place.get((q, int(self.seen.arms[at, q])), self.place[q, OWN])
        return float((post[group].sum(axis=0) * rates[:, self.seen.beside[at, q]]).sum())

    def _unseen(self, met: np.ndarray, post: np.ndarray, rates: np.ndarray) -> None:
        """Where the looks tell nothing, the wording alone does."""
        for at, q in zip(*np.nonzero(np.isnan(met) & (self.seen.edit_of < 0)[:, None]), strict=True):
            met[at, q] = self._expected(post, rates, at, q)

    def _edited(self, met: np.ndarray, bias: np.ndarray) -> None:
        """Edited pictures, in order: what the picture was like that they were made from, then their own looks."""
        seen = self.seen
        for at in np.flatnonzero(seen.edit_of >= 0):
            before, target = met[seen.edit_of[at]], seen.target[at]
            expected = before * EDIT_KEEPS
            if target >= 0:  # a user's wish is for none of them
                expected[target] += (1 - before[target]) * EDIT_MENDS
            odds = np.exp(self.ratio[at])
            chance = expected[:, None] * odds / (expected[:, None] * odds + 1 - expected[:, None])
            met[at] = (bias * chance).sum(axis=1)

    def _told(
        self,
        met: np.ndarray,
        post: np.ndarray,
        joint: np.ndarray,
        kernels: np.ndarray,
        rates: np.ndarray,
    ) -> Belief:
        alone = joint.sum(axis=1)  # K S H R T
        fresh = alone[:, :, :, 0].sum(axis=2) + np.einsum("ksho,khot->kst", alone[:, :, :, 1], kernels)
        mean, spread = _moments(post.sum(axis=1), rates)
        shown = np.bincount(self.group, minlength=len(self.pairs))
        found = np.bincount(self.group, met[self.picture, self.requirement], minlength=len(self.pairs))
        arms: tuple[dict[int, ArmBelief], ...] = tuple({} for _ in range(self.asked))
        for at, (q, arm) in enumerate(self.pairs):
            arms[q][arm] = ArmBelief(mean[at], spread[at], int(shown[at]), float(found[at]))
        new = zip(*_moments(fresh, rates), strict=True)
        return Belief(
            met=met,
            arms=arms,
            fresh=tuple(ArmBelief(mean, spread, 0, 0.0) for mean, spread in new),
            responds=alone[:, :, :, 1].sum(axis=(1, 2, 3)),
        )


def _moments(weights: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of the rate beside 0..MOST_CLAUSES clauses, [.., clauses], for weights over [.., S, T]."""
    mean = np.einsum("gst,sct->gc", weights, rates)
    square = np.einsum("gst,sct->gc", weights, rates**2)
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def _told_by_blank(blank: np.ndarray, values: np.ndarray, prior: np.ndarray, judge: JudgeReliability) -> np.ndarray:
    """[K,B]: each question's bias, with what the judge said about a blank picture, which meets nothing."""
    found = np.tile(prior, (len(blank), 1))
    known = ~np.isnan(blank)
    distance = blank[:, None] - (values - judge.separation[:, None])
    found[known] *= np.exp(-(distance**2) / (2 * judge.one[:, None]))[known] + np.exp(UNLIKELY)
    return found / found.sum(axis=1, keepdims=True)
