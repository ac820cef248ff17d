"""A wish taken apart: punctuation of all scripts, lists, abbreviations; in steps that grow with the length alone."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pack.engine.judge.absence import denials, without_denials
from pack.engine.judge.checklist_rules import checklist_of_goal, kind_of
from pack.engine.judge.quotations import quotations
from pack.engine.judge.text_segmentation import parts_of, split_text, without_list_mark
from pack.engine.judge.words import first_words, plain_words
from pack.engine.loop.clauses import clauses_in, single_clause
from pack.engine.loop.first_prompt import prompt_of_goal


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("一只猫，一只狗。红色的雨伞、三只鸭子！天空", ["一只猫", "一只狗", "红色的雨伞", "三只鸭子！", "天空"]),
        ("قطة حمراء، ثلاث بطات؛ السماء زرقاء", ["قطة حمراء", "ثلاث بطات", "السماء زرقاء"]),
        ("तीन बत्तखें। एक छाता", ["तीन बत्तखें", "एक छाता"]),
        ("レオナルド・ダ・ヴィンチの絵、猫", ["レオナルド・ダ・ヴィンチの絵", "猫"]),
        ("- a cat\n* a dog\n• a bird", ["a cat", "a dog", "a bird"]),
        ("1. a cat\n2. a dog\n3) a bird", ["a cat", "a dog", "a bird"]),
        ("1. a cat 2. a dog", ["a cat", "a dog"]),
        ("一、猫\n二、犬", ["猫", "犬"]),
        ("①猫 ②犬", ["猫", "犬"]),
        ("[ ] a cat\n- [x] a dog", ["a cat", "a dog"]),
        ("Dr. Smith, e.g. with a hat. A dog", ["Dr. Smith", "e.g. with a hat", "A dog"]),
        ("J. R. R. Tolkien at 5 p.m. The sun sets", ["J. R. R. Tolkien at 5 p.m.", "The sun sets"]),
        ("a U.S. Army truck in 2024. Snow", ["a U.S. Army truck in 2024", "Snow"]),
        ("a 2.5 meter wall, 1,000 birds", ["a 2.5 meter wall", "1,000 birds"]),
        ("No. 5 on a door", ["No. 5 on a door"]),
        ("3. Stock, ein Fenster", ["3. Stock", "ein Fenster"]),
        ("a 12 in. plate. a man walks in. a dog", ["a 12 in. plate", "a man walks in", "a dog"]),
        ("a cat!!! a dog... ok", ["a cat!!!", "a dog", "ok"]),
        ('a sign "SALT, PEPPER. MORE; AND" and „A, B“', ['a sign "SALT, PEPPER. MORE; AND"', "„A, B“"]),
        ("a flag (red, white and blue), a dog", ["a flag (red, white and blue)", "a dog"]),
        ("between 3 and 5 boats and a black and white cat", ["between 3 and 5 boats", "a black and white cat"]),
        ("a rock and roll band, and a cat", ["a rock and roll band", "a cat"]),
        ("a .22 rifle, ... and more", ["a .22 rifle", "more"]),
        (" ,. ", []),
    ],
)
def test_texts_are_parted_where_people_part_them(text, parts):
    assert [part.text for part in split_text(text, at_and=True)] == parts


@pytest.mark.parametrize(
    ("line", "bare"),
    [("- a cat", "a cat"), ("2) a cat", "a cat"), ("２．猫", "猫"), ("• x", "x"), ("2.5 m", "2.5 m"), ("-5 C", "-5 C")],
)
def test_list_marks_of_lines(line, bare):
    assert without_list_mark(line) == bare


def content(text: str) -> str:
    """Letters, marks, numbers and symbols: all that is no punctuation."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LMNS" or char in "\u200c\u200d")


@given(st.text(max_size=80) | st.text(alphabet="ab1. ,-()\n\"'„“。、 and", max_size=60))
@example("a\u0301\u0316, \U0001f469\u200d\U0001f469 b")
def test_nothing_but_punctuation_and_list_marks_is_lost(text):
    at = 0
    for part in [*split_text(text), None]:
        start = part.start if part else len(text)
        between = content(text[at:start])
        assert len(between) <= 3 or between.isdigit() or not any(char.isalpha() for char in between), between
        if part:
            assert content(part.text) == content(text[part.start : part.end])
            at = part.end


LINEAR = {
    "open quotes": "“",
    "apostrophes": "'a ",
    "quotes that never match": "« \u201d",
    "open brackets": "(a",
    "commas": "a,",
    "and": "and a ",
    "abbreviations": "e.g. ",
    "list numbers": "1. a 2. b ",
    "line breaks": "\n",
    "bullets": "\n- a",
    "denials": "no a ",
    "numbers": "three 3 ",
    "marks": "a\u0301\u0316",
    "chinese": "没有",
    "letters": "a",
}
READERS = {
    "quotations": quotations,
    "split_text": lambda text: split_text(text, at_and=True),
    "parts_of": parts_of,
    "checklist_of_goal": checklist_of_goal,
    "prompt_of_goal": prompt_of_goal,
    "kind_of": kind_of,
    "plain_words": lambda text: plain_words(text, 100),
    "first_words": lambda text: first_words(text, 12),
    "clauses_in": clauses_in,
    "single_clause": single_clause,
    "denials": denials,
    "without_denials": without_denials,
}


def steps_of(work, text: str) -> int:
    """Lines of Python that are carried out: loops show, whatever the clock says."""
    count = 0

    def trace(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", LINEAR)
def test_twice_the_text_takes_twice_the_steps(reader, kind):
    once, twice = (LINEAR[kind] * (size // len(LINEAR[kind])) for size in (2000, 4000))
    few, many = steps_of(READERS[reader], once + " "), steps_of(READERS[reader], twice + " ")
    assert many <= 2.2 * few + 500
