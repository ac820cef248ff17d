"""Several judges as one: the first looks at everything, the others where they can change something.

The first one's verdict comes about as always. Detectors measure what they can tell, of every picture: they are exact
and cheap. Then each of the other judges is asked about what the ones before leave unsure, and about everything before a
picture may pass; about all pictures of a batch in a row, so that a small card changes models seldom. What they say is
evidence, weighed by each one's self-test (jury_evidence), and put together in jury_verdict.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from .ask import SEED_LIMIT
from .batch import BatchVerdict, best_of, by_score
from .blank_check import blank_check
from .checklist import Checklist, Kind, Requirement
from .critique import Critique
from .detector import DetectorFailed, PictureDetector, detect_in
from .judge import Judge
from .jury_evidence import Worth, is_unsure
from .jury_verdict import (
    Hearing,
    Member,
    averaged,
    reliability_of_members,
    shared_weakness,
    testimonies,
    verdict_of,
)
from .picture import Picture
from .questions import Wording
from .reliability import Reliability, reliability_of
from .self_test import lower_trust
from .verdict import everything_found
from .vision_model import ModelFailure
from .words import clip_words

MOST_JURIED = 2
"""Of a batch, so many pictures are shown to the other judges: the best by what was said before."""


class Jury(Judge):
    """A judge with others beside it. The arguments are those of the first one's Judge; others: theirs.

    detectors: what measures some kinds of requirement exactly, beside the judges.
    The first one also makes checklists and clauses. It is one judge for whoever uses it: its verdicts hold the evidence
    of all, and in `jury` what each one said.
    """

    def __init__(self, first: Judge, others: Sequence[Judge], detectors: Sequence[PictureDetector] = ()) -> None:
        super().__init__(
            first.kind,
            first.model,
            first.pass_score,
            first.checks,
            first.bias,
            first.votes,
            first.tested,
            first.patience,
            first.served_by,
            first.both_wordings,
        )
        self.others, self.detectors = tuple(others), tuple(detectors)
        self.swaps, self._loaded = 0, 0

    @property
    def jurors(self) -> Sequence[Judge]:
        return (self, *self.others)

    @property
    def members(self) -> list[Member]:
        """The judges, then the detectors."""
        judges = [Member(one.model.name, one.served_by, _worth_of(one), blank=one.bias.blank) for one in self.jurors]
        return [*judges, *(Member(one.name, "detector", one.worth, one) for one in self.detectors)]

    def reliability_for(self, checklist: Checklist) -> dict[Kind, Reliability]:
        return reliability_of_members(self.members, checklist, reliability_of(self.tested)) if self.looks else {}

    def be_patient(self) -> None:
        for juror in self.jurors:
            juror.asked.patience = juror.patience

    def recall(self, critiques: Sequence[Critique]) -> None:
        if not self.others:
            super().recall(critiques)
        for number, juror in enumerate(self.jurors):
            said = [one.jury[number] for one in critiques if len(one.jury) > number]
            known = (one.blank for one in said if one.blank is not None and one.model == juror.model.name)
            juror.remember_blank(next(known, None))

    async def make_checklist(
        self, goal: str, lines: Sequence[str] = (), seed: int = 0, clip: bool = False
    ) -> Checklist:
        """As Judge's, with less trust only in what none of the judges and detectors can tell."""
        made = await self._made(goal, lines, seed, clip)
        if not self.looks or self.tested is None:
            return made
        weak = shared_weakness(self.members, made).weak
        kept = tuple(one for one in self.tested.kinds if one.verdict != "too weak" or one.kind in weak)
        return lower_trust(made, self.tested.model_copy(update={"kinds": kept}))

    async def judge_pictures(
        self, pictures: Sequence[Picture], checklist: Checklist, seed: int, others: Sequence[Mapping[str, float]] = ()
    ) -> BatchVerdict:
        begun, calls = time.perf_counter(), [juror.asked.calls for juror in self.jurors]
        swaps = self.swaps
        self._turn_to(0)
        verdict = await super().judge_pictures(pictures, checklist, seed, others)
        if not self.looks or not self._has_company(checklist):
            return verdict
        if not any(_judged(critique) for critique in verdict.critiques.values()):
            return await self._without_the_first(verdict, pictures, checklist, seed, others)
        spent = [time.perf_counter() - begun, *(0.0 for _ in self.members[1:])]
        heard = {index: Hearing(one) for index, one in verdict.critiques.items() if _judged(one)}
        for number, detector in enumerate(self.detectors, len(self.jurors)):
            begun = time.perf_counter()
            for index, hearing in heard.items():
                await self._detect(number, detector, hearing, pictures[index], checklist)
            spent[number] = time.perf_counter() - begun
        candidates = self._candidates(heard, checklist)
        for number in range(1, len(self.jurors)):
            begun = time.perf_counter()
            await self._ask(number, candidates, pictures, checklist, seed)
            spent[number] = time.perf_counter() - begun
        told = dict(verdict.critiques)
        for index, hearing in heard.items():
            if index in candidates and hearing.first.looks < 2 and self._may_pass(hearing, checklist):
                begun = time.perf_counter()
                hearing.first = await self._second_of_first(hearing, pictures[index], checklist, seed)
                spent[0] += time.perf_counter() - begun
            told[index] = self._verdict(hearing, checklist)
        counts = [juror.asked.calls - before for juror, before in zip(self.jurors, calls, strict=True)]
        counts += [sum(number in one.looks for one in heard.values()) for number in range(len(counts), len(spent))]
        found = best_of(told, len(told))
        best = self._recorded(told[found.best], counts, spent, self.swaps - swaps)
        return BatchVerdict({**told, found.best: best}, found.best)

    async def one_look(self, picture: Picture, checklist: Checklist, seed: int, wording: Wording) -> Critique:
        """One look of each judge. The one that is loaded looks first. Detectors find what they found before."""
        order = [(self._loaded + step) % len(self.jurors) for step in range(len(self.jurors))]
        looks: dict[int, Critique] = {}
        for number in order:
            self._turn_to(number)
            looks[number] = await Judge.one_look(self.jurors[number], picture, checklist, seed, wording)
        if not self._has_company(checklist):
            return looks[0]
        if not _judged(looks[0]):
            return next((looks[number] for number in order if _judged(looks[number])), looks[0])
        hearing = Hearing(looks[0], {n: [one] for n, one in looks.items() if n and _judged(one)})
        for number, detector in enumerate(self.detectors, len(self.jurors)):
            await self._detect(number, detector, hearing, picture, checklist)
        found = self._verdict(hearing, checklist).model_copy(update={"passed": False, "looks": 1})
        return found.model_copy(update={"seconds": round(sum(one.seconds for one in looks.values()), 4)})

    async def release(self) -> None:
        await super().release()
        if self.looks:
            for juror in self.others:
                await juror.release()

    def _has_company(self, checklist: Checklist) -> bool:
        """Whether anybody but the first can be asked about this checklist."""
        return bool(self.others) or any(
            detector.can_tell(one, checklist) for detector in self.detectors for one in checklist.requirements
        )

    def _candidates(self, heard: Mapping[int, Hearing], checklist: Checklist) -> dict[int, Hearing]:
        """The pictures that other judges are asked about, the best first."""
        ranked = by_score({index: self._verdict(hearing, checklist) for index, hearing in heard.items()})
        return {index: heard[index] for index in ranked[:MOST_JURIED]}

    async def _without_the_first(
        self,
        verdict: BatchVerdict,
        pictures: Sequence[Picture],
        checklist: Checklist,
        seed: int,
        measures: Sequence[Mapping[str, float]],
    ) -> BatchVerdict:
        """The verdict of the next judge that gives one, alone; the first one's failure where none does."""
        why = clip_words(verdict.critiques[verdict.best].reason, 200)
        for number, juror in enumerate(self.others, 1):
            self._turn_to(number)
            found = await juror.judge_pictures(pictures, checklist, seed, measures)
            if _judged(found.critiques[found.best]):
                best = found.critiques[found.best]
                said = f"{best.reason} {self.model.name} gave no verdict: {why}"
                return BatchVerdict(
                    {**found.critiques, found.best: best.model_copy(update={"reason": said})}, found.best
                )
        return verdict

    async def _detect(
        self, number: int, detector: PictureDetector, hearing: Hearing, picture: Picture, checklist: Checklist
    ) -> None:
        """What a detector measures of this picture; nothing where it can tell nothing."""
        asked = [one for one in checklist.requirements if detector.can_tell(one, checklist)]
        if not asked:
            return
        try:
            items = await detect_in(detector, picture, asked)
        except DetectorFailed as problem:
            hearing.failed[number] = str(problem)
            return
        hearing.looks[number] = [Critique(judge="detector", outcome="judged", looks=1, items=items, soft=True)]

    async def _ask(
        self,
        number: int,
        candidates: Mapping[int, Hearing],
        pictures: Sequence[Picture],
        checklist: Checklist,
        seed: int,
    ) -> None:
        """Ask one judge about all candidates, in a row."""
        for index, hearing in candidates.items():
            wanted = self._unsure(number, hearing, checklist)
            await self._hear(number, hearing, pictures[index], checklist, wanted, seed)
        for index, hearing in candidates.items():
            # Before a picture may pass, whatever it can tell; and again in other words, while it is loaded.
            if self._may_pass(hearing, checklist):
                wanted = self._unheard(number, hearing, checklist)
                await self._hear(number, hearing, pictures[index], checklist, wanted, seed)
            if number in hearing.looks and self._may_pass(hearing, checklist):
                await self._hear_again(number, hearing, pictures[index], checklist, seed)

    def _unsure(self, number: int, hearing: Hearing, checklist: Checklist) -> list[Requirement]:
        """What those before it leave open, and this one can tell."""
        heard = testimonies(hearing, checklist, self.members)
        return [one for one in self._unheard(number, hearing, checklist) if is_unsure(heard[one.id])]

    def _unheard(self, number: int, hearing: Hearing, checklist: Checklist) -> list[Requirement]:
        """What this one can tell and was not asked about."""
        known = {item.id for look in hearing.looks.get(number, [])[:1] for item in look.items}
        counts = self.members[number].worth.counts
        return [one for one in checklist.requirements if one.id not in known and counts(one.kind)]

    async def _hear(
        self,
        number: int,
        hearing: Hearing,
        picture: Picture,
        checklist: Checklist,
        wanted: Sequence[Requirement],
        seed: int,
    ) -> None:
        """Ask one judge about these; nothing where there are none."""
        look = await self._look_of(number, hearing, picture, checklist, wanted, seed, 1) if wanted else None
        if look is None:
            return
        if number in hearing.looks:
            before = hearing.looks[number][0]
            hearing.looks[number] = [before.model_copy(update={"items": (*before.items, *look.items)})]
        else:
            hearing.looks[number] = [look]

    async def _hear_again(
        self, number: int, hearing: Hearing, picture: Picture, checklist: Checklist, seed: int
    ) -> None:
        """Ask it once more about the same, in other words."""
        known = {item.id for item in hearing.looks[number][0].items}
        asked = [one for one in checklist.requirements if one.id in known]
        look = await self._look_of(number, hearing, picture, checklist, asked, seed, 2)
        if look is not None:
            hearing.looks[number].append(look)

    async def _look_of(
        self,
        number: int,
        hearing: Hearing,
        picture: Picture,
        checklist: Checklist,
        asked: Sequence[Requirement],
        seed: int,
        wording: Wording,
    ) -> Critique | None:
        """What one judge sees of these; None where it gave no verdict, which the hearing then tells."""
        self._turn_to(number)
        narrowed = checklist.model_copy(update={"requirements": tuple(asked)})
        look = await self.jurors[number].one_look(picture, narrowed, seed, wording)
        if _judged(look):
            return look
        hearing.failed[number] = look.reason
        return None

    async def _second_of_first(self, hearing: Hearing, picture: Picture, checklist: Checklist, seed: int) -> Critique:
        """The first judge's look in the second wording, averaged with its first.

        Where nobody knows yet what it sees in a blank picture, it is shown one before that, and looks anew.
        """
        self._turn_to(0)
        first = hearing.first
        if self.bias.blank is None:
            try:
                blank = await blank_check(self.asked, checklist, seed % SEED_LIMIT, plain=not first.checks)
            except ModelFailure:
                return first
            self.remember_blank(blank)
            anew = await Judge.one_look(self, picture, checklist, seed, 1)
            first = anew.model_copy(update={"blank": blank}) if _judged(anew) else first
        again = await Judge.one_look(self, picture, checklist, seed, 2)
        if not _judged(again):
            return first
        return first.model_copy(update={"looks": 2, "items": averaged([first, again])})

    def _turn_to(self, number: int) -> None:
        if number != self._loaded:
            self.swaps, self._loaded = self.swaps + 1, number

    def _may_pass(self, hearing: Hearing, checklist: Checklist) -> bool:
        """Whether it could pass with what the others may add: their evidence raises the score as well."""
        return everything_found(self._verdict(hearing, checklist))

    def _verdict(self, hearing: Hearing, checklist: Checklist) -> Critique:
        return verdict_of(hearing, checklist, self.members, self.pass_score)

    def _recorded(self, critique: Critique, counts: Sequence[int], seconds: Sequence[float], swaps: int) -> Critique:
        if not critique.jury:
            return critique
        said = [
            one.model_copy(update={"calls": count, "seconds": round(spent, 4)})
            for one, count, spent in zip(critique.jury, counts, seconds, strict=True)
        ]
        total = round(sum(seconds), 4)
        return critique.model_copy(update={"jury": tuple(said), "swaps": swaps, "seconds": total})


def _worth_of(juror: Judge) -> Worth:
    return Worth(reliability_of(juror.tested), juror.bias.weak)


def _judged(critique: Critique) -> bool:
    return critique.outcome == "judged" and critique.sees_content and bool(critique.items)
