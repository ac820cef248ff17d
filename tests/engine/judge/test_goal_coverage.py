"""The whole goal: what a model's checklist leaves out is added by rule, and what has no room is said."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.checklist import GOAL_LENGTH, MOST_REQUIREMENTS, Checklist
from pack.engine.judge.checklist_rules import kind_of, requirement_of
from pack.engine.judge.goal_coverage import cover_goal, not_judged, uncovered_parts, what_is_too_long
from pack.engine.judge.vision_model import ModelUnreachable
from pack.engine.judge.whole_goal import make_whole_checklist, pieces_of

from .memory_model import MemoryModel


def about(*spans):
    """Requirements that a model made, each of the words of the goal that it names."""
    return tuple(
        requirement_of(f"r{number}", span, kind_of(span), "model").model_copy(update={"span": span})
        for number, span in enumerate(spans, 1)
    )


@pytest.mark.parametrize(
    ("goal", "spans", "missing"),
    [
        ("a park", ("a park",), []),
        ("a red fox in deep snow at night", ("red fox", "deep snow"), ["a red fox in deep snow at night"]),
        ("a red fox in deep snow at night", ("red fox", "deep snow", "at night"), []),
        ("a photo of a red fox", ("red fox",), []),
        ("a cat, sleeping on a sofa, and a dog", ("cat", "sofa"), ["sleeping on a sofa", "a dog"]),
        ("two ducks swimming in a pond", ("two ducks", "ducks swimming", "pond"), []),
        ("ein roter Fuchs im tiefen Schnee, ohne Menschen", ("roter Fuchs", "tiefen Schnee"), ["ohne Menschen"]),
        (
            "\u4e00\u53ea\u7ea2\u8272\u7684\u72d0\u72f8\uff0c\u6ca1\u6709\u4eba",
            ("\u7ea2\u8272\u7684\u72d0\u72f8",),
            ["\u6ca1\u6709\u4eba"],
        ),
        ('a jar labelled "no sugar"', ("a jar",), ['a jar labelled "no sugar"']),
        ("a cat", (), ["a cat"]),
    ],
)
def test_what_a_checklist_leaves_out(goal, spans, missing):
    assert [part.text for part in uncovered_parts(goal, about(*spans))] == missing


def test_what_is_left_out_is_added_by_rule():
    goal = "please show me a picture of a cat, two red balls, and no people"
    found = cover_goal(Checklist(goal=goal, requirements=about("two red balls")))
    assert [(r.id, r.text, r.kind, r.source) for r in found.requirements] == [
        ("r1", "two red balls", "count", "model"),
        ("r2", "a cat", "object", "rule"),
        ("r3", "no people", "absence", "rule"),
    ]
    assert found.uncovered == ()
    assert cover_goal(found) == found, "nothing is left out any more"


def test_what_has_no_room_is_named():
    goal = ", ".join(f"a thing{n}" for n in range(33))
    found = cover_goal(Checklist(goal=goal, requirements=about("a thing5")))
    assert len(found.requirements) == MOST_REQUIREMENTS
    assert len(found.uncovered) == 3
    assert not_judged(found.uncovered).startswith("Not judged, because the goal is too long: \u201ca thing30\u201d")
    assert "about 33 parts" in what_is_too_long(goal)
    long = f"{'a very old house, ' * 3}{'x' * GOAL_LENGTH}, a cat"
    assert f"first {GOAL_LENGTH}" in what_is_too_long(long)
    assert "a cat" in cover_goal(Checklist(goal=long, requirements=())).uncovered
    assert (what_is_too_long("a cat"), not_judged(())) == ("", "")


def written(goal):
    """A model's checklist of whatever goal stands in the question: its first two words alone."""
    span = " ".join(goal.split()[:2]).strip(",.")
    one = {"kind": "object", "text": span, "span": span, "ask": "yesno", "expect": ["yes"], "parents": []}
    one |= {"question": f"Is there {span}?", "alt_question": f"Is {span} missing?", "alt_ask": "yesno"}
    return json.dumps({"requirements": [{**one, "alt_expect": ["no"]}]})


def answering(question):
    return written(re.search(r"<goal>(.*)</goal>", question.text, re.DOTALL)[1])


@pytest.mark.parametrize(("parts", "calls"), [(3, 1), (10, 1), (11, 2), (25, 3), (60, 3)])
def test_a_long_goal_is_taken_apart_in_pieces(parts, calls):
    goal = ", ".join(f"a thing{n}" for n in range(parts))
    model = MemoryModel(answering)
    found = asyncio.run(make_whole_checklist(model, goal, 3, "memory:1b"))
    asked = {question.text.split("<goal>")[1].split("</goal>")[0] for question in model.questions}
    assert len(asked) == calls
    assert len(found.requirements) == min(parts, MOST_REQUIREMENTS)
    assert len(found.uncovered) == max(0, parts - MOST_REQUIREMENTS)
    assert len({r.id for r in found.requirements}) == len(found.requirements)
    assert {r.source for r in found.requirements} == ({"model", "rule"} if parts > 1 else {"model"})


def test_a_piece_that_the_model_cannot_take_apart_is_taken_apart_by_rule():
    goal = ", ".join(f"a thing{n}" for n in range(15))
    model = MemoryModel(lambda q: answering(q) if "thing0" in q.text else "nonsense")
    found = asyncio.run(make_whole_checklist(model, goal, 3, "memory:1b"))
    assert len(found.requirements) == 15
    assert "memory:1b wrote no checklist" in found.notes[0]
    with pytest.raises(ModelUnreachable):
        asyncio.run(make_whole_checklist(MemoryModel(ModelUnreachable("Gone.")), goal, 3, "memory:1b"))


@given(st.text(max_size=400))
def test_the_pieces_of_any_goal_hold_its_words(goal):
    together = "".join("".join(pieces_of(goal)).split())
    assert together == "".join(goal[:GOAL_LENGTH].split())


@given(st.text(max_size=300))
def test_of_any_goal_nothing_is_left_out_unsaid(goal):
    found = cover_goal(Checklist(goal=goal, requirements=()))
    assert len(found.requirements) <= MOST_REQUIREMENTS
    if not found.uncovered:
        assert len(found.requirements) == len(uncovered_parts(goal, ()))
