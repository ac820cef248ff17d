"""Reads a question about a picture: what would have to be true, or what is asked for openly."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from .mentions import group_pattern
from .scene import Group, Relation, ShapeScene, parse
from .vocabulary import BACKGROUND, COLOUR_WORDS, COUNT_WORDS, plain_word

MANY = 99

_COMPARED = (
    (re.compile(r"\b(?:at least|no (?:fewer|less) than)\s+(\w+)", re.I), lambda n: (n, MANY)),
    (re.compile(r"\b(?:at most|no more than)\s+(\w+)", re.I), lambda n: (0, n)),
    (re.compile(r"\bmore than\s+(\w+)", re.I), lambda n: (n + 1, MANY)),
    (re.compile(r"\b(?:fewer|less) than\s+(\w+)", re.I), lambda n: (0, n - 1)),
)
_COLOUR_OF = re.compile(r"\b(?:what|which)\s+colou?rs?\b", re.I)
_WHICH_WORD = re.compile(r"\b(?:what|which)\b.*\b(?:words?|texts?|writing|written|sign|letters|says?|read)\b", re.I)
_ANY_WRITING = re.compile(r"\b(?:any|a|some)\s+(?:writing|text|words?|letters|sign)\b|\bwriting\b", re.I)
_HEAD = re.compile(r"^\W*(?:is|are|does|do|can|would|has|have)\b", re.I)
_TINT = re.compile(rf"\b({'|'.join(COLOUR_WORDS)})\W*(?:in colou?r)?\W*$", re.I)
_ABSENT = re.compile(r"\b(?:no|without|free of|missing|lacking|absent)\b(?!\s+(?:more|less|fewer|other)\b)", re.I)
_QUOTED = re.compile(r"[\"“']([^\"”'\n]{1,40})[\"”']")
_SPELLED = re.compile(r"\b(?:writ\w+|mis\w+|spel\w+|words?|texts?|letters|sign|says?|reads?)\b", re.I)
_CONTRADICTED = re.compile(r"\bcontradicts?\b", re.I)
_OTHER = re.compile(r"\bother than\b|\bdifferent from\b|\banything but\b", re.I)


@dataclass(frozen=True)
class Number:
    """Between low and high shapes of that kind, both included; any kind where group is None."""

    group: Group
    low: int
    high: int


@dataclass(frozen=True)
class Before:
    """The first are all left of, or above, the second; any_of: one of that group will do."""

    first: Group
    axis: Literal["left", "above"]
    second: Group
    any_of: Literal["first", "second"] | None = None


@dataclass(frozen=True)
class At:
    """The group is in that place of the picture."""

    group: Group
    where: str


@dataclass(frozen=True)
class Ground:
    """The background has that colour."""

    colour: str


@dataclass(frozen=True)
class Written:
    """That word is written; None: anything is."""

    word: str | None


@dataclass(frozen=True)
class Tinted:
    """Every one of the group has that colour."""

    group: Group
    colour: str


Fact = Number | Before | At | Ground | Written | Tinted


@dataclass(frozen=True)
class Query:
    """A question. facts: for a yes, all must hold, or not if denied. wanted: what an open question asks for."""

    facts: tuple[Fact, ...] = ()
    denied: bool = False
    wanted: Literal["number", "colour", "background", "word"] | None = None
    group: Group | None = None


def read_question(text: str) -> Query:
    """Never fails: a question about nothing that this world knows has neither facts nor anything wanted."""
    if re.search(r"\bhow many\b|\bnumber of\b", text, re.I) and not _HEAD.match(text):
        groups = parse(text).groups
        return Query(wanted="number", group=groups[0]) if groups else Query()
    if _COLOUR_OF.search(text):
        if re.search("|".join(BACKGROUND), text, re.I):
            return Query(wanted="background")
        groups = parse(text).groups
        return Query(wanted="colour", group=groups[0]) if groups else Query()
    if _WHICH_WORD.search(text):
        return Query(wanted="word")
    if not _HEAD.match(text):
        return Query()
    return _closed(text)


def _closed(text: str) -> Query:
    denied = (bool(_ABSENT.search(text)) != bool(_OTHER.search(text))) != bool(_CONTRADICTED.search(text))
    plain = _ABSENT.sub(" ", text)
    for pattern, limits in _COMPARED:
        if found := pattern.search(plain):
            count = COUNT_WORDS.get(found[1].lower())
            groups = parse(pattern.sub(r"\1", plain)).groups
            if count is None or not groups:
                return Query()
            return Query((Number(groups[0], *limits(count)),), denied)
    scene = parse(plain)
    if scene.word is None and (quoted := _QUOTED.search(plain)) and _SPELLED.search(plain):
        scene = replace(scene, word=plain_word(quoted[1]) or None)
    facts = _facts(scene, plain)
    if not facts and _ANY_WRITING.search(plain):
        facts = (Written(None),)
    return Query(facts, denied)


def _facts(scene: ShapeScene, text: str) -> tuple[Fact, ...]:
    """What the scene of a question says. "The red circles" are taken as there when something is said about them."""
    facts: list[Fact] = [_before(scene, relation, text) for relation in scene.relations]
    facts += [At(scene.groups[p.group], p.where) for p in scene.places]
    if scene.background:
        facts.append(Ground(scene.background))
    if scene.word:
        facts.append(Written(scene.word))
    tint = _TINT.search(text)
    if not facts and tint and len(scene.groups) == 1 and scene.groups[0].colour is None:
        return (Tinted(scene.groups[0], COLOUR_WORDS[tint[1].lower()]),)
    alone = not facts
    for group in scene.groups:
        said = _said_before(group, text)
        if alone or said in COUNT_WORDS:
            exact = group.count is not None and said in COUNT_WORDS and said not in ("a", "an")
            facts.append(Number(group, group.count, group.count) if exact else Number(group, 1, MANY))
    return tuple(facts)


def _before(scene: ShapeScene, relation: Relation, text: str) -> Before:
    first, second = scene.groups[relation.first], scene.groups[relation.second]
    any_of = next(
        (name for name, group in (("first", first), ("second", second)) if _said_before(group, text) == "any"), None
    )
    return Before(first, relation.axis, second, any_of)


def _said_before(group: Group, text: str) -> str:
    """The article or number of its mention: "a star" and "any stars" mean at least one, "one star" exactly one."""
    found = group_pattern(group.shape, group.colour).search(text)
    return found[1].lower() if found and found[1] else ""
