"""The judge of pictures: one object that owns what the critic's inputs say about judging, and its looks at pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from . import offline
from .abreast import all_or_none
from .answers import AnsweredQuestions, LookResult, read_answers, read_look
from .ask import SEED_LIMIT, ask_twice, draw_votes
from .batch import MOST_LOOKED_AT, BatchVerdict, best_of, by_score, calls_for, sample_batch
from .blank_check import blank_check
from .checklist import Checklist, Kind
from .checklist_rules import checklist_of_goal, checklist_of_lines
from .clip import Clip
from .critique import Check, Critique, ServedBy
from .editor import Tried, poor_check, propose, with_edits
from .offline import broken
from .patient_model import PatientModel
from .picture import Picture, encode_jpeg
from .questions import GROUP_SIZE, LookQuestions, ShownPicture, Wording, question_groups
from .region_question import Asks, RegionHint, ask_region
from .reliability import Reliability, reliability_of
from .scoring import NO_BIAS, Bias
from .self_test import SelfTest, lower_trust
from .verdict import CANNOT_TELL, critique_of, holds, merge_looks, with_measured_faults
from .vision_model import AnswerUnusable, ModelFailure, ModelUnfit, ModelUnreachable, Reply, VisionModel
from .whole_goal import make_whole_checklist

JudgeKind = Literal["auto", "ollama", "openai", "comfyui", "offline"]
"""auto: the model, or the offline checks where no server answers. The others but offline: the model, or no verdict."""


class Judge:
    """A judge bound to a critic's own inputs.

    model may be None for the offline kind only. pass_score: 0..1. checks: which checks count, see parse_checks.
    bias: what the self-test found about this model, and what it said of a blank picture once that is known.
    votes: answers drawn for a look where the server gives no token probabilities.
    tested: the self-test itself; it lowers the trust in requirements that this model cannot tell.
    patience: seconds for which a server is tried again that is gone and was there before.
    served_by: what runs the model. both_wordings: every picture gets the second look too, as a second vote: of a model
    that gives no probabilities and is asked cheaply.
    asked: the model, as it is asked: with patience, once that is wanted, and counted.

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
        patience: float = 0.0,
        served_by: ServedBy = "ollama",
        both_wordings: bool = False,
    ) -> None:
        self.served_by, self.both_wordings = served_by, both_wordings
        self.kind, self.pass_score, self.checks = kind, pass_score, checks
        self.asked = PatientModel(model)
        self.most_looked_at = MOST_LOOKED_AT
        self.bias, self.votes, self.tested, self.patience = bias, votes, tested, patience

    @property
    def model(self) -> VisionModel | None:
        return self.asked.model

    @model.setter
    def model(self, model: VisionModel) -> None:
        self.asked.model = model

    @property
    def jurors(self) -> Sequence[Judge]:
        """This judge, and those that judge with it."""
        return (self,)

    def reliability_for(self, checklist: Checklist) -> dict[Kind, Reliability]:
        """How far its answers about this checklist can be believed, by kind; empty where it was not tested."""
        return reliability_of(self.tested) if self.looks else {}

    def be_patient(self) -> None:
        """From now on a server that is gone is tried again for a while: it was there before."""
        self.asked.patience = self.patience

    def recall(self, critiques: Sequence[Critique]) -> None:
        """What earlier verdicts by the same checklist told about a blank picture."""
        self.remember_blank(next((one.blank for one in critiques if one.blank is not None), None))

    @property
    def looks(self) -> bool:
        """Whether a model is to be shown the pictures, as JPEG."""
        return self.kind != "offline"

    def remember_blank(self, blank: Mapping[str, float] | None) -> None:
        """What an earlier verdict by the same checklist told about a blank picture (Critique.blank); None: nothing."""
        if blank is not None:
            self.bias = replace(self.bias, blank=blank)

    async def make_checklist(
        self, goal: str, lines: Sequence[str] = (), seed: int = 0, clip: bool = False
    ) -> Checklist:
        """The checklist of a run: the user's lines if there are any, else the goal taken apart. clip: whether clips are
        judged by it; then its requirements know when they must hold.

        By the model where it can; by rule for the offline judge, for `auto` where no server answers, and where the
        model writes none. Raises ValueError for unusable lines, and ModelUnreachable (ModelUnfit) where the judge
        itself could not judge either.
        """
        made = await self._made(goal, lines, seed, clip)
        return lower_trust(made, self.tested) if self.looks else made

    async def judge_pictures(
        self, pictures: Sequence[Picture], checklist: Checklist, seed: int, others: Sequence[Mapping[str, float]] = ()
    ) -> BatchVerdict:
        """The critiques of a batch, and which picture is best. A Clip alone is judged as one, in MOST_CLIP_CALLS calls.

        One passes when every item does, no quality level that counts is poor and the score reaches the pass score, in
        two differently worded looks (docs/design-notes.md, 2.13). Of more than MOST_LOOKED_AT pictures a sample is
        judged; second looks begin with the best and stop at the first picture that passes both. seed: any whole number;
        it decides the order of the questions. others: offline measures of the run's earlier pictures.

        Where no server answers, `auto` falls back to the offline checks, which say so, give no score and pass nothing;
        `ollama` gives "unreachable" critiques, as both do for a model that cannot judge; then it is not asked about the
        rest of the batch.
        Raises ValueError for no pictures, and for an empty checklist where a model is to look.
        """
        if not pictures:
            raise ValueError("There is no picture in the batch. Link the output of a VAE decode to images.")
        chosen = {index: pictures[index] for index in sample_batch(len(pictures), self.most_looked_at)}
        missing = await self._missing()
        known = self.bias.blank is not None
        judged: dict[int, Critique] = {}
        if self.kind != "offline" and not missing:
            judged = await self._judged(chosen, checklist, seed)
            if all(critique.outcome == "unreachable" for critique in judged.values()):
                missing = await self._missing()  # gone while it was asked
        if self.kind == "offline" or missing:
            goal = checklist.goal
            measured = await asyncio.to_thread(
                lambda: {i: offline.critique(p, others, goal) for i, p in chosen.items()}
            )
            # Only a judge that was chosen to be blind passes a picture for being sound.
            passes = self.kind == "offline"
            critiques = {
                i: c.model_copy(update={"reason": c.reason + missing, "passed": passes and c.sound})
                for i, c in measured.items()
            }
            return best_of(critiques, len(pictures))
        update = {"judge": self.served_by, "model": self.model.name, "blank": None if known else self.bias.blank}
        return best_of({i: c.model_copy(update=update) for i, c in judged.items()}, len(pictures))

    async def look_again(self, picture: Picture, checklist: Checklist, seed: int) -> Critique:
        """What one look in the second wording finds, alone; never passed. Raises ValueError for an empty checklist."""
        return await self.one_look(picture, checklist, seed, 2)

    async def one_look(self, picture: Picture, checklist: Checklist, seed: int, wording: Wording) -> Critique:
        """What one look finds, alone; never passed. Raises ValueError for an empty checklist."""
        begun = time.perf_counter()
        try:
            found = await self._encoded(picture, checklist.goal)
            if not isinstance(found, Critique):
                found = self._critique(found, await self._look(found, checklist, seed, wording), checklist)
        except (ModelUnreachable, AnswerUnusable) as problem:
            found = self._failed(problem)
        return _timed(found, begun).model_copy(update={"judge": self.served_by, "model": self.model.name})

    async def propose_edits(
        self,
        picture: Picture,
        checklist: Checklist,
        critique: Critique,
        wanted: Sequence[str],
        seed: int,
        style: str = "",
        tried: Tried | None = None,
    ) -> Critique:
        """The critique with the editor's proposals for the wanted requirements; as it is when the editor fails.

        wanted: ids of requirements, or names of checks that are poor. style, tried: see editor.propose.
        """
        asked = [item for item in critique.items if item.id in wanted]
        asked += [poor_check(name, critique) for name in wanted if name in critique.checks]
        if not self.looks or not asked or (isinstance(picture, Clip) and self.asked.spent):
            return critique
        begun = time.perf_counter()
        try:
            jpeg = (await asyncio.to_thread(encode_jpeg, picture)).jpeg
            edits = await propose(self.asked, jpeg, checklist, asked, seed, style, tried)
        except ModelFailure:
            return critique
        found = with_edits(critique, edits, checklist)
        return found.model_copy(update={"seconds": round(found.seconds + time.perf_counter() - begun, 4)})

    async def point_at(
        self, picture: Picture, goal: str, requirement: str, wrong: str, asks: Asks, seed: int
    ) -> RegionHint | None:
        """Where a requirement is to be mended in a picture, and what belongs there; None where no model tells.

        wrong: what is to be mended, in words.
        """
        if not self.looks:
            return None
        try:
            jpeg = (await asyncio.to_thread(encode_jpeg, picture)).jpeg
            return await ask_region(self.asked, jpeg, goal, requirement, wrong, asks, seed)
        except ModelFailure:
            return None

    async def release(self) -> None:
        """The last question of this iteration was asked: give memory back if keep_alive says so. Never raises."""
        if self.looks:
            await self.model.release()

    async def _made(self, goal: str, lines: Sequence[str], seed: int, clip: bool) -> Checklist:
        if any(line.strip() for line in lines):
            return checklist_of_lines(goal, lines, clip)
        if self.kind == "offline" or not goal.strip():
            return checklist_of_goal(goal, clip=clip)
        try:
            return await make_whole_checklist(self.asked, goal, seed, self.model.name, clip)
        except ModelUnfit:
            raise
        except ModelUnreachable:
            if self.kind == "auto":
                return checklist_of_goal(goal, "No judge model answered.", clip)
            raise

    async def _missing(self) -> str:
        """Why `auto` has to do without its model, as a sentence with a blank before it; "" when it need not."""
        if self.kind != "auto":
            return ""
        try:
            await self.asked.check()
        except ModelUnfit:
            pass  # asked all the same, it gives a critique that says so
        except ModelUnreachable as problem:
            return f" {problem}"
        return ""

    async def _judged(self, pictures: Mapping[int, Picture], checklist: Checklist, seed: int) -> dict[int, Critique]:
        """The verdict about each picture, by its index."""
        groups = -(-len(checklist.requirements) // GROUP_SIZE)
        clip = any(isinstance(picture, Clip) for picture in pictures.values())
        self.asked.calls_left = calls_for(len(pictures), groups, clip)
        looked: dict[int, tuple[ShownPicture, list[AnsweredQuestions]]] = {}
        critiques: dict[int, Critique] = {}
        lost: list[Critique] = []
        abreast = asyncio.Semaphore(self.asked.abreast)

        async def look_at(before: int, index: int, picture: Picture) -> None:
            async with abreast:
                if lost:
                    critiques[index] = lost[0]
                    return
                begun = time.perf_counter()
                try:
                    shown = await self._encoded(picture, checklist.goal)
                    if isinstance(shown, Critique):
                        critiques[index] = _timed(shown, begun)
                        return
                    # Of a clip the second look alone is kept a call for: a blank picture is asked about if one is left.
                    waiting = -1 if shown.frames else groups * (len(pictures) - before - 1)
                    looked[index] = shown, await self._look(shown, checklist, seed, 1, waiting)
                    critiques[index] = _timed(self._critique(*looked[index], checklist), begun)
                except (ModelUnreachable, AnswerUnusable) as problem:
                    critiques[index] = _timed(self._failed(problem), begun)
                if critiques[index].outcome == "unreachable":
                    lost.append(critiques[index].model_copy(update={"seconds": 0.0}))

        await all_or_none(look_at(n, index, picture) for n, (index, picture) in enumerate(pictures.items()))
        tried: set[int] = set()
        while not self.asked.spent and (found := [i for i in by_score(critiques) if i in looked and i not in tried]):
            shown, answered = looked[found[0]]
            tried.add(found[0])
            known = self.bias.blank
            critiques[found[0]] = found_out = await self._confirmed(
                shown, answered, critiques[found[0]], checklist, seed
            )
            if found_out.passed and not self.both_wordings:
                break
            if self.bias.blank is not known:
                for index in looked.keys() - tried:
                    reread = self._critique(*looked[index], checklist)
                    critiques[index] = reread.model_copy(update={"seconds": critiques[index].seconds})
        return critiques

    async def _confirmed(
        self, shown: ShownPicture, answered: list[AnsweredQuestions], first: Critique, checklist: Checklist, seed: int
    ) -> Critique:
        """The verdict with a second look, where the first finds everything.

        Where nobody knows yet what the model sees in a blank picture, it is shown one before its first "all is there"
        is believed.
        """
        if not holds(first, self.pass_score):
            return first
        begun = time.perf_counter()
        try:
            if self.bias.blank is None and (not shown.frames or self.asked.has_left(1)):
                self.remember_blank(await blank_check(self.asked, checklist, seed % SEED_LIMIT, plain=not first.checks))
            # As the bias known by now has it.
            first = self._critique(shown, answered, checklist).model_copy(update={"seconds": first.seconds})
            if not holds(first, self.pass_score) and not self.both_wordings:
                return _timed(first, begun)
            if holds(first, self.pass_score) and not first.decides:
                return _timed(first.model_copy(update={"reason": CANNOT_TELL}), begun)
            waiting = -2 if shown.frames else 0
            again = await self._look(shown, checklist, seed, 2, waiting, plain=not first.checks)
            second = self._critique(shown, again, checklist)
        except (ModelUnreachable, AnswerUnusable) as problem:
            found = "The first look finds everything, but there" if holds(first, self.pass_score) else "There"
            reason = f"{found} was no second one. {problem}"
            return _timed(first.model_copy(update={"reason": reason}), begun)
        return _timed(merge_looks(first, second, checklist, self.pass_score, self.bias), begun)

    async def _encoded(self, picture: Picture, goal: str) -> ShownPicture | Critique:
        """What a model that is there is shown, or the critique of a picture that shows nothing. goal: what is wished
        may be a clip that stands still, or flickers."""
        fault = await asyncio.to_thread(broken, picture)
        if fault is not None:
            return Critique(judge="ollama", outcome="judged", score=0.0, reason=fault)
        await self.asked.check()
        return await asyncio.to_thread(_shown, picture, goal)

    async def _look(
        self,
        shown: ShownPicture,
        checklist: Checklist,
        seed: int,
        wording: Wording,
        waiting: int = 0,
        plain: bool = True,
    ) -> list[AnsweredQuestions]:
        """One look, each call asked once more with the reason when its answer cannot be used.

        waiting: first calls that the batch has yet to make, less what need not be kept back. plain: whether a vote
        about the whole will do for an answer.
        """
        if not checklist.requirements:
            raise ValueError("The checklist is empty. Write at least one requirement, one a line.")
        number = (seed + wording - 1) % SEED_LIMIT
        groups = question_groups(checklist, seed % SEED_LIMIT, wording, shown.moments)
        return [await self._answered(questions, shown, number, waiting, plain) for questions in groups]

    async def _answered(
        self, questions: LookQuestions, shown: ShownPicture, seed: int, waiting: int, plain: bool
    ) -> AnsweredQuestions:
        """One call of a look, with its votes."""
        question = questions.question(shown, seed)
        replies: list[Reply] = []

        def read(reply: Reply) -> tuple[LookResult, str]:
            found = read_answers(AnsweredQuestions(questions, reply), self.bias, plain)
            replies.append(reply)
            return found

        result = await ask_twice(self.asked, question, read, lambda: self.asked.has_left(waiting + 2))
        # A clip may be asked about three times only.
        voting = not (result.plain or replies[-1].tokens or shown.frames)
        votes = await draw_votes(self.asked, question, self.votes - 1) if voting else ()
        return AnsweredQuestions(questions, replies[-1], votes)

    def _critique(self, shown: ShownPicture, answered: Sequence[AnsweredQuestions], checklist: Checklist) -> Critique:
        """What the answers say, as the bias known by now has it, and what was measured."""
        result = read_look(answered, checklist, self.bias)
        found = critique_of(result, checklist, self.pass_score, self.checks, self.bias)
        if not shown.measures:
            return found
        return with_measured_faults(found, shown.faults, shown.measures, checklist, self.pass_score)

    def _failed(self, problem: ModelFailure) -> Critique:
        if isinstance(problem, ModelUnreachable):
            return Critique(judge="ollama", outcome="unreachable", reason=str(problem))
        reason = f"{self.model.name} gave no usable answer in two tries. {problem} Try another judge model."
        return Critique(judge="ollama", outcome="unreadable", reason=reason)


def _shown(picture: Picture, goal: str) -> ShownPicture:
    """Blocks: call it from a thread."""
    if not isinstance(picture, Clip):
        return ShownPicture(encode_jpeg(picture).jpeg)
    return ShownPicture(
        encode_jpeg(picture).jpeg, picture.jpegs, picture.moments, picture.faults(goal), picture.measures
    )


def _timed(critique: Critique, begun: float) -> Critique:
    seconds = round(critique.seconds + time.perf_counter() - begun, 4)
    return critique.model_copy(update={"seconds": seconds})
