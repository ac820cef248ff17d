"""The judge that the user chose: the vision model, the offline checks, or whichever can be had."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from . import offline
from .checklist import Checklist
from .checklist_making import make_checklist
from .checklist_rules import checklist_of_goal, checklist_of_lines
from .critique import Check, Critique
from .editor import propose, with_edits
from .look import judge_batch, second_look
from .picture import Picture, Pictures, encode_jpeg
from .scoring import NO_BIAS, Bias
from .self_test import SelfTest, weighed
from .vision_model import AnswerUnusable, ModelFailure, ModelUnfit, ModelUnreachable, VisionModel

JudgeKind = Literal["auto", "ollama", "offline"]


class ChosenJudge:
    """model may be None for the offline kind only. pass_score: 0..1. checks: which checks count.

    bias: what the self-test found about this model. votes: see judge_batch.
    tested: the self-test itself; it lowers the trust in requirements that this model cannot tell.
    """

    def __init__(
        self,
        kind: JudgeKind,
        model: VisionModel | None,
        pass_score: float,
        checks: Sequence[Check],
        bias: Bias = NO_BIAS,
        votes: int = 1,
        tested: SelfTest | None = None,
    ) -> None:
        self.kind, self.model, self.pass_score, self.checks = kind, model, pass_score, checks
        self.bias, self.votes, self.tested = bias, votes, tested

    async def make_checklist(self, goal: str, lines: Sequence[str] = (), seed: int = 0) -> Checklist:
        """The checklist of a run: the user's lines if there are any, else the goal taken apart.

        By the model where it can; by rule for the offline judge, for `auto` where no server answers, and where the
        model writes none. The model stays loaded for the look that follows. Raises ValueError for unusable lines, and
        ModelUnreachable (ModelUnfit) where the judge itself could not judge either.
        """
        made = await self._made(goal, lines, seed)
        return weighed(made, self.tested) if self.looks else made

    async def _made(self, goal: str, lines: Sequence[str], seed: int) -> Checklist:
        if any(line.strip() for line in lines):
            return checklist_of_lines(goal, lines)
        if self.kind == "offline" or not goal.strip():
            return checklist_of_goal(goal)
        try:
            return await make_checklist(self.model, goal, seed)
        except ModelUnfit:
            raise
        except ModelUnreachable:
            if self.kind == "auto":
                return checklist_of_goal(goal)
            raise
        except AnswerUnusable:
            return checklist_of_goal(goal)

    @property
    def looks(self) -> bool:
        """Whether a model is to be shown the pictures, as JPEG."""
        return self.kind != "offline"

    async def judge(
        self,
        images: Pictures,
        checklist: Checklist,
        seed: int,
        others: Sequence[Mapping[str, float]] = (),
        blank: Mapping[str, float] | None = None,
    ) -> tuple[list[Critique], int]:
        """A critique for each picture, and the index of the best. No edits are asked for.

        others: offline measures of the run's earlier pictures. blank: what an earlier verdict by this checklist told
        about a blank picture (Critique.blank). Where no server answers, `auto` falls back to the offline checks, which
        say so; `ollama` gives "unreachable" critiques, as both do for a model that cannot judge.
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
        bias = self.bias if blank is None else replace(self.bias, blank=blank)
        return await judge_batch(
            Held(self.model), images, checklist, self.pass_score, self.checks, seed, bias, False, self.votes
        )

    async def edited(
        self,
        picture: Picture,
        checklist: Checklist,
        critique: Critique,
        wanted: Sequence[str],
        seed: int,
        style: str = "",
    ) -> Critique:
        """The critique with the editor's proposals for the wanted requirements; as it is when the editor fails.

        style: see editor.propose.
        """
        failing = [item for item in critique.items if item.id in wanted and not item.passed]
        if not self.looks or not failing:
            return critique
        begun = time.perf_counter()
        try:
            jpeg = (await asyncio.to_thread(encode_jpeg, picture)).jpeg
            edits = await propose(self.model, jpeg, checklist, failing, seed, style)
        except ModelFailure:
            return critique
        found = with_edits(critique, edits, checklist)
        return found.model_copy(update={"seconds": round(found.seconds + time.perf_counter() - begun, 4)})

    async def look_again(
        self, picture: Picture, checklist: Checklist, seed: int, blank: Mapping[str, float] | None = None
    ) -> Critique:
        """What one look in the second wording finds, alone. blank: see judge."""
        bias = self.bias if blank is None else replace(self.bias, blank=blank)
        return await second_look(
            Held(self.model), picture, checklist, self.pass_score, self.checks, seed, bias, None, self.votes
        )

    async def release(self) -> None:
        """The last question of this iteration was asked: give memory back if keep_alive says so. Never raises."""
        if self.looks:
            await self.model.release()


class Held:
    """A model that stays loaded between the questions of one iteration: releasing is left to whoever holds it."""

    def __init__(self, model: VisionModel) -> None:
        self.name, self.check, self.ask, self.digest = model.name, model.check, model.ask, model.digest

    async def release(self) -> None:
        """Nothing: see ChosenJudge.release."""
