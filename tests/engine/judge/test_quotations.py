"""What stands in quotation marks, and what only looks like it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.quotations import FILLER, in_marks, quotations, quoted, without_quotations

PAIRS = [
    '""',
    "“”",
    "„“",
    "„”",
    "””",
    "«»",
    "»«",
    "‹›",
    "›‹",
    "「」",
    "『』",
    "《》",
    "〈〉",
    "｢｣",
    "〝〟",
    "''",
    "‘’",
    "‚‘",
    "`'",
    "＂＂",
]
WRITINGS = [
    "OPEN 24/7",
    "5% OFF",
    "WHAT?!",
    "Tel. #12 @home",
    "$5 = 4 €",
    "9:30 (daily)",
    "don’t walk",
    "営業中",
    "يفتح",
]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("writing", WRITINGS)
def test_every_pair_of_marks_quotes(pair, writing):
    text = f"a sign {pair[0]}{writing}{pair[1]} above a door"
    (found,) = quotations(text)
    assert found.words == writing
    assert text[found.start : found.end] == f"{pair[0]}{writing}{pair[1]}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the dogs' bowl and cats' bed", []),
        ("a rock 'n' roll band", []),
        ('a 12" plate and a 10" bowl', []),
        ('a 12" plate and a "BIG" bowl', ["BIG"]),
        ("''HI THERE'' you", ["HI THERE"]),
        ('""A"" and ""B""', ["A", "B"]),
        ("„A“ und „B“", ["A", "B"]),
        ("it's a ‘don’t walk’ sign", ["don’t walk"]),
        ('"OPEN\nALL DAY"', ["OPEN ALL DAY"]),
        ('"unclosed', []),
        ("“““", []),
        ('" "', []),
        ('"say ‘hi’"', ["say ‘hi’"]),
    ],
)
def test_apostrophes_and_inches_are_no_quotations(text, words):
    assert [one.words for one in quotations(text)] == words
    assert quoted(text) == next(iter(words), "")


@given(st.text(alphabet="ab \n'\"“”„«»「」’", max_size=40))
def test_quotations_are_in_order_and_apart(text):
    found = quotations(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert len(without_quotations(text)) == len(text)
    assert all(text[one.start] in "'\"“”„«»「」’" and one.words for one in found)
    assert without_quotations(text).count(FILLER) == sum(one.end - one.start for one in found)


@pytest.mark.parametrize("words", ["OPEN", 'say "hi"', "“A” “B”", '«x» "y" “z”'])
def test_marks_are_chosen_that_the_words_do_not_have(words):
    shown = in_marks(words)
    assert shown[1:-1] == words and not {shown[0], shown[-1]} & set(words)
