"""A judge's logits as the pack's own critiques and scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..engine.judge import scoring
from ..engine.judge.checklist import Checklist, Requirement
from ..engine.judge.critique import Critique, Item
from ..engine.judge.scoring import UNKNOWN
from ..engine.judge.verdict import holds, merge_looks
from ._policy_world import Picture, World

PASS_SCORE = 0.8
"""The pack's default."""

THINGS = (
    "red umbrella|wooden boat|three ducks|old lighthouse|yellow coat|paper lantern|white horse|brick bridge|"
    "green bottle|stone fountain|blue door|iron gate"
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


def look(world: World, asked: Checklist, picture: Picture) -> Critique:
    """The judge's verdict as in engine.judge: a second look when the first one finds nothing wrong."""
    first = critique(asked, *world.look(picture))
    if not holds(first, PASS_SCORE):
        return first
    return merge_looks(first, look_again(world, asked, picture), asked, PASS_SCORE)


def look_again(world: World, asked: Checklist, picture: Picture) -> Critique:
    """What a look in other words finds, alone."""
    return critique(asked, *world.look(picture, again=True))


@dataclass(frozen=True)
class Marks:
    """A verdict without the words, for policies that need no critique: the same figures as look and look_again give,
    twenty times as fast. chances: by requirement. quality: of the picture. looks, passed: as in a critique."""

    chances: np.ndarray
    met: np.ndarray
    quality: float
    score: float
    looks: int = 1
    passed: bool = False

    @property
    def holds(self) -> bool:
        return bool(self.met.all()) and self.quality >= scoring.POOR_QUALITY and self.score >= PASS_SCORE


def marks(world: World, picture: Picture) -> Marks:
    """As look."""
    first = _marks(*world.look(picture))
    if not first.holds:
        return first
    second = marks_again(world, picture)
    logits = (_logits(first.chances) + _logits(second.chances)) / 2
    both = _marks(logits, (first.quality + second.quality) / 2, first.met & second.met)
    return replace(both, looks=2, passed=second.holds and both.holds)


def marks_again(world: World, picture: Picture) -> Marks:
    """As look_again."""
    return _marks(*world.look(picture, again=True))


def _marks(logits: np.ndarray, quality: float, met: np.ndarray | None = None) -> Marks:
    chances = np.clip(1 / (1 + np.exp(-logits)), scoring.LEAST, scoring.MOST)
    met = chances > UNKNOWN if met is None else met
    counted = np.where(met, chances, np.minimum(chances, UNKNOWN))
    matched = float(np.exp(np.log(counted).mean()))
    return Marks(chances, met, quality, scoring.overall_score(matched, [quality]))


def _logits(chances: np.ndarray) -> np.ndarray:
    return np.log(chances / (1 - chances))
