"""A synthetic painter, judge and editor, in numpy. All figures are assumptions: docs/design-notes.md, 4.9.

Every draw of a world is fixed by its number and by what it belongs to (render, seed, requirement, clause), never by the
order in which a policy asks. So all policies meet the same luck.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MOST_RENDERS = 24
MOST_CLAUSES = 64
"""Clauses that the editor can write for one requirement."""
BASE_TOKENS, SHORT_CLAUSE, LONG_CLAUSE = 40, 4, 12
"""Tokens of the user's prompt, of a clause replaced in place, and of a sentence appended by a naive loop."""
BIAS_KNOWN = 0.25
"""Standard error with which the judge's bias is known."""
SAME_ERROR = 0.6
"""How much of a judge's error on a picture a question in other words repeats."""
QUALITY_NOISE = 0.15


class Judge(NamedTuple):
    """Logit of a judge: strength * (+1 or -1) + bias + fixed * (error of the picture) + drawn * (error of the call)."""

    strength: float
    bias: float
    fixed: float
    drawn: float


SMALL = Judge(1.6, 0.5, 1.25, 0.75)
"""One atomic question for each requirement, 7 to 8 billion parameters: TPR .93, FPR .22, AUROC .94."""
WEAK = Judge(0.7, 0.7, 1.25, 0.75)
"""AUROC .75: below that, docs/design-notes.md (2.14) advises another judge."""
HOLISTIC = Judge(1.0, 0.8, 1.25, 0.9)
"""The small judge asked for everything at once in free form: TPR .88, FPR .45."""
WEAK_HOLISTIC = Judge(0.45, 0.9, 1.25, 0.9)


@dataclass(frozen=True)
class Kind:
    """What is common to all worlds of a kind. helps, hurts: shares of new clauses that do."""

    name: str
    requirements: int
    judge: Judge
    holistic: Judge
    helps: float
    hurts: float
    hard: float = 0.25
    systematic: float = 0.5


WORLD1 = Kind("world1", 7, SMALL, HOLISTIC, helps=0.45, hurts=0.25)
WORLD2 = Kind("world2", 12, WEAK, WEAK_HOLISTIC, helps=0.30, hurts=0.35)


@dataclass(frozen=True)
class Picture:
    """number: which render of its run. truth: what it really shows."""

    number: int
    truth: np.ndarray
    quality: float

    @property
    def all_correct(self) -> bool:
        return bool(self.truth.all())

    @property
    def true_score(self) -> float:
        return 0.85 * float(self.truth.mean()) + 0.15 * self.quality


class World:
    """One goal with its requirements, as one painter, judge and editor treat it."""

    def __init__(self, kind: Kind, seed: int, number: int) -> None:
        self.number = number
        self._seed = [seed, kind.requirements, number]
        rng = np.random.default_rng(self._seed)
        n, renders = kind.requirements, MOST_RENDERS
        self.kind = kind
        kinds = rng.random(n)
        systematic = kinds < kind.hard * kind.systematic
        self.lottery = ~systematic & (kinds < kind.hard)
        ease = rng.normal(size=n)
        easy = np.where(self.lottery, 0.5 * ease, 3.0 + 0.7 * ease)
        self.ease = np.where(systematic, -1.1 + 0.5 * ease, easy)
        self.spread = np.where(self.lottery, 1.5, 0.5)
        self.gain = np.where(self.lottery, 0.35, 1.0)
        self.cfg_gap = float(rng.normal(0, 0.9))
        self.luck = rng.normal(size=(renders, n))
        self.quality_luck = rng.normal(0, 0.5, renders)
        self.own_luck = rng.normal(0, 0.5, (renders, n))
        kinds = rng.random((n, MOST_CLAUSES))
        helpful = np.abs(rng.normal(1.3, 0.5, kinds.shape))
        harmful = -np.abs(rng.normal(0.8, 0.4, kinds.shape))
        useless = np.where(kinds < 1 - kind.hurts, 0.0, harmful)
        self.effects = np.where(kinds < kind.helps, helpful, useless)
        self.side_effects = rng.normal(-0.06, 0.22, (n, MOST_CLAUSES, n))
        self.side_effects[np.arange(n), :, np.arange(n)] = 0
        self._draw_errors(rng)
        self.bias_error = float(rng.normal(0, BIAS_KNOWN))
        self.breaks = rng.random((renders, n))
        self.mends = rng.random(renders)

    def another_day(self, day: int) -> World:
        """The same goal, wordings, painter and judge with other seeds: other luck, and other errors about pictures."""
        other = copy.copy(self)
        rng = np.random.default_rng([*self._seed, day])
        n, renders = self.kind.requirements, MOST_RENDERS
        other.luck = rng.normal(size=(renders, n))
        other.quality_luck = rng.normal(0, 0.5, renders)
        other.own_luck = rng.normal(0, 0.5, (renders, n))
        other._draw_errors(rng)
        return other

    def _draw_errors(self, rng: np.random.Generator) -> None:
        """The judge's errors about each picture, and (a last row, drawn apart) about a blank one."""
        n, renders = self.kind.requirements, MOST_RENDERS
        blank = np.random.default_rng([*self._seed, MOST_RENDERS])
        first, second = (self._with_row(rng.normal(size=(renders, n)), blank) for _ in range(2))
        self.fixed_errors = np.stack([first, SAME_ERROR * first + np.sqrt(1 - SAME_ERROR**2) * second])
        self.drawn_errors = np.stack([self._with_row(rng.normal(size=(renders, n)), blank) for _ in range(2)])
        self.quality_errors = np.pad(rng.normal(0, QUALITY_NOISE, (2, renders)), ((0, 0), (0, 1)))

    @staticmethod
    def _with_row(draws: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.vstack([draws, rng.normal(size=draws.shape[1])])

    def paint(
        self,
        number: int,
        clauses: Sequence[tuple[int, int]] = (),
        tokens: int = BASE_TOKENS,
        seed: int = 0,
        cfg: float = 0.0,
        negatives: int = 0,
    ) -> Picture:
        """Render `number` of a run, from 0. clauses: (requirement, which). seed: number of the seed, from 0."""
        own = np.zeros(self.kind.requirements)
        others = np.zeros(self.kind.requirements)
        for requirement, which in clauses:
            own[requirement] += self.effects[requirement, which]
            others += self.side_effects[requirement, which]
        off = cfg - self.cfg_gap
        dilution = _dilution(tokens)
        crowd = max(0, min(negatives, 30) - 10)
        level = (
            self.ease
            + self.spread * self.luck[seed]
            + self.gain * 1.8 * np.tanh(own / 1.8)
            + others
            + self.own_luck[number]
            - (self.lost_to_length(tokens) + 0.02 * crowd + 0.10 * off * off)
        )
        quality = 0.9 + self.quality_luck[seed] - 0.35 * off * off - dilution - 0.05 * crowd
        return Picture(number, level > 0, float(1 / (1 + np.exp(-quality))))

    def lost_to_length(self, tokens: int) -> float:
        """What a prompt of so many tokens takes from the level of every requirement."""
        return 0.7 * _dilution(tokens)

    def edit(self, number: int, picture: Picture, requirement: int) -> Picture:
        """A local edit: mends its target in 55 % (systematic) or 40 % (lottery), breaks each other item in 6 %."""
        truth = picture.truth & ~(self.breaks[number] < 0.06)
        mended = self.mends[number] < (0.40 if self.lottery[requirement] else 0.55)
        truth[requirement] = picture.truth[requirement] or mended
        return Picture(number, truth, max(0.0, picture.quality - 0.03))

    def look(self, picture: Picture, again: bool = False, holistic: bool = False) -> tuple[np.ndarray, float]:
        """Logits that each requirement is met, and quality. again: in other words.

        The known part of the bias is taken off the checklist's answers; a holistic answer is taken as it comes.
        """
        judge = self.kind.holistic if holistic else self.kind.judge
        at = int(again), picture.number
        logits = judge.strength * (2 * picture.truth - 1.0)
        logits += judge.fixed * self.fixed_errors[at] + judge.drawn * self.drawn_errors[at]
        logits += judge.bias if holistic else self.bias_error
        return logits, float(np.clip(picture.quality + self.quality_errors[at], 0, 1))

    def look_at_blank(self) -> np.ndarray:
        """Logits that each requirement is met in a picture of nothing."""
        nothing = Picture(MOST_RENDERS, np.zeros(self.kind.requirements, bool), 0.5)
        return self.look(nothing)[0]


def _dilution(tokens: int) -> float:
    return 1 - math.exp(-max(0, tokens - 60) / 60)
