"""What users write, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.mask.request import RequestedThing, read_request
from pack.engine.mask.selection import ALL, Selection


def one(order: str, rank: int = 1, count: int = 1) -> Selection:
    return Selection(order, rank - 1, count)


@pytest.mark.parametrize(
    ("text", "phrase", "selection"),
    [
        ("cat", "cat", ALL),
        ("  the   red car. ", "red car", ALL),
        ('"a person"', "person", ALL),
        ("leftmost cat", "cat", one("leftmost")),
        ("the left-most black cat", "black cat", one("leftmost")),
        ("Largest dog", "dog", one("largest")),
        ("biggest dog", "dog", one("largest")),
        ("two largest dogs", "dogs", one("largest", 1, 2)),
        ("the largest 3 dogs", "dogs", one("largest", 1, 3)),
        ("second largest dog", "dog", one("largest", 2)),
        ("smallest of", "of", one("smallest")),
        ("cat leftmost", "cat", one("leftmost")),
        ("second person from the left", "person", one("leftmost", 2)),
        ("2nd person from the right", "person", one("rightmost", 2)),
        ("third car", "car", one("leftmost", 3)),
        ("cat number 2", "cat", one("leftmost", 2)),
        ("cat #12", "cat", one("leftmost", 12)),
        ("cat no. 3", "cat", one("leftmost", 3)),
        ("the cat on the left", "cat", one("leftmost")),
        ("cat on the far right side", "cat", one("rightmost")),
        ("bird at the top of the picture", "bird", one("topmost")),
        ("cup in the middle", "cup", one("center")),
        ("middle car", "car", one("center")),
        ("all cats", "cats", ALL),
        # Words that only look like a selection.
        ("left hand", "left hand", ALL),
        ("the right eye", "right eye", ALL),
        ("top hat", "top hat", ALL),
        ("bottom drawer", "bottom drawer", ALL),
        ("first aid kit", "first aid kit", ALL),
        ("second hand of the clock", "second hand of the clock", ALL),
        ("middle finger", "middle finger", ALL),
        ("center console", "center console", ALL),
        ("two cats", "two cats", ALL),
        ("the object behind the person", "object behind the person", ALL),
        ("t-shirt", "t-shirt", ALL),
        ("all-terrain vehicle", "all-terrain vehicle", ALL),
        ("leftmosts", "leftmosts", ALL),
        ("everything", "everything", ALL),
    ],
)
def test_one_phrase(text, phrase, selection):
    request = read_request(text)
    assert request.wanted == (RequestedThing(phrase, selection),)
    assert request.phrases == (phrase,)


def test_several_things_and_what_is_taken_away():
    request = read_request("cat, red car\n-collar,\n\n- largest wheel, Cat, -collar")
    assert request.wanted == (RequestedThing("cat"), RequestedThing("red car"))
    assert request.taken_away == (RequestedThing("collar"), RequestedThing("wheel", one("largest")))
    assert request.phrases == ("cat", "red car", "collar", "wheel")


def test_a_thing_that_is_both_wanted_and_taken_away_is_looked_for_once():
    request = read_request("cat, -Leftmost Cat")
    assert request.phrases == ("cat",)
    assert request.taken_away == (RequestedThing("cat", one("leftmost")),)


def test_the_nodes_select_is_for_phrases_that_say_nothing():
    request = read_request("cat, leftmost dog, all birds, -collar", "largest", 2)
    assert [asked.selection for asked in request.wanted] == [one("largest", 1, 2), one("leftmost"), ALL]
    assert request.taken_away[0].selection == ALL


@pytest.mark.parametrize("minus", ["-", "- ", "--", "\u2013", "\u2212 "])
def test_every_kind_of_minus(minus):
    assert read_request(f"cat,{minus}collar").taken_away == (RequestedThing("collar"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "text is empty"),
        (" \n , .,\t", "text is empty"),
        ("-", "text is empty"),
        ("-collar", "only says what to take away"),
        ("leftmost", "which one, but not of what"),
        ("dog, largest", "which one, but not of what"),
        ("second from the left", "which one, but not of what"),
        ("x" * 201, "201 characters"),
        (",".join(f"thing {'abcdefghij'[n % 10]}{n // 10}" for n in range(33)), "33 things"),
    ],
)
def test_what_cannot_be_meant_is_said(text, message):
    with pytest.raises(ValueError, match=message):
        read_request(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        request = read_request(text)
    except ValueError as problem:
        assert str(problem).startswith("text")
        return
    assert request.wanted
    assert all(phrase == phrase.strip() and phrase for phrase in request.phrases)
    assert len({phrase.casefold() for phrase in request.phrases}) == len(request.phrases)
