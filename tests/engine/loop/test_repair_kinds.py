"""What is repaired how: the table holds for every requirement, and strength follows what the tries showed."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.checklist import Kind, Requirement
from pack.engine.judge.critique import Item
from pack.engine.loop.repair_kinds import (
    STRONGEST,
    WEAKEST,
    Outcome,
    kind_named,
    kind_of,
    kind_of_wish,
    kinds,
    source_of,
    state_of,
    strength,
)


def requirement(text, kind="object", expect=("yes",)):
    asked = {"question": "?", "ask": "yesno", "expect": expect, "alt_question": "?", "alt_ask": "yesno"}
    return Requirement(id="r1", kind=kind, text=text, span=text, alt_expect=expect, **asked)


def item(answer="no", p=0.1):
    return Item(id="r1", answer=answer, p=p, passed=p > 0.5)


def named(text, kind="object", answer="no", p=0.1, expect=("yes",)):
    found = kind_of(requirement(text, kind, expect), item(answer, p))
    return found.name if found else None


def test_every_row_has_its_sources_and_a_pattern_that_is_one():
    assert len({kind.name for kind in kinds()}) == len(kinds())
    for kind in kinds():
        re.compile(kind.words)
        assert all(source_of(name).startswith("https://") for name in kind.sources)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("a smiling face", "attribute"), "face"),
        (("five fingers on each hand", "attribute"), "hand"),
        (("a red umbrella", "attribute"), "wrong"),
        (("an umbrella", "object"), "missing"),
        (("an umbrella", "object", "no", 0.4), "wrong"),
        (("a hand", "object"), "missing"),
        (("three ducks", "count", "2", 0.1, ("3",)), "few"),
        (("three ducks", "count", "5", 0.1, ("3",)), "many"),
        (("three ducks", "count", "unknown", 0.1, ("3",)), None),
        (('a sign that says "OPEN"', "text", "OPNE"), "text"),
        (("no people", "absence"), "unwanted"),
        (("a blurred background", "attribute"), "background"),
        (("a cat on a chair", "relation"), "wrong"),
        (("watercolour", "style"), None),
        (("seen from above", "composition"), None),
    ],
    ids=str,
)
def test_requirements_by_kind_and_by_how_they_fail(told, expected):
    assert named(*told) == expected


@given(
    text=st.text(max_size=40),
    kind=st.sampled_from(get_args(Kind)),
    answer=st.sampled_from(["no", "yes", "unknown", "7", "", "none"]),
    p=st.floats(0.02, 0.98),
)
def test_any_requirement_has_a_kind_or_none(text, kind, answer, p):
    found = kind_of(requirement(text or "x", kind, ("3",)), item(answer, p))
    assert found is None or kind in found.kinds
    assert state_of(requirement(text or "x", kind, ("3",)), item(answer, p)) in ("", "missing", "few", "many")


@given(st.sampled_from(kinds()), st.lists(st.sampled_from(get_args(Outcome)), max_size=12))
def test_strength_stays_in_its_range_and_follows_the_last_try(kind, tries):
    before, after = strength(kind, tries), [strength(kind, [*tries, one]) for one in ("nothing", "not_met", "lost")]
    assert all(WEAKEST <= one <= STRONGEST for one in (before, *after))
    nothing, not_met, lost = after
    assert nothing >= not_met >= before >= lost
    assert strength(kind, [*tries, "met"]) == before


def test_wishes_that_take_something_away():
    for wish in ("remove this", "Please erase the sign", "no people here", "delete it", "without the hat"):
        assert kind_of_wish(wish) == kind_named("removal"), wish
    for wish in ("a sixth finger: five", "make it red", "a cat"):
        assert kind_of_wish(wish) == kind_named("wish"), wish
