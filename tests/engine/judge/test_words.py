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


@pytest.mark.parametrize(
    ("given", "own", "kept"),
    [
        ("the sign \u00abOPEN 24/7: 5% OFF!\u00bb", "", "the sign \u00abOPEN 24/7: 5% OFF!\u00bb"),
        ('a sign "[x] <b> {1|2}"', 'paint "[x] <b> {1|2}" big', 'a sign "[x] <b> {1|2}"'),
        ('a sign "[x] <b> {1|2}"', "", 'a sign " x 1 2 "'),
        ('a sign "(OPEN:9)"', "", 'a sign "(OPEN 9)"'),
        ('"embedding:evil"', "", '" evil"'),
        ("__wild__ card_1 16:9 24/7 a/b x:y", "", "wild card_1 16:9 24/7 a b x y"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 cafe\u0301 \U0001f469\u200d\U0001f467", "", None),
        ("5% OFF! #1 @home $5 \u20ac4 = 9, .5 mm", "", "5% OFF! #1 @home $5 \u20ac4 = 9, .5 mm"),
    ],
)
def test_quotations_and_letters_stay(given, own, kept):
    assert plain_words(given, 200, own) == (given if kept is None else kept)


def test_a_quotation_is_never_cut():
    assert clip_words('a sign "ONE TWO THREE" above', 12) == 'a sign "ONE TWO THREE"'
    assert clip_words(f'a sign "{"WORD " * 60}" above', 12) == "a sign"
    assert first_words('a sign "ONE TWO THREE" above a door', 4) == 'a sign "ONE TWO THREE" above'
    assert first_words("\u4e09\u53ea\u9e2d\u5b50\u5728\u6c60\u5858", 2) == "\u4e09\u53ea\u9e2d\u5b50"
    assert clip_words("\u4e09\u53ea\u9e2d\u5b50 \u5728\u6c60\u5858", 6) == "\u4e09\u53ea\u9e2d\u5b50 \u5728"


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
