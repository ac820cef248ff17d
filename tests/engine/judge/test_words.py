"""Words for prompts, questions and comparison."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.words import clip_words, first_words, found_in, one_line, plain_words, question_words, spoken


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a red cube, left of the ball", "a red cube, left of the ball"),
        ("  two\n lines ", "two lines"),
        ('a sign saying "OPEN"', 'a sign saying "OPEN"'),
        ("sharp <lora:evil:2> hands", "sharp hands"),
        ("embedding:../../secret face", "secret face"),
        ("(masterpiece:1.9), {a|b} [c] \\d", "masterpiece 1.9, a b c d"),
        ("C:\\x\\y.safetensors", "C x y.safetensors"),
        ("caf\u00e9 at night, 50% grey", "caf\u00e9 at night, 50% grey"),
        (5, ""),
        (None, ""),
    ],
)
def test_words_for_the_prompt_are_only_words(given, kept):
    assert plain_words(given, 120) == kept


def test_long_texts_are_cut_between_words():
    assert clip_words("one two three", 9) == "one two"
    assert clip_words("one two", 7) == "one two"
    assert clip_words("x" * 20, 5) == "xxxxx"
    assert first_words("one two, three four", 2) == "one two"


def test_questions_keep_their_mark():
    assert question_words("Is  there <b>a</b> cat?? ", 80) == "Is there a cat?"
    assert question_words("???", 80) == question_words(None, 80) == ""


@given(st.text(max_size=80))
def test_one_line_holds_no_tag_and_no_break(text):
    line = one_line(text)
    assert not set("<>\n\r\x00") & set(line)


@pytest.mark.parametrize(
    ("said", "heard"), [(" Yes. ", "yes"), ("THREE", "3"), ('"Red"', "red"), ("dark  red", "dark red"), ("", "")]
)
def test_short_answers_are_compared_without_their_dress(said, heard):
    assert spoken(said) == heard


@pytest.mark.parametrize(
    ("part", "inside"),
    [("Three  ducks", True), ("RED hat.", True), ("ducks swim", False), ("three", True), ("", False), (" . ", False)],
)
def test_a_span_is_found_whatever_its_case_and_blanks(part, inside):
    assert found_in(part, "three\nducks with a red hat") is inside
