"""Several judges as one: the first looks at everything, the others where they can change something.

The first one's verdict comes about as always. Then each of the others is asked about what the ones before leave unsure,
and about everything before a picture may pass; about all pictures of a batch in a row, so that a small card changes
models seldom. What they say is evidence, weighed by each one's self-test (jury_evidence).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .batch import BatchVerdict, best_of, by_score
from .checklist import Checklist, Kind, Requirement
from .critique import Critique, Item, JurorItem, JurorSaid
from .judge import Judge
from .jury_evidence import (
    Testimony,
    Worth,
    combined,
    disagree,
    is_unsure,
    jury_reliability,
    most_sure,
    scale_of,
)
from .picture import Picture
from .questions import Wording
from .reliability import Reliability, reliability_of
from .scoring import UNKNOWN, Bias, highest_score, orphans, overall_score
from .self_test import lower_trust
from .verdict import CANNOT_TELL, holds, match_items, mean_item, reason, sentence
from .words import clip_words

MOST_JURIED = 2
"""Of a batch, so many pictures are shown to the other judges: the best by the first one's word."""


@dataclass
class _Hearing:
    """What the other judges said about one picture. looks: by juror, its critique of each wording it was asked in."""

    first: Critique
    looks: dict[int, list[Critique]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


class Jury(Judge):
    """A judge with others beside it. The arguments are those of the first one's Judge; others: theirs.

    The first one also makes checklists and clauses. It is one judge for whoever uses it: its verdicts hold the evidence
    of all, and in `jury` what each one said.
    """

    def __init__(self, first: Judge, others: Sequence[Judge]) -> None:
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
        self.others = tuple(others)
        self.swaps, self._loaded = 0, 0

    @property
    def jurors(self) -> Sequence[Judge]:
        return (self, *self.others)

    @property
    def reliability(self) -> dict[Kind, Reliability]:
        return jury_reliability(self._worth) if self.looks else {}

    @property
    def _worth(self) -> list[Worth]:
        return [_worth_of(juror) for juror in self.jurors]

    def be_patient(self) -> None:
        for juror in self.jurors:
            juror.asked.patience = juror.patience

    def recall(self, critiques: Sequence[Critique]) -> None:
        for number, juror in enumerate(self.jurors):
            said = [one.jury[number] for one in critiques if len(one.jury) > number]
            known = (one.blank for one in said if one.blank is not None and one.model == juror.model.name)
            juror.remember_blank(next(known, None))

    async def make_checklist(self, goal: str, lines: Sequence[str] = (), seed: int = 0) -> Checklist:
        """As Judge's, with less trust only in what none of the judges can tell."""
        made = await self._made(goal, lines, seed)
        if not self.looks or self.tested is None:
            return made
        weak = self._shared_bias().weak
        kept = tuple(one for one in self.tested.kinds if one.verdict != "too weak" or one.kind in weak)
        return lower_trust(made, self.tested.model_copy(update={"kinds": kept}))

    async def judge_pictures(
        self, pictures: Sequence[Picture], checklist: Checklist, seed: int, others: Sequence[Mapping[str, float]] = ()
    ) -> BatchVerdict:
        begun, calls = time.perf_counter(), [juror.asked.calls for juror in self.jurors]
        swaps = self.swaps
        self._turn_to(0)
        verdict = await super().judge_pictures(pictures, checklist, seed, others)
        if not self.looks:
            return verdict
        if not any(_judged(critique) for critique in verdict.critiques.values()):
            return await self._without_the_first(verdict, pictures, checklist, seed, others)
        spent = [time.perf_counter() - begun, *(0.0 for _ in self.others)]
        heard = {index: _Hearing(verdict.critiques[index]) for index in self._candidates(verdict)}
        for number in range(1, len(self.jurors)):
            begun = time.perf_counter()
            for index, hearing in heard.items():
                wanted = self._unsure(number, hearing, checklist)
                await self._hear(number, hearing, pictures[index], checklist, wanted, seed)
            for index, hearing in heard.items():
                # Before a picture may pass, whatever it can tell; and again in other words, while it is loaded.
                if self._would_pass(hearing, checklist):
                    wanted = self._unheard(number, hearing, checklist)
                    await self._hear(number, hearing, pictures[index], checklist, wanted, seed)
                if number in hearing.looks and self._would_pass(hearing, checklist):
                    await self._hear_again(number, hearing, pictures[index], checklist, seed)
            spent[number] = time.perf_counter() - begun
        told = {
            index: self._verdict(_Hearing(one), checklist) if _judged(one) else one
            for index, one in verdict.critiques.items()
        }
        for index, hearing in heard.items():
            if hearing.first.looks < 2 and self._would_pass(hearing, checklist):
                begun = time.perf_counter()
                hearing.first = await self._second_of_first(hearing, pictures[index], checklist, seed)
                spent[0] += time.perf_counter() - begun
            told[index] = self._verdict(hearing, checklist)
        counts = [juror.asked.calls - before for juror, before in zip(self.jurors, calls, strict=True)]
        found = best_of(told, len(told))
        best = self._recorded(told[found.best], counts, spent, self.swaps - swaps)
        return BatchVerdict({**told, found.best: best}, found.best)

    async def one_look(self, picture: Picture, checklist: Checklist, seed: int, wording: Wording) -> Critique:
        """One look of each judge. The one that is loaded looks first."""
        order = [(self._loaded + step) % len(self.jurors) for step in range(len(self.jurors))]
        looks: dict[int, Critique] = {}
        for number in order:
            self._turn_to(number)
            juror = self.jurors[number]
            look = Judge.one_look(juror, picture, checklist, seed, wording)
            looks[number] = await look
        if not _judged(looks[0]):
            return next((looks[number] for number in order if _judged(looks[number])), looks[0])
        hearing = _Hearing(looks[0], {n: [one] for n, one in looks.items() if n and _judged(one)})
        found = self._verdict(hearing, checklist).model_copy(update={"passed": False, "looks": 1})
        return found.model_copy(update={"seconds": round(sum(one.seconds for one in looks.values()), 4)})

    async def release(self) -> None:
        await super().release()
        if self.looks:
            for juror in self.others:
                await juror.release()

    def _candidates(self, verdict: BatchVerdict) -> list[int]:
        ranked = [index for index in by_score(verdict.critiques) if _judged(verdict.critiques[index])]
        return ranked[:MOST_JURIED]

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

    def _unsure(self, number: int, hearing: _Hearing, checklist: Checklist) -> list[Requirement]:
        """What those before it leave open, and this one can tell."""
        heard = self._testimonies(hearing, checklist)
        return [one for one in self._unheard(number, hearing, checklist) if is_unsure(heard[one.id])]

    def _unheard(self, number: int, hearing: _Hearing, checklist: Checklist) -> list[Requirement]:
        """What this one can tell and was not asked about."""
        known = {item.id for look in hearing.looks.get(number, [])[:1] for item in look.items}
        counts = self._worth[number].counts
        return [one for one in checklist.requirements if one.id not in known and counts(one.kind)]

    async def _hear(
        self,
        number: int,
        hearing: _Hearing,
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
        self, number: int, hearing: _Hearing, picture: Picture, checklist: Checklist, seed: int
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
        hearing: _Hearing,
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

    async def _second_of_first(self, hearing: _Hearing, picture: Picture, checklist: Checklist, seed: int) -> Critique:
        """The first judge's look in the second wording, averaged with its first."""
        self._turn_to(0)
        again = await Judge.one_look(self, picture, checklist, seed, 2)
        if not _judged(again):
            return hearing.first
        first = hearing.first
        return first.model_copy(update={"looks": 2, "items": _averaged([first, again])})

    def _turn_to(self, number: int) -> None:
        if number != self._loaded:
            self.swaps, self._loaded = self.swaps + 1, number

    def _testimonies(self, hearing: _Hearing, checklist: Checklist) -> dict[str, list[Testimony]]:
        """By requirement id, what those say who count for it; the first one's word where nobody does."""
        jury = self._worth
        said: dict[int, tuple[tuple[Item, ...], bool, int]] = {
            0: (hearing.first.items, hearing.first.soft, hearing.first.looks)
        }
        for number, looks in hearing.looks.items():
            said[number] = (_averaged(looks), all(one.soft for one in looks), len(looks))
        found: dict[str, list[Testimony]] = {}
        for requirement in checklist.requirements:
            anybody = any(worth.counts(requirement.kind) for worth in jury)
            told = []
            for number, (items, soft, looks) in said.items():
                item = next((one for one in items if one.id == requirement.id), None)
                worth = jury[number] if anybody else replace(jury[number], weak=frozenset())
                if item is None or not worth.counts(requirement.kind):
                    continue
                evidence = worth.evidence(item, requirement, soft)
                if not item.passed and evidence > 0:
                    evidence = 0.0  # one of its looks did not find it
                told.append(Testimony(number, item, evidence, worth.most(requirement.kind, soft, looks)))
            found[requirement.id] = told
        return found

    def _would_pass(self, hearing: _Hearing, checklist: Checklist) -> bool:
        return holds(self._verdict(hearing, checklist), self.pass_score)

    def _verdict(self, hearing: _Hearing, checklist: Checklist) -> Critique:
        """What all said, as one verdict: passed where everything was found, twice, and nobody that counts objects."""
        first, jury = hearing.first, self._worth
        heard = self._testimonies(hearing, checklist)
        looks = max([first.looks, *(len(one) for one in hearing.looks.values())])
        items, certain = [], {}
        for requirement in checklist.requirements:
            told = heard[requirement.id]
            scale = scale_of(requirement.kind, jury, looks)
            if not told:
                items.append(Item(id=requirement.id, answer="unknown", p=UNKNOWN, passed=False))
                continue
            items.append(combined(told, scale, looks))
            certain[requirement.id] = most_sure(told, scale)
        items = _orphaned(items, checklist)
        bias = self._shared_bias()
        levels = [level for name, level in first.checks.items() if name != "prompt_match"]
        rated = [*levels, *[UNKNOWN for _ in first.unanswered]]
        matched = match_items(items, checklist, bias)
        highest = highest_score(checklist, certain, bool(rated), bias)
        found = first.model_copy(
            update={
                "judge": "jury",
                "model": ", ".join(juror.model.name for juror in self.jurors),
                "items": tuple(items),
                "score": overall_score(matched, rated),
                "checks": {**first.checks, "prompt_match": round(matched, 4)} if first.checks else {},
                "reachable": highest if highest < self.pass_score else None,
                "decides": bias.can_tell(checklist),
                "done": all(item.passed for item in items),
                "looks": looks,
                "soft": True,
                "blank": None,
                "jury": tuple(self._said(number, hearing, heard) for number in range(len(self.jurors))),
            }
        )
        agreed = holds(found, self.pass_score) and looks > 1 and not hearing.failed
        said = self._in_words(found, checklist, heard, agreed)
        if hearing.failed and holds(found, self.pass_score):
            number, why = next(iter(hearing.failed.items()))
            said = f"Everything was found, but {self.jurors[number].model.name} gave no verdict: {clip_words(why, 200)}"
        return found.model_copy(update={"passed": agreed and found.decides, "reason": said})

    def _in_words(
        self, found: Critique, checklist: Checklist, heard: Mapping[str, Sequence[Testimony]], agreed: bool
    ) -> str:
        if agreed and not found.decides:
            return CANNOT_TELL
        told = "Everything asked for is there, by all judges." if agreed else reason(found, checklist, self.pass_score)
        split = [one.text for one in checklist.requirements if disagree(heard[one.id])]
        return f"{told} The judges disagree about: {sentence(split)}" if split else told

    def _said(self, number: int, hearing: _Hearing, heard: Mapping[str, Sequence[Testimony]]) -> JurorSaid:
        juror = self.jurors[number]
        looks = [hearing.first] if number == 0 else hearing.looks.get(number, [])
        items = []
        for item in _averaged(looks) if looks else ():
            own = next((one.evidence for one in heard[item.id] if one.juror == number), 0.0)
            items.append(JurorItem(id=item.id, answer=item.answer, p=round(item.p, 4), evidence=round(own, 4)))
        blank = juror.bias.blank
        return JurorSaid(
            model=juror.model.name,
            judge=juror.served_by,
            looks=hearing.first.looks if number == 0 else len(looks),
            items=tuple(items),
            blank=None if blank is None else dict(blank),
            reason=hearing.failed.get(number, ""),
        )

    def _recorded(self, critique: Critique, calls: Sequence[int], seconds: Sequence[float], swaps: int) -> Critique:
        if not critique.jury:
            return critique
        said = [
            one.model_copy(update={"calls": count, "seconds": round(spent, 4)})
            for one, count, spent in zip(critique.jury, calls, seconds, strict=True)
        ]
        total = round(sum(seconds), 4)
        return critique.model_copy(update={"jury": tuple(said), "swaps": swaps, "seconds": total})

    def _shared_bias(self) -> Bias:
        """What the jury as a whole is too weak for."""
        weak = frozenset.intersection(*(juror.bias.weak for juror in self.jurors))
        return Bias(weak=weak)


def _worth_of(juror: Judge) -> Worth:
    return Worth(reliability_of(juror.tested), juror.bias.weak)


def _judged(critique: Critique) -> bool:
    return critique.outcome == "judged" and critique.sees_content and bool(critique.items)


def _averaged(looks: Sequence[Critique]) -> tuple[Item, ...]:
    """One judge's looks as one, by item: met where each look found it."""
    found = {item.id: item for item in looks[0].items}
    for look in looks[1:]:
        for item in look.items:
            found[item.id] = mean_item(found[item.id], item)
    return tuple(found.values())


def _orphaned(items: Sequence[Item], checklist: Checklist) -> list[Item]:
    """Children of a failed requirement fail with it."""
    lost = orphans(checklist.requirements, [item.id for item in items if not item.passed])
    return [
        item.model_copy(update={"p": min(item.p, UNKNOWN), "passed": False}) if item.id in lost else item
        for item in items
    ]
