"""The judge of pictures: which one was chosen, its looks at a batch, and the second look at the best."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch

from . import offline
from .answers import LookResult, read_look
from .ask import SEED_LIMIT, ask_twice
from .blank_check import blank_check
from .checklist import Checklist
from .checklist_builder import make_checklist
from .checklist_rules import checklist_of_goal, checklist_of_lines
from .critique import CHECKS, Check, Critique
from .editor import propose, with_edits
from .offline import broken
from .picture import Picture, Pictures, encode_jpeg
from .questions import LookQuestions, Wording, look_questions
from .scoring import NO_BIAS, Bias
from .self_test import SelfTest, lower_trust
from .verdict import critique_of, holds, merge_looks
from .vision_model import AnswerUnusable, ModelFailure, ModelUnfit, ModelUnreachable, Question, Reply, VisionModel

VOTE_TEMPERATURE = 0.7
"""Of repeated answers where a server has no probabilities (docs/design-notes.md, 2.9)."""


@dataclass(frozen=True)
class Seen:
    """A judged picture. jpeg: as the model saw it; empty when there is nothing to ask an editor."""

    critique: Critique
    jpeg: bytes = b""


@dataclass(frozen=True)
class _Answered:
    """One look, answered. votes: further answers, where there are no probabilities."""

    questions: LookQuestions
    reply: Reply
    votes: tuple[Reply, ...] = ()


class Looker:
    """Looks at pictures with one checklist and one model. Raises ValueError for an empty checklist.

    Where bias.blank is None, the model is shown a blank picture before its first "all is there" is believed. blank:
    what that told, for verdicts to come.
    """

    def __init__(
        self,
        model: VisionModel,
        checklist: Checklist,
        pass_score: float,
        checks: Sequence[str],
        seed: int,
        bias: Bias,
        votes: int,
    ) -> None:
        if not checklist.requirements:
            raise ValueError("The checklist is empty. Write at least one requirement, one a line.")
        self.model, self.checklist, self.pass_score, self.checks = model, checklist, pass_score, checks
        self.seed, self.bias, self.votes = seed % SEED_LIMIT, bias, votes
        self.blank: dict[str, float] | None = None

    async def judged(self, image: torch.Tensor | Picture) -> Seen:
        """The verdict about IMAGE [H,W,C], with a second look where the first finds everything."""
        begun = time.perf_counter()
        seen = await self._verdict(image)
        return self._timed(seen, begun)

    async def edited(self, seen: Seen) -> Seen:
        """With the editor's proposals, where an item fails; the verdict stands when the editor does not answer."""
        critique, begun = seen.critique, time.perf_counter()
        if not seen.jpeg or all(item.passed for item in critique.items):
            return seen
        try:
            edits = await propose(self.model, seen.jpeg, self.checklist, critique.items, self.seed)
        except ModelFailure:
            return self._timed(seen, begun)
        return self._timed(Seen(with_edits(critique, edits, self.checklist), seen.jpeg), begun)

    async def again(self, image: torch.Tensor | Picture, first: Critique | None) -> Critique:
        """One look in the second wording, merged with the first one's critique if there is one."""
        begun = time.perf_counter()
        try:
            jpeg = await self._encoded(image)
            if isinstance(jpeg, Critique):
                return first or self._timed(Seen(jpeg), begun).critique
            second = self._critique(self._read(await self._look(jpeg, 2)))
        except (ModelUnreachable, AnswerUnusable) as problem:
            return first or self._timed(Seen(self._failed(problem)), begun).critique
        found = second if first is None else merge_looks(first, second, self.checklist, self.pass_score, self.bias)
        return self._timed(Seen(found), begun).critique

    async def _verdict(self, image: torch.Tensor | Picture) -> Seen:
        try:
            jpeg = await self._encoded(image)
            if isinstance(jpeg, Critique):
                return Seen(jpeg)
            answered = await self._look(jpeg, 1)
        except (ModelUnreachable, AnswerUnusable) as problem:
            return Seen(self._failed(problem))
        result = self._read(answered)
        first = self._critique(result)
        try:
            if holds(first, self.pass_score) and not result.plain and self.bias.blank is None:
                self.blank = await blank_check(self.model, self.checklist, self.seed)
                self.bias = replace(self.bias, blank=self.blank)
                first = self._critique(self._read(answered))
            if not holds(first, self.pass_score):
                return Seen(first, b"" if result.plain else jpeg)
            result = self._read(await self._look(jpeg, 2))
        except (ModelUnreachable, AnswerUnusable) as problem:
            reason = f"The first look finds everything, but there was no second one. {problem}"
            return Seen(first.model_copy(update={"reason": reason}))
        both = merge_looks(first, self._critique(result), self.checklist, self.pass_score, self.bias)
        return Seen(both, b"" if result.plain else jpeg)

    async def _encoded(self, image: torch.Tensor | Picture) -> bytes | Critique:
        """The JPEG for a model that is there, or the critique of a picture that shows nothing."""
        fault = await asyncio.to_thread(broken, image)
        if fault is not None:
            return Critique(judge="ollama", outcome="judged", score=0.0, reason=fault)
        await self.model.check()
        return (await asyncio.to_thread(encode_jpeg, image)).jpeg

    async def _look(self, jpeg: bytes, wording: Wording) -> _Answered:
        """One look, asked once more with the reason when the answer cannot be used."""
        questions = look_questions(self.checklist, self.seed, wording)
        seed = (self.seed + wording - 1) % SEED_LIMIT
        question = Question(questions.system, questions.text, jpeg, questions.schema, seed, probabilities=True)
        replies: list[Reply] = []

        def read(reply: Reply) -> tuple[LookResult, str]:
            found = read_look(reply, questions, self.checklist, self.bias)
            replies.append(reply)
            return found

        result = await ask_twice(self.model, question, read)
        if result.plain or replies[-1].tokens or self.votes < 2:
            return _Answered(questions, replies[-1])
        votes = []
        for number in range(1, self.votes):
            drawn = replace(question, seed=(seed + 1000 * number) % SEED_LIMIT, temperature=VOTE_TEMPERATURE)
            try:
                votes.append(await self.model.ask(drawn))
            except AnswerUnusable:
                votes.append(Reply(""))
        return _Answered(questions, replies[-1], tuple(votes))

    def _read(self, answered: _Answered) -> LookResult:
        """As the bias known by now has it."""
        return read_look(answered.reply, answered.questions, self.checklist, self.bias, answered.votes)[0]

    def _critique(self, result: LookResult) -> Critique:
        return critique_of(result, self.checklist, self.pass_score, self.checks, self.bias)

    def _failed(self, problem: ModelFailure) -> Critique:
        if isinstance(problem, ModelUnreachable):
            return Critique(judge="ollama", outcome="unreachable", reason=str(problem))
        reason = f"{self.model.name} gave no usable answer in two tries. {problem} Try another judge model."
        return Critique(judge="ollama", outcome="unreadable", reason=reason)

    def _timed(self, seen: Seen, begun: float) -> Seen:
        seconds = round(seen.critique.seconds + time.perf_counter() - begun, 4)
        return Seen(seen.critique.model_copy(update={"model": self.model.name, "seconds": seconds}), seen.jpeg)


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
    two differently worded looks (docs/design-notes.md, 2.13). checks: names from CHECKS that count, see
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
        return lower_trust(made, self.tested) if self.looks else made

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
