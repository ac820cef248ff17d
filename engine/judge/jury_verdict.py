"""What several judges and detectors said about one picture, put together to one verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .checklist import Checklist, Kind, Requirement
from .critique import Critique, Item, JurorItem, JurorSaid, ServedBy
from .detector import PictureDetector
from .jury_evidence import SILENT, Testimony, Worth, combined, disagree, jury_reliability, most_sure, scale_of
from .reliability import Reliability
from .scoring import CERTAIN, UNKNOWN, Bias, highest_score, orphans, overall_score
from .verdict import CANNOT_TELL, holds, match_items, mean_item, reason, sentence
from .words import clip_words

CONTESTED = 2 / 3
"""Where a detector and the judges say different things, a requirement must be twice as likely met as not before the
picture passes: what a judge reads in a misspelt word is often what it expects. Ours (docs/design-notes.md, 2.23)."""


@dataclass(frozen=True)
class Member:
    """One that gives evidence. detector: what measures, where it is no judge; where it fails, the others have the word.
    blank: see Critique."""

    name: str
    served_by: ServedBy
    worth: Worth
    detector: PictureDetector | None = None
    blank: Mapping[str, float] | None = None

    @property
    def exact(self) -> bool:
        return self.detector is not None

    def can_tell(self, requirement: Requirement, checklist: Checklist) -> bool:
        """Whether its word counts about this one."""
        known = self.detector is None or self.detector.can_tell(requirement, checklist)
        return known and self.worth.counts(requirement.kind)

    def tells_of(self, kind: Kind, checklist: Checklist) -> bool:
        """Whether its word counts about any requirement of this kind; a judge's does or does not, whatever is asked."""
        if self.detector is None:
            return self.worth.counts(kind)
        return any(one.kind == kind and self.can_tell(one, checklist) for one in checklist.requirements)


@dataclass
class Hearing:
    """What was said about one picture. looks: by member, its critique of each wording it was asked in; first: that of
    member 0. failed: by member, why it said nothing."""

    first: Critique
    looks: dict[int, list[Critique]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    def looks_of(self, number: int) -> list[Critique]:
        return [self.first] if number == 0 else self.looks.get(number, [])


def only_the_first(kind: Kind, members: Sequence[Member], checklist: Checklist) -> bool:
    """Whether nobody but the first can tell anything of this kind here: then its own word stands, as if it were alone.

    Of a kind that others can tell something of, all is told as evidence: whoever reads it has one figure for a kind."""
    return not any(member.tells_of(kind, checklist) for member in members[1:])


def reliability_of_members(
    members: Sequence[Member], checklist: Checklist, of_the_first: Mapping[Kind, Reliability]
) -> dict[Kind, Reliability]:
    """All as one judge of this checklist; where only the first can tell, that one's own."""
    together = jury_reliability([member.worth for member in members])
    kinds = [kind for kind in together if not only_the_first(kind, members, checklist)]
    alone = {kind: one for kind, one in of_the_first.items() if only_the_first(kind, members, checklist)}
    return {**{kind: together[kind] for kind in kinds}, **alone}


def shared_weakness(members: Sequence[Member], checklist: Checklist) -> Bias:
    """What all of them together are too weak for in this checklist."""
    judges = frozenset.intersection(*(member.worth.weak for member in members if not member.exact))
    return Bias(weak=frozenset(kind for kind in judges if not any(one.tells_of(kind, checklist) for one in members)))


def testimonies(hearing: Hearing, checklist: Checklist, members: Sequence[Member]) -> dict[str, list[Testimony]]:
    """By requirement id, what those say who count for it; the first one's word where nobody does."""
    said = {number: hearing.looks_of(number) for number in range(len(members)) if hearing.looks_of(number)}
    items = {number: {item.id: item for item in averaged(looks)} for number, looks in said.items()}
    soft = {number: all(one.soft for one in looks) for number, looks in said.items()}
    asked = {number: sum(one.looks for one in looks) for number, looks in said.items()}
    found: dict[str, list[Testimony]] = {}
    for requirement in checklist.requirements:
        anybody = any(member.can_tell(requirement, checklist) for member in members)
        told = []
        for number in said:
            worth = members[number].worth if anybody else replace(members[number].worth, weak=frozenset())
            item = items[number].get(requirement.id)
            if item is None or not worth.counts(requirement.kind):
                continue
            evidence = worth.evidence(item, requirement, soft[number])
            if not item.passed and evidence > 0:
                evidence = 0.0  # one of its looks did not find it
            told.append(Testimony(number, item, evidence, worth.most(requirement.kind, soft[number], asked[number])))
        found[requirement.id] = told
    return found


def verdict_of(hearing: Hearing, checklist: Checklist, members: Sequence[Member], pass_score: float) -> Critique:
    """What all said, as one verdict: passed where everything was found, twice, and nobody that counts objects."""
    first, bias = hearing.first, shared_weakness(members, checklist)
    heard = testimonies(hearing, checklist, members)
    looks = max([first.looks, *(len(one) for one in hearing.looks.values())])
    items, certain = [], {}
    for requirement in checklist.requirements:
        alone = only_the_first(requirement.kind, members, checklist)
        item, sure = _together(requirement, first, heard[requirement.id], members, looks, alone)
        items.append(item)
        certain[requirement.id] = sure
    items = _orphaned(items, checklist)
    levels = [level for name, level in first.checks.items() if name != "prompt_match"]
    rated = [*levels, *[UNKNOWN for _ in first.unanswered]]
    matched = match_items(items, checklist, bias)
    highest = highest_score(checklist, certain, bool(rated), bias)
    models = [member for member in members if not member.exact]
    found = first.model_copy(
        update={
            "judge": "jury" if len(models) > 1 else first.judge,
            "model": ", ".join(member.name for member in models),
            "items": tuple(items),
            "score": overall_score(matched, rated),
            "checks": {**first.checks, "prompt_match": round(matched, 4)} if first.checks else {},
            "reachable": highest if highest < pass_score else None,
            "decides": any(member.can_tell(one, checklist) for member in members for one in checklist.requirements),
            "done": all(item.passed for item in items),
            "looks": looks,
            "soft": len(models) > 1 or first.soft,
            "blank": _blank_of_one(first, items) if len(models) == 1 else None,
            "jury": tuple(_said(number, hearing, heard, members) for number in range(len(members))),
        }
    )
    return found.model_copy(update=_decision(found, hearing, checklist, heard, members, pass_score))


def _blank_of_one(first: Critique, items: Sequence[Item]) -> dict[str, float] | None:
    """What the judge saw in a blank picture, of what it alone has judged: evidence of several is nobody's answer, and
    whoever reads it must not take a correction back that it does not hold."""
    if first.blank is None:
        return None
    weighed = {item.id for item in items if item.weighed}
    return {name: value for name, value in first.blank.items() if name not in weighed}


def averaged(looks: Sequence[Critique]) -> tuple[Item, ...]:
    """One judge's looks as one, by item: met where each look found it."""
    found = {item.id: item for item in looks[0].items}
    for look in looks[1:]:
        for item in look.items:
            found[item.id] = mean_item(found[item.id], item)
    return tuple(found.values())


def _together(
    requirement: Requirement,
    first: Critique,
    told: Sequence[Testimony],
    members: Sequence[Member],
    looks: int,
    alone: bool,
) -> tuple[Item, float]:
    """One item of all that was told, and what the surest right answer would have counted. alone: see only_the_first."""
    if alone:
        own = next((item for item in first.items if item.id == requirement.id), None)
        if own is not None:
            return own, 1.0 if first.soft else CERTAIN
    if not told:
        return Item(id=requirement.id, answer="unknown", p=UNKNOWN, passed=False), 1.0
    scale = scale_of(requirement.kind, [member.worth for member in members], looks)
    return combined(told, scale, looks), most_sure(told, scale)


def _decision(
    found: Critique,
    hearing: Hearing,
    checklist: Checklist,
    heard: Mapping[str, Sequence[Testimony]],
    members: Sequence[Member],
    pass_score: float,
) -> dict[str, object]:
    """passed and reason of the verdict. Each judge must have been heard; a detector need not."""
    silent = [number for number in hearing.failed if not members[number].exact]
    everything = holds(found, pass_score)
    split = [one for one in checklist.requirements if disagree(heard[one.id])]
    contested = [one for one in split if any(_measured(told, members) for told in heard[one.id])]
    doubtful = {item.id for item in found.items if item.p < CONTESTED} & {one.id for one in contested}
    if everything and doubtful:
        texts = sentence([_with_findings(one, heard[one.id]) for one in contested if one.id in doubtful])
        return {"passed": False, "reason": f"Judges and detectors disagree, and neither is sure enough: {texts}"}
    agreed = everything and found.looks > 1 and not silent
    if everything and silent:
        number = silent[0]
        why = clip_words(hearing.failed[number], 200)
        return {"passed": False, "reason": f"Everything was found, but {members[number].name} gave no verdict: {why}"}
    if agreed and not found.decides:
        return {"passed": False, "reason": CANNOT_TELL}
    all_judges = "by all judges" if len([one for one in members if not one.exact]) > 1 else "in two looks"
    told = f"Everything asked for is there, {all_judges}." if agreed else reason(found, checklist, pass_score)
    texts = sentence([one.text for one in split])
    said = f"{told} The judges disagree about: {texts}" if split else told
    return {"passed": agreed, "reason": said}


def _measured(told: Testimony, members: Sequence[Member]) -> bool:
    """Whether a detector says this, and says something."""
    return members[told.juror].exact and abs(told.evidence) > SILENT


def _with_findings(requirement: Requirement, told: Sequence[Testimony]) -> str:
    """Its words with what was seen against it."""
    against = "; ".join(one.item.evidence for one in told if one.item.evidence and not one.item.passed)
    return f"{requirement.text} ({against})" if against else requirement.text


def _said(
    number: int, hearing: Hearing, heard: Mapping[str, Sequence[Testimony]], members: Sequence[Member]
) -> JurorSaid:
    member, looks = members[number], hearing.looks_of(number)
    items = []
    for item in averaged(looks) if looks else ():
        own = next((one.evidence for one in heard[item.id] if one.juror == number), 0.0)
        items.append(JurorItem(id=item.id, answer=item.answer, p=round(item.p, 4), evidence=round(own, 4)))
    return JurorSaid(
        model=member.name,
        judge=member.served_by,
        looks=sum(look.looks for look in looks) if number == 0 else len(looks),
        items=tuple(items),
        blank=None if member.blank is None else dict(member.blank),
        reason=hearing.failed.get(number, ""),
    )


def _orphaned(items: Sequence[Item], checklist: Checklist) -> list[Item]:
    """Children of a failed requirement fail with it."""
    lost = orphans(checklist.requirements, [item.id for item in items if not item.passed])
    return [
        item.model_copy(update={"p": min(item.p, UNKNOWN), "passed": False}) if item.id in lost else item
        for item in items
    ]
