"""A verdict about each picture: two looks before it passes, and proposals for the best one when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from .checklist import Checklist
from .critique import CHECKS, Check, Critique
from .looker import Looker, Seen
from .picture import Picture, Pictures
from .scoring import NO_BIAS, Bias
from .vision_model import VisionModel


class BatchVerdict(NamedTuple):
    """critiques: one per picture, in the order of the batch. best: index of the best of them by (passed, score)."""

    critiques: list[Critique]
    best: int


def parse_checks(text: str) -> tuple[Check, ...]:
    """The checks that count, from comma separated names. Empty means all; prompt_match always counts.

    Raises ValueError naming the valid checks.
    """
    names = {name.strip().lower() for name in text.split(",")} - {""}
    unknown = sorted(names - set(CHECKS))
    if unknown:
        raise ValueError(
            f'There is no check named "{unknown[0]}". Use any of {", ".join(CHECKS)}, separated by commas, '
            "or leave the field empty for all."
        )
    return tuple(name for name in CHECKS if not names or name in names or name == "prompt_match")


async def judge_batch(
    model: VisionModel,
    images: Pictures,
    checklist: Checklist,
    pass_score: float,
    checks: Sequence[str],
    seed: int,
    bias: Bias = NO_BIAS,
    want_edits: bool = True,
    votes: int = 1,
) -> BatchVerdict:
    """Judge each picture of IMAGE [B,H,W,C] (float 0..1; C 1, 3 or 4) by the checklist; the best is the first on a tie.

    One passes when every item does, no quality level that counts is poor and the score reaches pass_score (0..1), in
    two differently worded looks (loop-science, 4.3, the strict rule). checks: names from CHECKS that count, see
    parse_checks. seed: any whole number; it decides the order of the questions. want_edits: whether the editor is
    asked about the best one when an item fails. votes: answers drawn for a look where the server gives no token
    probabilities. A model that fails is an outcome, never an exception; once it is unreachable, it is not asked about
    the rest of the batch. What its `ask` raises besides ModelFailure (an interrupt) goes through. The model is released
    at the end in every case. Raises ValueError for an empty batch or checklist.
    """
    if not len(images):
        raise ValueError("There is no picture in the batch. Link the output of a VAE decode to images.")
    looker = Looker(model, checklist, pass_score, checks, seed, bias, votes)
    seen: list[Seen] = []
    try:
        for image in images:
            if seen and seen[-1].critique.outcome == "unreachable":
                seen.append(Seen(seen[-1].critique.model_copy(update={"seconds": 0.0})))
            else:
                seen.append(await looker.judged(image))
        ranks = [(one.critique.passed, -1.0 if one.critique.score is None else one.critique.score) for one in seen]
        best = ranks.index(max(ranks))
        if want_edits:
            seen[best] = await looker.edited(seen[best])
    finally:
        await model.release()
    return BatchVerdict([one.critique.model_copy(update={"blank": looker.blank}) for one in seen], best)


async def second_look(
    model: VisionModel,
    image: torch.Tensor | Picture,
    checklist: Checklist,
    pass_score: float,
    checks: Sequence[str],
    seed: int,
    bias: Bias = NO_BIAS,
    first: Critique | None = None,
    votes: int = 1,
) -> Critique:
    """Look at IMAGE [H,W,C] once, in the second wording: the final look at the best pictures of a run.

    first: the picture's critique so far; both are then merged, and passed by the strict rule. Without it the critique
    of this look alone, never passed. When the model fails, `first` unchanged; without it, as judge_batch.
    One that saw the picture twice already is not asked again. The model is released. Raises ValueError as above.
    """
    if first is not None and (first.looks != 1 or not first.items):
        return first
    looker = Looker(model, checklist, pass_score, checks, seed, bias, votes)
    try:
        return await looker.again(image, first)
    finally:
        await model.release()
