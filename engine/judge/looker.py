"""Looks at pictures through a model: gate, encode, ask, read, confirm, and ask the editor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from .asking import SEED_LIMIT, ask_twice
from .blank import blank_check
from .checklist import Checklist
from .critique import Critique
from .editor import propose, with_edits
from .offline import broken
from .picture import Picture, encode_jpeg
from .questions import LookQuestions, Wording, look_questions
from .scoring import Bias
from .sight import Sight, read_look
from .verdict import critique_of, holds, merged
from .vision_model import AnswerUnusable, ModelFailure, ModelUnreachable, Question, Reply, VisionModel

VOTE_TEMPERATURE = 0.7
"""Of repeated answers where a server has no probabilities (loop-science, 3.3)."""


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
        found = second if first is None else merged(first, second, self.checklist, self.pass_score, self.bias)
        return self._timed(Seen(found), begun).critique

    async def _verdict(self, image: torch.Tensor | Picture) -> Seen:
        try:
            jpeg = await self._encoded(image)
            if isinstance(jpeg, Critique):
                return Seen(jpeg)
            answered = await self._look(jpeg, 1)
        except (ModelUnreachable, AnswerUnusable) as problem:
            return Seen(self._failed(problem))
        sight = self._read(answered)
        first = self._critique(sight)
        try:
            if holds(first, self.pass_score) and not sight.plain and self.bias.blank is None:
                self.blank = await blank_check(self.model, self.checklist, self.seed)
                self.bias = replace(self.bias, blank=self.blank)
                first = self._critique(self._read(answered))
            if not holds(first, self.pass_score):
                return Seen(first, b"" if sight.plain else jpeg)
            sight = self._read(await self._look(jpeg, 2))
        except (ModelUnreachable, AnswerUnusable) as problem:
            reason = f"The first look finds everything, but there was no second one. {problem}"
            return Seen(first.model_copy(update={"reason": reason}))
        both = merged(first, self._critique(sight), self.checklist, self.pass_score, self.bias)
        return Seen(both, b"" if sight.plain else jpeg)

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

        def read(reply: Reply) -> tuple[Sight, str]:
            found = read_look(reply, questions, self.checklist, self.bias)
            replies.append(reply)
            return found

        sight = await ask_twice(self.model, question, read)
        if sight.plain or replies[-1].tokens or self.votes < 2:
            return _Answered(questions, replies[-1])
        votes = []
        for number in range(1, self.votes):
            drawn = replace(question, seed=(seed + 1000 * number) % SEED_LIMIT, temperature=VOTE_TEMPERATURE)
            try:
                votes.append(await self.model.ask(drawn))
            except AnswerUnusable:
                votes.append(Reply(""))
        return _Answered(questions, replies[-1], tuple(votes))

    def _read(self, answered: _Answered) -> Sight:
        """As the bias known by now has it."""
        return read_look(answered.reply, answered.questions, self.checklist, self.bias, answered.votes)[0]

    def _critique(self, sight: Sight) -> Critique:
        return critique_of(sight, self.checklist, self.pass_score, self.checks, self.bias)

    def _failed(self, problem: ModelFailure) -> Critique:
        if isinstance(problem, ModelUnreachable):
            return Critique(judge="ollama", outcome="unreachable", reason=str(problem))
        reason = f"{self.model.name} gave no usable answer in two tries. {problem} Try another judge model."
        return Critique(judge="ollama", outcome="unreadable", reason=reason)

    def _timed(self, seen: Seen, begun: float) -> Seen:
        seconds = round(seen.critique.seconds + time.perf_counter() - begun, 4)
        return Seen(seen.critique.model_copy(update={"model": self.model.name, "seconds": seconds}), seen.jpeg)
