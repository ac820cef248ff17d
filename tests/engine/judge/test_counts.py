"""A number counts only the noun that it stands before; ranges are ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.counts import MOST_COUNTED, count_of, counted, counts_within, number_describes, numbers_said
from pack.engine.judge.number_words import NUMBERS, leading_number, whole_number


@pytest.mark.parametrize(
    ("line", "low", "high", "things"),
    [
        ("three ducks", 3, 3, "ducks"),
        ("exactly 12 red cars", 12, 12, "red cars"),
        ("there are three ducks", 3, 3, "ducks"),
        ("one blue duck", 1, 1, "blue ducks"),
        ("one gold ring", 1, 1, "gold rings"),
        ("one hand raised", 1, 1, "hands raised"),
        ("one black and white cat", 1, 1, "black and white cats"),
        ("one woman with a hat", 1, 1, "women with a hat"),
        ("one wolf", 1, 1, "wolves"),
        ("one city", 1, 1, "cities"),
        ("one glass of water", 1, 1, "glasses of water"),
        ("two fish", 2, 2, "fish"),
        ("six people", 6, 6, "people"),
        ("3 ducks swimming in a pond", 3, 3, "ducks swimming in a pond"),
        ("two people dressed in red", 2, 2, "people dressed in red"),
        ("five yellow stars", 5, 5, "yellow stars"),
        ("at least 3 ducks", 3, MOST_COUNTED, "ducks"),
        ("no fewer than three ducks", 3, MOST_COUNTED, "ducks"),
        ("more than two cats", 3, MOST_COUNTED, "cats"),
        ("2+ cats", 2, MOST_COUNTED, "cats"),
        ("2 or more cats", 2, MOST_COUNTED, "cats"),
        ("at most 4 cars", 0, 4, "cars"),
        ("no more than 4 cars", 0, 4, "cars"),
        ("fewer than 3 dogs", 0, 2, "dogs"),
        ("up to five boats", 1, 5, "boats"),
        ("two to four ducks", 2, 4, "ducks"),
        ("between 3 and 5 boats", 3, 5, "boats"),
        ("from 2 to 4 cats", 2, 4, "cats"),
        ("3-5 ducks", 3, 5, "ducks"),
        ("3\u20135 ducks", 3, 5, "ducks"),
        ("2 or 3 birds", 2, 3, "birds"),
        ("about 10 birds", 8, 12, "birds"),
        ("a dozen eggs", 12, 12, "eggs"),
        ("half a dozen eggs", 6, 6, "eggs"),
        ("two dozen roses", 19, 29, "roses"),
        ("twenty five people", 20, 30, "people"),
        ("twenty-five people", 20, 30, "people"),
        ("a hundred balloons", 80, 120, "balloons"),
        ("٣ cars", 3, 3, "cars"),
    ],
)
def test_counts(line, low, high, things):
    assert counted(line)[:3] == (low, high, things)


@pytest.mark.parametrize(
    "line",
    [
        "12 year old boy", "a 12 year old boy", "8 bit pixel art", "2 story house", "5 star hotel",
        "one point perspective", "two tone car", "three quarter view", "two thirds of the sky", "5 feet tall man",
        "50 mm lens", "10 pm", "3 d render", "one way street", "one piece swimsuit", "7 eleven store", "1950 car",
        "four seasons hotel", "101 dalmatians", "two hundred people", "one hundred and five cats", "one day",
        "one of the ducks", "one and only", "one-eyed pirate", "12-string guitar", "two cats and three dogs",
        "three ducks, one white", "three of them", "two", "12 years", "3 gatti", "drei Enten", "三只鸭子", "",
    ],
)  # fmt: skip
def test_numbers_that_count_nothing(line):
    assert counted(line) is None


def test_the_answers_of_a_range_are_all_of_it():
    assert counted("two to four ducks").answers == ("2", "3", "4")
    assert counted("at least 118 ducks") is None
    assert counted("at least 100 ducks").answers[-1] == str(MOST_COUNTED)


def test_counts_within_a_part_are_told_apart():
    part = "a photo of two red ducks left of at least three blue boats"
    assert [(c.low, c.named) for c in counts_within(part)] == [(2, "red ducks"), (3, "blue boats")]
    assert count_of(part, "three blue boats").low == 3
    assert count_of(part, "the ducks").low == 2
    assert count_of(part, "a cat") is None
    assert counts_within("twenty five people")[0].low == 20


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["3"], (3, 3)), (["three"], (3, 3)), (["3-5"], (3, 5)), (["3 or more"], (3, 120)), (["at least 3"], (3, 120)),
        (["3+"], (3, 120)), (["2", "3", "4"], (2, 4)), (["4", "2"], None), (["many"], None), ([], None),
        (["25"], (20, 30)), (["0"], (0, 0)),
    ],
)  # fmt: skip
def test_what_a_model_gives_as_a_number(given, said):
    assert numbers_said(given) == said


@pytest.mark.parametrize(
    ("text", "describes"),
    [
        ("a 12 year old boy", True),
        ("8-bit art", True),
        ("two ducks", False),
        ("a boy of 12", False),
        ("5 stars", False),
    ],
)
def test_numbers_that_describe(text, describes):
    assert number_describes(text) is describes


def test_numbers_in_words_to_a_hundred():
    assert [whole_number(word) for word in NUMBERS] == list(NUMBERS.values())
    assert sorted(NUMBERS.values()) == list(range(100))
    assert whole_number("a hundred") == whole_number("one hundred") == whole_number("100") == 100
    assert whole_number("ninety nine") == 99
    assert leading_number(["two", "hundred"]) is None and leading_number(["1000"]) is None
    assert whole_number("two ducks") is None


@given(st.text(max_size=60) | st.text(alphabet="0123456789 -+todrabetwn", max_size=30))
def test_any_line_counts_something_or_nothing(line):
    found = counted(line)
    assert found is None or (0 <= found.low <= found.high <= MOST_COUNTED and found.things.startswith(found.named))
