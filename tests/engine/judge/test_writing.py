"""What was read against what is wanted."""

from __future__ import annotations

import pytest
from pack.engine.judge.checklist_rules import requirement_of
from pack.engine.judge.writing import compare_writing, wanted_writing

from .memory_model import requirement


@pytest.mark.parametrize(
    ("wanted", "lines", "found"),
    [
        ("HELLO", ["HELLO"], "as wanted"),
        ("Hello", ["say hello!", "twice"], "as wanted"),
        ("OPEN 24 HOURS", ["OPEN24", "HOURS"], "as wanted"),
        ("No Parking", ["Since 1972", "NoParking", "downtown"], "as wanted"),
        ("HELL", ["HELLO"], "nearly"),
        ("HELLO", ["HELLOO"], "nearly"),
        ("HELLO", ["HELO"], "nearly"),
        ("HELLO", ["HXLLO"], "nearly"),
        ("HELLO", ["HELLOworld"], "within"),
        ("HELLO", ["MUSIC"], "otherwise"),
        ("HELLO", [], "nothing"),
        ("HELLO", ["", " - "], "nothing"),
        ("A", ["B"], "otherwise"),
    ],
)
def test_findings(wanted, lines, found):
    assert compare_writing(wanted, lines).found == found


def test_what_comes_closest_is_told():
    assert compare_writing("HELLO", ["old HELO road"]).closest == "HELO"
    assert compare_writing("HELLO", ["MUSIC", "shop"]).closest == "MUSIC shop"


def test_endless_writing_costs_little():
    assert compare_writing("HELLO", ["x y " * 50_000]).found == "otherwise"


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ('the word "HELLO"', "text", "HELLO"),
        ("a sign that says \u201cNo Parking\u201d", "text", "No Parking"),
        ("a readable sign", "text", ""),
        ('the word "\u041f\u0440\u0438\u0432\u0435\u0442"', "text", ""),
        ('the word "caf\u00e9"', "text", ""),
        ('"..."', "text", ""),
        ("a red duck", "object", ""),
    ],
)
def test_what_a_reader_can_be_asked(text, kind, wanted):
    assert wanted_writing(requirement_of("r1", text, kind, "user")) == wanted


def test_the_question_names_it_where_the_text_does_not():
    assert wanted_writing(requirement("r1", "text", "a shop sign", question='Is "OPEN" written on it?')) == "OPEN"
