"""`python dev.py bench policy --jury`: two judges against one of them, in the same worlds. What it means: README.md.

The second judge is as good as the first. Its errors correlate with the first one's by a stated figure: 0 for judges
that err by themselves, more for models of one family. The pack knows nothing of that and adds their evidence. It is
weighed by the pack's own jury_evidence, and the second is asked as engine/judge/jury.py asks it: about what the first
leaves open, and about everything before a picture may pass. Simpler than there: of a blank picture the jury's own
evidence is taken.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..engine.judge.checklist import Checklist
from ..engine.judge.checklist import Kind as RequirementKind
from ..engine.judge.jury_evidence import UNSURE, Worth, jury_reliability
from ..engine.judge.reliability import Reliability
from ..engine.judge.scoring import MOST, logit
from ._policy_ours import SELF_TESTS, Result, play
from ._policy_score import checklist, self_test
from ._policy_world import BIAS_KNOWN, WEAK, WORLD1, WORLD2, Kind, Picture, World

AT = 12
KINDS = {
    "world1": WORLD1,
    "world1, judges of AUROC .75": replace(WORLD1, judge=WEAK),
    "world2, judges of AUROC .75": WORLD2,
}
"""8B judges tell the better of two generated pictures in 59 % (MMRB2; design-notes, 2.2). Of two pictures that differ
in one requirement the judges of AUROC .75 find the better one about as often (see pair_accuracy), those of world 1
oftener."""
SHARED = (0.0, 0.4, 0.7)
"""Correlations of the two judges' errors about one picture, question and wording. Ours: nobody has measured it."""
PAIRS = 4000


class JuryWorld(World):
    """A world that two judges look at. shared: correlation of their errors, 0..1. second_calls: questions put to the
    second one."""

    def __init__(self, kind: Kind, seed: int, number: int, shared: float = 0.0) -> None:
        super().__init__(kind, seed, number)
        own = math.sqrt(1 - shared**2)
        rng = np.random.default_rng([seed, number, 77])
        self._second = copy.copy(World(kind, seed, number))
        self._second._seed = [*self._seed, 77]  # its errors about a blank picture are its own too
        self._second._draw_errors(rng)
        for name in ("fixed_errors", "drawn_errors", "quality_errors"):
            mixed = shared * getattr(self, name) + own * getattr(self._second, name)
            setattr(self._second, name, mixed)
        self._second.bias_error = shared * self.bias_error + own * float(rng.normal(0, BIAS_KNOWN))
        tests = [self_test(kind.judge, (number + shift) % SELF_TESTS) for shift in (0, SELF_TESTS // 2)]
        self._worth = [Worth(tested) for tested in tests]
        self.second_calls = 0

    @property
    def reliability(self) -> dict[RequirementKind, Reliability]:
        """Of both as one judge."""
        return jury_reliability(self._worth)

    def look(self, picture: Picture, again: bool = False, holistic: bool = False) -> tuple[np.ndarray, float]:
        """Evidence in logits, as whoever reads a jury's verdict takes it."""
        first, quality = super().look(picture, again, holistic)
        evidence = self._evidence(0, first)
        open_ones = np.abs(evidence) < logit(UNSURE)
        if not open_ones.any() and not (evidence > 0).all():
            return evidence, quality
        self.second_calls += 1
        asked = open_ones if not (evidence > 0).all() else np.ones_like(open_ones)
        other, _ = self._second.look(picture, again, holistic)
        return evidence + np.where(asked, self._evidence(1, other), 0.0), quality

    def _evidence(self, judge: int, logits: np.ndarray) -> np.ndarray:
        most = logit(MOST)
        return self._worth[judge].steepness("object", 1) * np.clip(logits, -most, most)


@dataclass(frozen=True)
class _Outcome:
    """all_correct, done, wrong_done: shares. calls: a render, to both judges and the editor; second: to the second."""

    all_correct: float
    done: float
    wrong_done: float
    calls: float
    second: float


def compared(kind: Kind, worlds: int, seed: int, shared: Sequence[float] = SHARED) -> Mapping[str, _Outcome]:
    """One judge, and two whose errors correlate so, in the same worlds, at AT renders."""
    asked = checklist(kind.requirements)
    alone = [(play(World(kind, seed, number), asked, (AT,))[AT], 0) for number in range(worlds)]
    found = {"one judge": _outcome(alone)}
    for share in shared:
        both = [_played(JuryWorld(kind, seed, number, share), asked) for number in range(worlds)]
        found[f"two, errors shared {share:g}"] = _outcome(both)
    return found


def pair_accuracy(kind: Kind, seed: int) -> float:
    """How often the mean logit of one look is higher for the better of two pictures that differ in one requirement."""
    rng = np.random.default_rng([seed, 78])
    right = 0
    for number in range(PAIRS // 10):
        world = World(kind, seed, number)
        for at in range(0, 20, 2):
            truth = rng.random(kind.requirements) < 0.5
            worse = truth.copy()
            worse[rng.integers(kind.requirements)] ^= True
            pictures = [Picture(at, truth, 0.5), Picture(at + 1, worse, 0.5)]
            high, low = sorted(pictures, key=lambda one: -one.truth.sum())
            right += world.look(high)[0].mean() > world.look(low)[0].mean()
    return right / PAIRS


def _played(world: JuryWorld, asked: Checklist) -> tuple[Result, int]:
    return play(world, asked, (AT,))[AT], world.second_calls


def _outcome(found: list[tuple[Result, int]]) -> _Outcome:
    count, used = len(found), sum(result.used for result, _ in found)
    done = [result for result, _ in found if result.done]
    second = sum(calls for _, calls in found)
    return _Outcome(
        all_correct=sum(result.picture.all_correct for result, _ in found) / count,
        done=len(done) / count,
        wrong_done=sum(not result.picture.all_correct for result in done) / count,
        calls=(sum(result.calls for result, _ in found) + second) / used,
        second=second / used,
    )


def report(worlds: int, seed: int, shared: Sequence[float] = SHARED) -> dict[str, Any]:
    """Print the table; the figures, shares 0..1. shared: correlations of the two judges' errors."""
    told: dict[str, Any] = {}
    for name, kind in KINDS.items():
        found = compared(kind, worlds, seed, shared)
        better = pair_accuracy(kind, seed)
        noise = 100 * math.sqrt(max(f.all_correct * (1 - f.all_correct) for f in found.values()) / worlds)
        print(f"\n{name}, {worlds} worlds, at {AT} renders: all-correct in % (+-{noise:.1f})", flush=True)
        print(f"each judge finds the better of two pictures in {100 * better:.0f} %", flush=True)
        print(f"{'':24}{'all-correct':>13}{'done':>8}{'wrong done':>12}{'calls a render':>16}{'to the second':>15}")
        for who, f in found.items():
            print(
                f"{who:24}{100 * f.all_correct:13.1f}{100 * f.done:6.0f} %{100 * f.wrong_done:10.1f} %"
                f"{f.calls:16.2f}{f.second:15.2f}",
                flush=True,
            )
        told[name] = {"pairs": round(better, 4)} | {
            who: {k: round(v, 4) for k, v in vars(f).items()} for who, f in found.items()
        }
    return told
