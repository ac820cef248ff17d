"""Takes a goal apart into visible requirements, each with two questions, as a vision model would when asked to."""

from __future__ import annotations

import re
from typing import Any

from . import mentions
from .editor import clause
from .facts import within
from .scene import Group, Place, Relation, ShapeScene, opposite, parse
from .vocabulary import spoken

MOST = 10
_CLAUSE_SEEDS = (7_001, 7_002)
_SPELLINGS = {"grey": ["grey", "gray"]}
_NO_WRITING = re.compile(r"\b(?:no|without(?: any)?)\s+(?:text|words?|writing|letters)\b", re.I)


def checklist(goal: str) -> list[dict[str, Any]]:
    """At most MOST requirements, in the fields of a checklist; parents are numbers of requirements from 1."""
    scene = parse(goal)
    items = [_group(goal, group) for group in scene.groups]
    items += [_relation(goal, scene, relation) for relation in scene.relations]
    items += [_place(goal, scene, place) for place in scene.places]
    if scene.background:
        items.append(_background(goal, scene.background))
    if scene.word:
        items.append(_word(goal, scene.word))
    items += [_absence(goal, group) for group in scene.absent]
    if (found := _NO_WRITING.search(goal)) and not scene.word:
        item = _item("absence", "no writing", "Is there any writing?", "yesno", ["no"], found[0])
        items.append(item | _alt("Is the picture free of writing?", "yesno", ["yes"]))
    found = items[:MOST] or [_unknown(goal)]
    return [item | {"clauses": [] if item["kind"] == "absence" else _clauses(item["text"])} for item in found]


def _clauses(text: str) -> list[str]:
    """Two ways to ask for it in a prompt, as its editor would word them."""
    return [clause(text, seed) for seed in _CLAUSE_SEEDS]


def _item(kind: str, text: str, question: str, ask: str, expect: list[str], span: str) -> dict[str, Any]:
    return {"kind": kind, "text": text, "question": question, "ask": ask, "expect": expect, "span": span, "parents": []}


def _alt(question: str, ask: str, expect: list[str]) -> dict[str, Any]:
    return {"alt_question": question, "alt_ask": ask, "alt_expect": expect}


def _be(group: Group) -> str:
    return "Is" if group.count == 1 else "Are"


def _group(goal: str, group: Group) -> dict[str, Any]:
    span, many = mentions.of_group(goal, group), group.named(2)
    how_many = f"How many {many} are there?"
    if group.count is None:
        item = _item("object", group.phrase, f"Are there any {many}?", "yesno", ["yes"], span)
        return item | _alt(f"Is the picture without any {many}?", "yesno", ["no"])
    item = _item("count", group.phrase, how_many, "count", [str(group.count)], span)
    exactly = f"{_be(group)} there exactly {spoken(group.count)} {group.noun}?"
    return item | _alt(exactly, "yesno", ["yes"])


def _relation(goal: str, scene: ShapeScene, relation: Relation) -> dict[str, Any]:
    first, second = scene.groups[relation.first], scene.groups[relation.second]
    sides = ("to the left of", "to the right of") if relation.axis == "left" else ("above", "below")
    ask = f"{_be(first)} the {first.noun} {{}} the {second.noun}?"
    how = "left of" if relation.axis == "left" else "above"
    span = mentions.of_relation(goal, scene, relation)
    text = f"the {first.noun} {how} the {second.noun}"
    item = _item("relation", text, ask.format(sides[0]), "yesno", ["yes"], span)
    item["parents"] = [relation.first + 1, relation.second + 1]
    if first.count == 1:
        return item | _alt(ask.format(sides[1]), "yesno", ["no"])
    return item | _alt(f"Is any {first.named(1)} {sides[1]} the {second.noun}?", "yesno", ["no"])


def _place(goal: str, scene: ShapeScene, place: Place) -> dict[str, Any]:
    group = scene.groups[place.group]
    ask, where = f"{_be(group)} the {group.noun} {{}}?", within(place.where)
    text, span = f"the {group.noun} {where}", mentions.of_place(goal, place)
    item = _item("composition", text, ask.format(where), "yesno", ["yes"], span)
    item["parents"] = [place.group + 1]
    if place.where == "centre":
        # The centre has no opposite: a little off it is near a corner too.
        return item | _alt(
            f"Is the middle of the picture where the {group.noun} {_be(group).lower()}?", "yesno", ["yes"]
        )
    return item | _alt(ask.format(within(opposite(place.where))), "yesno", ["no"])


def _background(goal: str, colour: str) -> dict[str, Any]:
    expect = _SPELLINGS.get(colour, [colour])
    span = mentions.of_background(goal)
    item = _item("attribute", f"a {colour} background", "What colour is the background?", "open", expect, span)
    return item | _alt(f"Is the background {colour}?", "yesno", ["yes"])


def _word(goal: str, word: str) -> dict[str, Any]:
    text, span = f'the word "{word}"', mentions.of_word(goal)
    item = _item("text", text, f'Does the picture show the word "{word}"?', "yesno", ["yes"], span)
    expect = list(dict.fromkeys((word.lower(), word.lower().replace(" ", ""))))
    return item | _alt("What word is written?", "open", expect)


def _absence(goal: str, group: Group) -> dict[str, Any]:
    span = mentions.of_absence(goal, group)
    item = _item("absence", f"no {group.named(2)}", f"Is there any {group.named(1)}?", "yesno", ["no"], span)
    return item | _alt(f"Is the picture free of {group.named(2)}?", "yesno", ["yes"])


def _unknown(goal: str) -> dict[str, Any]:
    """Whatever else is asked for is asked about too; this world never sees it."""
    what = " ".join(goal.split())
    item = _item(
        "object", what, f"Does the picture show this: {what}?", "yesno", ["yes"], what if what in goal else goal
    )
    return item | _alt(f"Can all of this be seen: {what}?", "yesno", ["yes"])
