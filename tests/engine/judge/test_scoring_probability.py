"""Soft scores from token streams: by place, never by counting; raw values before the grammar's mask."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.questions import LEVELS
from pack.engine.judge.scoring import of_answer, of_choice, of_levels, plain, voted
from pack.engine.judge.vision_model import Token


def tokens(*parts):
    """Texts, or (text, {alternative: probability})."""
    made = []
    for part in parts:
        text, listed = part if isinstance(part, tuple) else (part, {"junk": 0.9})
        top = tuple((word, math.log(p)) for word, p in listed.items())
        made.append(Token(text, math.log(listed.get(text, 1e-6)), top))
    return tuple(made)


YES = {"y": 0.3, "yes": 0.4, "Yes": 0.1, " no": 0.1, "n": 0.05, "maybe": 0.05}
CUTS = {
    "single": ('{"', "q", "01", '":', ' "', ("yes", YES), '"', ', "q', "02", '":', ' "', "no", '"}'),
    "halves": ('{"', "q", "01", '":', ' "', ("y", YES), "es", '"', "}"),
    "quote inside": ('{"q01', '":', (' "y', {' "yes': 0.8, ' "no': 0.1, ' "n': 0.05}), "es", '"}'),
    "quote behind": ('{"q01":', ' "', ('yes"', {'yes"': 0.8, 'no"': 0.15}), "}"),
    "no blanks": ('{"q01":"', ("yes", {"yes": 0.8, "no": 0.15}), '"}'),
    "line breaks": ('{\n  "', "q01", '"', " :", '\n "', ("yes", YES), '"\n}'),
    "thoughts first": ('{"q01": "no"} is wrong ', '{"q01": "', ("yes", YES), '"}'),
    "empty tokens": ("", '{"q01": "', "", ("yes", YES), "", '"}'),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_choice_is_found_however_the_tokens_are_cut(name):
    assert of_choice(tokens(*CUTS[name]), "q01", "yes", "yes", "no") == pytest.approx(0.8 / 0.95, rel=1e-4)
    assert of_choice(tokens(*CUTS[name]), "q01", "yes", "no", "yes") == pytest.approx(0.15 / 0.95, rel=1e-4)


def test_a_side_that_is_not_listed_has_the_smallest_listed_value():
    stream = tokens('{"q01": "', ("yes", {"yes": 0.9, "other": 0.01, "more": 0.001}), '"}')
    assert of_choice(stream, "q01", "yes", "yes", "no") == pytest.approx(0.9 / 0.901)


def test_a_forced_answer_with_neither_side_listed_tells_nothing():
    listed = {"The": 0.6, "{": 0.2, "```": 0.1}
    stream = (
        Token('{"q01": "', 0.0, (("x", 0.0),)),
        Token("?", -9.0, tuple((w, math.log(p)) for w, p in listed.items())),
    )
    assert of_choice((*stream, Token('"}', 0.0)), "q01", "?", "yes", "no") is None


@pytest.mark.parametrize(
    ("key", "said"), [("q02", "yes"), ("q0", "yes"), ("q01", "no"), ("q01", ""), ("01", "yes"), ("q.1", "yes")]
)
def test_no_such_value_no_probability(key, said):
    stream = tokens(*CUTS["single"][:7], "}")
    assert of_choice(stream, key, said, "yes", "no") is None
    assert of_answer(stream, key, said, ["yes"]) is None
    assert of_levels(stream, key, said, LEVELS) is None


def test_without_lists_there_is_no_probability():
    assert of_choice((), "q01", "yes", "yes", "no") is None
    assert (
        of_choice((Token('{"q01": "', -1.0), Token("yes", -0.1), Token('"}', 0.0)), "q01", "yes", "yes", "no") is None
    )


DIGITS = {"3": 0.7, "2": 0.2, "4": 0.1, "many": 0.5}


def test_counts_compare_numbers_only():
    stream = tokens('{"q01":', " ", ("3", DIGITS), ', "q02": 3}')
    assert of_answer(stream, "q01", "3", ["3"]) == pytest.approx(0.7)
    assert of_answer(stream, "q01", "3", ["2"]) == pytest.approx(0.2)
    words = tokens('{"q01": ', ("3", {"3": 0.5, "three": 0.2, "two": 0.3}), "}")
    assert of_answer(words, "q01", "3", ["3"]) == pytest.approx(0.7)


def test_a_beginning_is_not_the_whole_number():
    more = {"2": 0.9, ",": 0.1}
    assert of_answer(tokens('{"q01": ', ("1", {"1": 1.0}), ("2", more), "}"), "q01", "12", ["1"]) < 0.2
    assert of_answer(tokens('{"q01": ', ("1", {"1": 1.0}), (",", {",": 0.9, "2": 0.1})), "q01", "1", ["12"]) < 0.2
    right = tokens('{"q01": ', ("1", {"1": 0.9, "8": 0.1}), ("2", {"2": 0.8, "3": 0.1, ",": 0.1}), "}")
    assert of_answer(right, "q01", "12", ["12"]) == pytest.approx(0.9 * 0.8)
    whole = tokens('{"q01": ', ("12", {"12": 0.6, "1": 0.1, "13": 0.3}), "}")
    assert of_answer(whole, "q01", "12", ["12"]) == pytest.approx(0.7)


def test_a_beginning_is_not_the_whole_word():
    grey = tokens('{"q01": "', ("gr", {"gr": 0.9, "red": 0.1}), ("ey", {"ey": 0.8, "een": 0.2}), '"}')
    assert of_answer(grey, "q01", "grey", ["green"]) == pytest.approx(0.9 * 0.2)
    assert of_answer(grey, "q01", "grey", ["grey", "gray"]) == pytest.approx(0.9 * 0.8)
    blank = tokens('{"q01": "', ("light", {"light": 1.0, "dark": 1e-9}), (" blue", {" blue": 0.7, " red": 0.3}), '"}')
    assert of_answer(blank, "q01", "light blue", ["light blue"]) == pytest.approx(0.7)


def test_a_level_is_the_mean_of_the_distribution():
    listed = {"ex": 0.5, "good": 0.2, "po": 0.1, "b": 0.1, "the": 0.1}
    stream = tokens('{"quality_faces": "', ("ex", listed), "cellent", '"}')
    assert of_levels(stream, "quality_faces", "excellent", LEVELS) == pytest.approx((0.5 + 0.15 + 0.025) / 0.9)


def test_words_and_votes():
    assert (plain(True), plain(False)) == (0.9, pytest.approx(0.1))
    assert [voted(k, 3) for k in range(4)] == [0.125, 0.375, 0.625, 0.875]


texts = st.text(alphabet='{}":, qyesno012\n', max_size=12)
streams = st.lists(
    st.builds(
        Token,
        texts,
        st.floats(allow_nan=True),
        st.lists(st.tuples(texts, st.floats(allow_nan=True)), max_size=4).map(tuple),
    ),
    max_size=12,
)


@given(streams, st.sampled_from(["yes", "no", "3", "12", "red", ""]))
def test_any_stream_gives_a_probability_or_none(stream, said):
    stream = [Token('{"q01": "', 0.0), *stream]
    for found in (
        of_choice(stream, "q01", said, "yes", "no"),
        of_answer(stream, "q01", said, ["3", "red"]),
        of_levels(stream, "q01", said, LEVELS),
    ):
        assert found is None or 0 <= found <= 1


@given(st.floats(0.001, 0.998), st.data())
def test_the_cut_does_not_matter(p, data):
    """A stream of one text cut anywhere outside the value gives the same answer."""
    text = '{"q00": "no", "q01": "'
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    stream = tokens(*pieces, ("yes", {"yes": p, "no": 1 - p - 0.0005}), '"}')
    assert of_choice(stream, "q01", "yes", "yes", "no") == pytest.approx(p / 0.9995)


def test_a_range_is_right_as_far_as_its_numbers_are():
    """ "2" leads to 20, which three or more would allow, but it mostly means 2."""
    at_least = tuple(map(str, range(3, 121)))
    stream = tokens('{"q01": ', ("3", {"3": 0.5, "2": 0.4, "4": 0.1}), "}")
    assert of_answer(stream, "q01", "3", at_least) == pytest.approx(0.6)
    stream = tokens('{"q01": ', ("1", {"1": 0.5, "2": 0.3, "4": 0.2}), ("2", {"2": 0.9, "}": 0.1}), "}")
    assert of_answer(stream, "q01", "12", at_least) == pytest.approx(0.7 * 0.9)
    assert of_answer(stream, "q01", "12", ("12",)) == pytest.approx(0.5 * 0.9)


def test_words_of_other_scripts_keep_their_marks():
    stream = tokens('{"q01": "', ("\u0915\u093f", {"\u0915\u093f": 0.6, "\u0915\u0940": 0.4}), '"}')
    assert of_answer(stream, "q01", "\u0915\u093f", ("\u0915\u093f",)) == pytest.approx(0.6)
