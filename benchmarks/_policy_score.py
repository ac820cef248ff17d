"""A judge's logits as the pack's own critiques and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..engine.judge import scoring
from ..engine.judge.checklist import Checklist, Kind, Requirement
from ..engine.judge.critique import Critique, Item
from ..engine.judge.reliability import Reliability, reliability_of_kinds
from ..engine.judge.scoring import UNKNOWN
from ..engine.judge.self_test import TrialAnswer, figures_of
from ..engine.judge.verdict import holds, merge_looks
from ._policy_world import SAME_ERROR, Judge, Picture, World

PASS_SCORE = 0.8
"""The pack's default."""
TESTED_CASES = 40
"""About as many as the self-test's scenes have for a kind."""

THINGS = (
    "red umbrella|wooden boat|three ducks|old lighthouse|yellow coat|paper lantern|white horse|brick bridge|"
    "green bottle|stone fountain|blue door|iron gate|glass vase|golden key|black cat|wooden ladder|pink kite|"
    "silver bell|round table|tall cactus"
).split("|")
"""Texts of requirements: only their length matters."""

_ITEM = Item(id="r1", answer="yes", p=0.5, passed=False)
_CRITIQUE = Critique(judge="ollama", outcome="judged", score=0.0, looks=1, soft=True)


def checklist(count: int) -> Checklist:
    """So many requirements, equal in weight."""
    return Checklist(
        goal=", ".join(THINGS[:count]),
        requirements=tuple(
            Requirement(
                id=f"r{n}",
                kind="object",
                text=thing,
                question=f"Is there a {thing}?",
                ask="yesno",
                expect=("yes",),
                alt_question=f"Is the {thing} missing?",
                alt_ask="yesno",
                alt_expect=("no",),
                span=thing,
            )
            for n, thing in enumerate(THINGS[:count], 1)
        ),
    )


def critique(asked: Checklist, logits: np.ndarray, quality: float) -> Critique:
    """A critique after one look. Copied from a template: a benchmark makes a hundred thousand of them."""
    chances = np.clip(1 / (1 + np.exp(-logits)), scoring.LEAST, scoring.MOST).tolist()
    items = tuple(
        _ITEM.model_copy(update={"id": r.id, "answer": "yes" if p > 0.5 else "no", "p": p, "passed": p > 0.5})
        for r, p in zip(asked.requirements, chances, strict=True)
    )
    matched = scoring.match_goal(asked, {item.id: item.p for item in items})
    return _CRITIQUE.model_copy(
        update={
            "score": scoring.overall_score(matched, [quality]),
            "checks": {"prompt_match": matched, "artifacts": quality},
            "done": all(item.passed for item in items),
            "items": items,
        }
    )


def look(world: World, asked: Checklist, picture: Picture, blank: Mapping[str, float] | None = None) -> Critique:
    """The judge's verdict as in engine.judge: a second look when the first one finds nothing wrong, and before that,
    where blank is None, a look at a blank picture. blank: what an earlier verdict found there."""
    logits, quality = world.look(picture)
    first = critique(asked, _without(logits, blank), quality)
    if not holds(first, PASS_SCORE):
        return first
    told = None
    if blank is None:
        blank = told = dict(zip([r.id for r in asked.requirements], world.look_at_blank().tolist(), strict=True))
        first = critique(asked, _without(logits, blank), quality)
    if holds(first, PASS_SCORE):
        first = merge_looks(first, look_again(world, asked, picture, blank), asked, PASS_SCORE)
    return first.model_copy(update={"blank": told})


def look_again(world: World, asked: Checklist, picture: Picture, blank: Mapping[str, float] | None = None) -> Critique:
    """What a look in other words finds, alone."""
    logits, quality = world.look(picture, again=True)
    return critique(asked, _without(logits, blank), quality)


def _without(logits: np.ndarray, blank: Mapping[str, float] | None) -> np.ndarray:
    """As scoring.Bias has it: what the judge imagines in a blank picture counts against the requirement."""
    return _lowered(logits, None if blank is None else np.array(list(blank.values())))


@lru_cache(maxsize=256)
def self_test(judge: Judge, seed: int) -> dict[Kind, Reliability]:
    """What the judge's self-test finds: TESTED_CASES drawn cases in both wordings, read by the pack's own code."""
    rng = np.random.default_rng(seed)
    answers: list[TrialAnswer] = []
    holds = rng.random(TESTED_CASES) < 0.5
    first, second = rng.normal(size=(2, TESTED_CASES))
    for wording, fixed in ((1, first), (2, SAME_ERROR * first + np.sqrt(1 - SAME_ERROR**2) * second)):
        logits = judge.strength * (2 * holds - 1) + judge.bias + judge.fixed * fixed
        logits = logits + judge.drawn * rng.normal(size=TESTED_CASES)
        chances = (1 / (1 + np.exp(-logits))).tolist()
        answers += [TrialAnswer("object", wording, bool(h), p) for h, p in zip(holds, chances, strict=True)]
    found = reliability_of_kinds(figures_of(answers))
    # These worlds give answers from which the known part of the bias was taken already.
    return {kind: one.model_copy(update={"threshold": 0.0}) for kind, one in found.items()}


@dataclass(frozen=True)
class Marks:
    """A verdict without the words, for policies that need no critique: the same figures as look and look_again give,
    twenty times as fast. chances: by requirement. quality: of the picture. looks, passed, blank: as in a critique."""

    chances: np.ndarray
    met: np.ndarray
    quality: float
    score: float
    looks: int = 1
    passed: bool = False
    blank: np.ndarray | None = None

    @property
    def holds(self) -> bool:
        return bool(self.met.all()) and self.quality >= scoring.POOR_QUALITY and self.score >= PASS_SCORE


def marks(world: World, picture: Picture, blank: np.ndarray | None = None) -> Marks:
    """As look."""
    logits, quality = world.look(picture)
    first = _marks(_lowered(logits, blank), quality)
    if not first.holds:
        return first
    told = None
    if blank is None:
        blank = told = world.look_at_blank()
        first = _marks(_lowered(logits, blank), quality)
    if first.holds:
        second = marks_again(world, picture, blank)
        logits = (_logits(first.chances) + _logits(second.chances)) / 2
        both = _marks(logits, (first.quality + second.quality) / 2, first.met & second.met)
        first = replace(both, looks=2, passed=second.holds and both.holds)
    return replace(first, blank=told)


def marks_again(world: World, picture: Picture, blank: np.ndarray | None = None) -> Marks:
    """As look_again."""
    logits, quality = world.look(picture, again=True)
    return _marks(_lowered(logits, blank), quality)


def _lowered(logits: np.ndarray, blank: np.ndarray | None) -> np.ndarray:
    return logits if blank is None else logits - np.maximum(blank, 0.0)


def _marks(logits: np.ndarray, quality: float, met: np.ndarray | None = None) -> Marks:
    chances = np.clip(1 / (1 + np.exp(-logits)), scoring.LEAST, scoring.MOST)
    met = chances > UNKNOWN if met is None else met
    counted = np.where(met, chances, np.minimum(chances, UNKNOWN))
    matched = float(np.exp(np.log(counted).mean()))
    return Marks(chances, met, quality, scoring.overall_score(matched, [quality]))


def _logits(chances: np.ndarray) -> np.ndarray:
    return np.log(chances / (1 - chances))
