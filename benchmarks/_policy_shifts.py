"""Worlds that break one assumption of the usual ones, so that a policy tuned to these shows it. All of it is ours."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ._policy_world import BASE_TOKENS, WORLD1, Judge, Kind, Picture, World

STRONG = Judge(2.9, 0.2, 1.0, 0.8)
"""TPR .99, FPR .02 for each requirement."""
TOKEN_BUDGET = BASE_TOKENS + 4
"""Where long prompts hurt: tokens that cost nothing, one clause over the user's prompt."""
SECOND_WORDING = 0.7
"""Share of an imagined thing that a question in other words still imagines."""


@dataclass(frozen=True)
class Shift:
    """What is different from the kind's own world.

    seed_luck, own_luck: scales of what the seed and what the render decide. long_prompts_hurt: beyond TOKEN_BUDGET.
    bias_kept: no self-test was run. question_error: spread, in logits, of an error that all pictures share.
    overconfident: scale of the judge's logits. imagines: share of questions answered yes whatever is shown.
    editor: "usual", "useless" or "repeating". impossible: requirements that nothing brings.
    """

    kind: Kind = WORLD1
    seed_luck: float = 1.0
    own_luck: float = 1.0
    long_prompts_hurt: bool = False
    bias_kept: bool = False
    question_error: float = 0.0
    overconfident: float = 1.0
    imagines: float = 0.0
    editor: str = "usual"
    impossible: int = 0


SHIFTS = {
    "seeds_matter": Shift(replace(WORLD1, systematic=0.1), seed_luck=1.5),
    "words_matter": Shift(replace(WORLD1, systematic=0.9), seed_luck=0.4, own_luck=0.6),
    "long_prompts_hurt": Shift(long_prompts_hurt=True),
    "two_requirements": Shift(replace(WORLD1, requirements=2)),
    "three_hard_requirements": Shift(replace(WORLD1, requirements=3, hard=0.6)),
    "sixteen_requirements": Shift(replace(WORLD1, requirements=16)),
    "strong_judge": Shift(replace(WORLD1, judge=STRONG)),
    "useless_editor": Shift(editor="useless"),
    "repeating_editor": Shift(editor="repeating"),
    "imagining_judge": Shift(imagines=0.15),
    "untested_judge": Shift(bias_kept=True),
    "overconfident_judge": Shift(overconfident=1.8),
    "error_of_each_question": Shift(question_error=0.7),
    "impossible_requirement": Shift(impossible=1),
}


class ShiftedWorld(World):
    """A world with one thing different; all other draws are those of the usual world of that number."""

    def __init__(self, shift: Shift, seed: int, number: int) -> None:
        super().__init__(shift.kind, seed, number)
        self.shift = shift
        rng = np.random.default_rng([seed, number, 1])
        n = shift.kind.requirements
        self.luck = self.luck * shift.seed_luck
        self.own_luck = self.own_luck * shift.own_luck
        first, second = rng.normal(0, shift.question_error, (2, n))
        imagined = np.where(rng.random(n) < shift.imagines, 3.0, 0.0)
        self.question_errors = np.stack([first + imagined, 0.6 * first + 0.8 * second + SECOND_WORDING * imagined])
        if shift.impossible:
            never = rng.permutation(n)[: shift.impossible]
            self.ease = self.ease.copy()
            self.ease[never] = -9
            self.effects = self.effects.copy()
            self.effects[never] = 0
        if shift.editor == "repeating":
            idea = self.effects[:, :1]
            self.effects = np.where(idea == 0, 0, idea + 0.1 * rng.normal(size=self.effects.shape))
            self.side_effects = np.broadcast_to(self.side_effects[:, :1], self.side_effects.shape)
        elif shift.editor == "useless":
            kinds = rng.random(self.effects.shape)
            helpful = np.abs(rng.normal(1.3, 0.5, kinds.shape))
            harmful = -np.abs(rng.normal(0.8, 0.4, kinds.shape))
            self.effects = np.where(kinds < 0.08, helpful, np.where(kinds > 0.5, harmful, 0.0))
            self.side_effects = self.side_effects * 1.5

    def lost_to_length(self, tokens: int) -> float:
        if not self.shift.long_prompts_hurt:
            return super().lost_to_length(tokens)
        return 2.2 * (1 - math.exp(-max(0, tokens - TOKEN_BUDGET) / 10))

    def look(self, picture: Picture, again: bool = False, holistic: bool = False) -> tuple[np.ndarray, float]:
        logits, quality = super().look(picture, again, holistic)
        logits = logits + self.question_errors[int(again)]
        if self.shift.bias_kept and not holistic:
            logits = logits + self.kind.judge.bias - self.bias_error
        return logits * self.shift.overconfident, quality
