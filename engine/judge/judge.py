"""The judge of pictures: one object that owns what the critic's inputs say about judging, and its looks at pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

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
from .picture import Picture, encode_jpeg
from .questions import LookQuestions, Wording, look_questions
from .scoring import NO_BIAS, Bias
from .self_test import SelfTest, lower_trust
from .verdict import critique_of, holds, merge_looks
from .vision_model import AnswerUnusable, ModelFailure, ModelUnfit, ModelUnreachable, Question, Reply, VisionModel

VOTE_TEMPERATURE = 0.7
"""Of repeated answers where a server has no probabilities (docs/design-notes.md, 2.9)."""

JudgeKind = Literal["auto", "ollama", "offline"]


class BatchVerdict(NamedTuple):
    """critiques: one per picture, in the order of the batch. best: index of the best of them by (passed, score)."""

    critiques: list[Critique]
    best: int


@dataclass(frozen=True)
class _AnsweredLook:
    """One look, answered. votes: further answers, where there are no probabilities."""

    questions: LookQuestions
    reply: Reply
    votes: tuple[Reply, ...] = ()


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


class Judge:
    """A judge bound to a critic's own inputs.

    model may be None for the offline kind only. pass_score: 0..1. checks: which checks count, see parse_checks.
    bias: what the self-test found about this model, and what it said of a blank picture once that is known.
    votes: answers drawn for a look where the server gives no token probabilities.
    tested: the self-test itself; it lowers the trust in requirements that this model cannot tell.

    A model that fails is an outcome, never an exception. What its `ask` raises besides ModelFailure (an interrupt) goes
    through. The model stays loaded between questions; nothing is released before release() is called.
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

    @property
    def looks(self) -> bool:
        """Whether a model is to be shown the pictures, as JPEG."""
        return self.kind != "offline"

    def remember_blank(self, blank: Mapping[str, float] | None) -> None:
        """What an earlier verdict by the same checklist told about a blank picture (Critique.blank); None: nothing."""
        if blank is not None:
            self.bias = replace(self.bias, blank=blank)

    async def make_checklist(self, goal: str, lines: Sequence[str] = (), seed: int = 0) -> Checklist:
        """The checklist of a run: the user's lines if there are any, else the goal taken apart.

        By the model where it can; by rule for the offline judge, for `auto` where no server answers, and where the
        model writes none. Raises ValueError for unusable lines, and ModelUnreachable (ModelUnfit) where the judge
        itself could not judge either.
        """
        made = await self._made(goal, lines, seed)
        return lower_trust(made, self.tested) if self.looks else made

    async def judge_pictures(
        self, pictures: Sequence[Picture], checklist: Checklist, seed: int, others: Sequence[Mapping[str, float]] = ()
    ) -> BatchVerdict:
        """A critique for each picture, and the index of the best, the first on a tie.

        One passes when every item does, no quality level that counts is poor and the score reaches the pass score, in
        two differently worded looks (docs/design-notes.md, 2.13). seed: any whole number; it decides the order of the
        questions. others: offline measures of the run's earlier pictures.

        Where no server answers, `auto` falls back to the offline checks, which say so; `ollama` gives "unreachable"
        critiques, as both do for a model that cannot judge; then it is not asked about the rest of the batch.
        Raises ValueError for no pictures, and for an empty checklist where a model is to look.
        """
        if not pictures:
            raise ValueError("There is no picture in the batch. Link the output of a VAE decode to images.")
        missing = await self._missing()
        if self.kind == "offline" or missing:
            measured = await asyncio.to_thread(lambda: [offline.critique(picture, others) for picture in pictures])
            return _best_of([c.model_copy(update={"reason": c.reason + missing}) for c in measured])
        known_before = self.bias.blank
        critiques: list[Critique] = []
        for picture in pictures:
            if critiques and critiques[-1].outcome == "unreachable":
                critiques.append(critiques[-1].model_copy(update={"seconds": 0.0}))
            else:
                begun = time.perf_counter()
                critiques.append(self._timed(await self._judged(picture, checklist, seed), begun))
        told = self.bias.blank if known_before is None else None
        return _best_of([critique.model_copy(update={"blank": told}) for critique in critiques])

    async def look_again(self, picture: Picture, checklist: Checklist, seed: int) -> Critique:
        """What one look in the second wording finds, alone; never passed. Raises ValueError for an empty checklist."""
        begun = time.perf_counter()
        try:
            found = await self._encoded(picture)
            if not isinstance(found, Critique):
                answered = await self._look(found, checklist, seed, 2)
                found = self._critique(self._read(answered, checklist), checklist)
        except (ModelUnreachable, AnswerUnusable) as problem:
            found = self._failed(problem)
        return self._timed(found, begun)

    async def propose_edits(
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

    async def release(self) -> None:
        """The last question of this iteration was asked: give memory back if keep_alive says so. Never raises."""
        if self.looks:
            await self.model.release()

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

    async def _missing(self) -> str:
        """Why `auto` has to do without its model, as a sentence with a blank before it; "" when it need not."""
        if self.kind != "auto":
            return ""
        try:
            await self.model.check()
        except ModelUnfit:
            pass  # asked all the same, it gives a critique that says so
        except ModelUnreachable as problem:
            return f" {problem}"
        return ""

    async def _judged(self, picture: Picture, checklist: Checklist, seed: int) -> Critique:
        """The verdict about one picture, with a second look where the first finds everything.

        Where nobody knows yet what the model sees in a blank picture, it is shown one before its first "all is there"
        is believed.
        """
        try:
            jpeg = await self._encoded(picture)
            if isinstance(jpeg, Critique):
                return jpeg
            answered = await self._look(jpeg, checklist, seed, 1)
        except (ModelUnreachable, AnswerUnusable) as problem:
            return self._failed(problem)
        result = self._read(answered, checklist)
        first = self._critique(result, checklist)
        try:
            if holds(first, self.pass_score) and not result.plain and self.bias.blank is None:
                self.remember_blank(await blank_check(self.model, checklist, seed % SEED_LIMIT))
                first = self._critique(self._read(answered, checklist), checklist)
            if not holds(first, self.pass_score):
                return first
            second = self._read(await self._look(jpeg, checklist, seed, 2), checklist)
        except (ModelUnreachable, AnswerUnusable) as problem:
            reason = f"The first look finds everything, but there was no second one. {problem}"
            return first.model_copy(update={"reason": reason})
        return merge_looks(first, self._critique(second, checklist), checklist, self.pass_score, self.bias)

    async def _encoded(self, picture: Picture) -> bytes | Critique:
        """The JPEG for a model that is there, or the critique of a picture that shows nothing."""
        fault = await asyncio.to_thread(broken, picture)
        if fault is not None:
            return Critique(judge="ollama", outcome="judged", score=0.0, reason=fault)
        await self.model.check()
        return (await asyncio.to_thread(encode_jpeg, picture)).jpeg

    async def _look(self, jpeg: bytes, checklist: Checklist, seed: int, wording: Wording) -> _AnsweredLook:
        """One look, asked once more with the reason when the answer cannot be used."""
        if not checklist.requirements:
            raise ValueError("The checklist is empty. Write at least one requirement, one a line.")
        questions = look_questions(checklist, seed % SEED_LIMIT, wording)
        seed = (seed + wording - 1) % SEED_LIMIT
        question = Question(questions.system, questions.text, jpeg, questions.schema, seed, probabilities=True)
        replies: list[Reply] = []

        def read(reply: Reply) -> tuple[LookResult, str]:
            found = read_look(reply, questions, checklist, self.bias)
            replies.append(reply)
            return found

        result = await ask_twice(self.model, question, read)
        if result.plain or replies[-1].tokens or self.votes < 2:
            return _AnsweredLook(questions, replies[-1])
        votes = []
        for number in range(1, self.votes):
            drawn = replace(question, seed=(seed + 1000 * number) % SEED_LIMIT, temperature=VOTE_TEMPERATURE)
            try:
                votes.append(await self.model.ask(drawn))
            except AnswerUnusable:
                votes.append(Reply(""))
        return _AnsweredLook(questions, replies[-1], tuple(votes))

    def _read(self, answered: _AnsweredLook, checklist: Checklist) -> LookResult:
        """As the bias known by now has it."""
        return read_look(answered.reply, answered.questions, checklist, self.bias, answered.votes)[0]

    def _critique(self, result: LookResult, checklist: Checklist) -> Critique:
        return critique_of(result, checklist, self.pass_score, self.checks, self.bias)

    def _failed(self, problem: ModelFailure) -> Critique:
        if isinstance(problem, ModelUnreachable):
            return Critique(judge="ollama", outcome="unreachable", reason=str(problem))
        reason = f"{self.model.name} gave no usable answer in two tries. {problem} Try another judge model."
        return Critique(judge="ollama", outcome="unreadable", reason=reason)

    def _timed(self, critique: Critique, begun: float) -> Critique:
        seconds = round(critique.seconds + time.perf_counter() - begun, 4)
        return critique.model_copy(update={"model": self.model.name, "seconds": seconds})


def _best_of(critiques: list[Critique]) -> BatchVerdict:
    ranks = [(one.passed, -1.0 if one.score is None else one.score) for one in critiques]
    return BatchVerdict(critiques, ranks.index(max(ranks)))
