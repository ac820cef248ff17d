"""The judge that the user chose: the vision model, the offline checks, or whichever can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

from . import offline
from .critique import Check, Critique
from .look import judge_batch
from .picture import Pictures
from .vision_model import ModelUnfit, ModelUnreachable, VisionModel

JudgeKind = Literal["auto", "ollama", "offline"]


class ChosenJudge:
    """model may be None for the offline kind only. pass_score: 0..1. checks: which checks count."""

    def __init__(self, kind: JudgeKind, model: VisionModel | None, pass_score: float, checks: Sequence[Check]) -> None:
        self.kind, self.model, self.pass_score, self.checks = kind, model, pass_score, checks

    @property
    def looks(self) -> bool:
        """Whether a model is to be shown the pictures, as JPEG."""
        return self.kind != "offline"

    async def judge(
        self, images: Pictures, goal: str, seed: int, others: Sequence[Mapping[str, float]] = ()
    ) -> tuple[list[Critique], int]:
        """A critique for each picture, and the index of the best.

        others: offline measures of the run's earlier pictures. Where no server answers, `auto` falls back to
        the offline checks, which say so; `ollama` gives "unreachable" critiques, as both do for a model that cannot
        judge.
        """
        missing = ""
        if self.kind == "auto":
            try:
                await self.model.check()
            except ModelUnfit:
                pass  # asked below, it gives a critique that says so
            except ModelUnreachable as problem:
                missing = f" {problem}"
        if self.kind == "offline" or missing:
            found = await asyncio.to_thread(lambda: [offline.critique(image, others) for image in images])
            critiques = [c.model_copy(update={"reason": c.reason + missing}) for c in found]
            best = max(range(len(critiques)), key=lambda i: (critiques[i].passed, critiques[i].score or 0.0, -i))
            return critiques, best
        return await judge_batch(self.model, images, goal, self.pass_score, self.checks, seed)
