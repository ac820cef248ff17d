"""Characters and words of every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.letters import comparable, cut, letters_of, sentence_case, words_in

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
THUMB = "\U0001f44d\U0001f3fd"
FLAGS = "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("two red_ducks, 3!", ["two", "red_ducks", "3"]),
        ("हिन्दी शब्द", ["हिन्दी", "शब्द"]),
        ("வணக்கம் উদাহরণ", ["வணக்கம்", "উদাহরণ"]),
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        ("كِتَاب", ["كِتَاب"]),
        ("三只鸭子", ["三", "只", "鸭", "子"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        (f"a {FAMILY}{THUMB}!", ["a", FAMILY, THUMB]),
        ("빨간 우산", ["빨간", "우산"]),
        ("... — !", []),
    ],
)
def test_words_keep_their_marks(text, words):
    assert words_in(text) == words


@given(st.text(max_size=60) | st.text(alphabet="a1 \u0301\u200d\U0001f3fb\U0001f469\u4e09,", max_size=12))
def test_no_letter_is_lost_between_words(text):
    assert letters_of("".join(words_in(text))) == letters_of(text)


@pytest.mark.parametrize(
    ("text", "length", "kept"),
    [
        (f"{FAMILY}{FAMILY}", 6, FAMILY),
        (FLAGS, 3, FLAGS[:2]),
        ("e\u0301e\u0301", 3, "e\u0301"),
        (THUMB, 1, THUMB[:1]),
        ("हिन्दी", 2, "हि"),
        ("short", 9, "short"),
    ],
)
def test_a_cut_never_parts_a_character(text, length, kept):
    assert cut(text, length) == kept


@given(st.text(max_size=40), st.integers(1, 20))
def test_a_cut_is_the_beginning_and_no_longer_than_asked(text, length):
    assert text.startswith(cut(text, length))
    assert len(cut(text, length)) <= length


def test_comparison_is_blind_to_forms():
    assert comparable("Cafe\u0301  NOIR") == comparable("caf\u00e9 noir")
    assert comparable("\uff21\uff22\uff23") == "abc"
    assert comparable("Stra\u00dfe") == comparable("STRASSE")


@given(st.text(max_size=40))
def test_what_is_comparable_stays_so(text):
    assert comparable(comparable(text)) == comparable(text)


@pytest.mark.parametrize(
    ("text", "said"), [("i see", "I see"), ("ßa", "ßa"), ("აბ", "აბ"), ("ы", "Ы"), ("", ""), ("हि", "हि")]
)
def test_a_sentence_begins_with_a_capital_where_there_is_one(text, said):
    assert sentence_case(text) == said
