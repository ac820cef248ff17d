"""Finds the words of a text that speak of one thing of its scene, as they stand there."""

from __future__ import annotations

import re
from functools import lru_cache

from .scene import Group, Place, Relation, ShapeScene
from .vocabulary import COLOUR_WORDS, COUNT_WORDS, PLACE_WORDS, SHAPE_WORDS, VAGUE

_COUNTS = "|".join(sorted({*COUNT_WORDS, *VAGUE, "the", "any"}, key=len, reverse=True))
_FILL = rf"(?:(?!(?:and|or|of|{_COUNTS}|{'|'.join(SHAPE_WORDS)})\b)[a-z-]+\s+)"
_RELATION = (
    r"(?:(?:to|on|at)\s+the\s+)?(?:left|right)(?:\s+hand\s+side|\s+side)?\s+of"
    r"|above|over|below|under|beneath|underneath"
)
_NEGATED = r"(?:no|without|free\s+of|zero)\s+(?:any\s+)?"


@lru_cache(maxsize=256)
def group_pattern(shape: str, colour: str | None) -> re.Pattern[str]:
    """A mention of such shapes, with their count as group 1 where one is said."""
    shapes = "|".join(word for word, (known, _) in SHAPE_WORDS.items() if known == shape)
    tint = ""
    if colour:
        tint = f"(?:{'|'.join(word for word, known in COLOUR_WORDS.items() if known == colour)})[\\s-]+{_FILL}{{0,2}}?"
    return re.compile(rf"\b(?:({_COUNTS})\s+{_FILL}{{0,3}}?)?{tint}(?:{shapes})\b", re.I)


def of_group(text: str, group: Group) -> str:
    """The words for the group, count included; the whole text where they cannot be told."""
    found = group_pattern(group.shape, group.colour).search(text)
    return found[0] if found else text


def of_absence(text: str, group: Group) -> str:
    found = re.search(_NEGATED + group_pattern(group.shape, group.colour).pattern, text, re.I)
    return found[0] if found else of_group(text, group)


def of_relation(text: str, scene: ShapeScene, relation: Relation) -> str:
    """From the word of place to the end of the second thing."""
    ends = [scene.groups[i] for i in (relation.first, relation.second)]
    for group in ends:
        pattern = group_pattern(group.shape, None).pattern
        for found in re.finditer(rf"\b(?:{_RELATION})\s+[^,.;]*?{pattern}", text, re.I):
            return found[0]
    return text


def of_place(text: str, place: Place) -> str:
    words = "|".join(word for word, known in PLACE_WORDS.items() if known in place.where.split())
    found = re.search(rf"\b(?:(?:in|at|on|to)\s+(?:the\s+)?)?(?:{words})(?:[\s-]+(?:{words}))*\b", text, re.I)
    return found[0] if found else text


def of_background(text: str) -> str:
    shades, ground = "|".join(COLOUR_WORDS), "back(?:ground|drop)"
    lead = r"(?:(?:on|against|with|in)\s+)?(?:an?\s+|the\s+)?(?:\w+\s+){0,2}?"
    before = re.search(rf"\b{lead}(?:{shades})\s+(?:\w+\s+)?{ground}\b", text, re.I)
    found = before or re.search(rf"\b{ground}\b[^,.;]*?\b(?:{shades})\b", text, re.I)
    return found[0] if found else text


def of_word(text: str) -> str:
    found = re.search(r"[\"“][^\"”\n]{1,40}[\"”]|['‘][^'’\n]{1,40}['’]", text)  # noqa: RUF001
    return found[0] if found else text
