"""Answers in short lines, read as the object that a schema would have asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.answers import AnsweredQuestions, read_answers
from pack.engine.judge.line_answers import read_lines
from pack.engine.judge.questions import look_questions
from pack.engine.judge.vision_model import AnswerUnusable, Reply

from .memory_model import CHECKLIST

QUESTIONS = look_questions(CHECKLIST, 7)
SCHEMA = QUESTIONS.schema
KEYS = list(SCHEMA["properties"])
VALUES = {"r1": "three", "r2": "yes", "r3": "no"}
ANSWERS = [VALUES[one.requirement.id] for one in QUESTIONS.asked.values()] + ["good"] * 4


def lines(form="{} {}"):
    return "\n".join(form.format(number, said) for number, said in enumerate(ANSWERS, 1))


@pytest.mark.parametrize(
    "form", ["{} {}", "{}. {}", "{}) {}.", "q0{}: {}", "{} - {}", "- {} {}", "{}: **{}**", " {}\t{} "]
)
def test_each_way_of_writing_a_line(form):
    said = json.loads(read_lines(lines(form), SCHEMA))
    assert list(said) == KEYS
    assert {said[key] for key, one in QUESTIONS.asked.items() if one.ask == "count"} == {3}


def test_a_look_is_read_from_lines():
    result, lack = read_answers(AnsweredQuestions(QUESTIONS, Reply(read_lines(lines(), SCHEMA))))
    assert lack == ""
    assert {item.id: item.passed for item in result.items} == {"r1": True, "r2": True, "r3": False}
    assert not result.soft


def test_the_questions_are_numbered_as_the_schema_has_them():
    for number, one in enumerate(QUESTIONS.asked.values(), 1):
        assert f"\n{number}. {one.question} (" in QUESTIONS.lines
    assert "\n8. " not in QUESTIONS.lines
    assert "JSON" not in QUESTIONS.lines


def test_a_json_answer_and_thoughts_are_understood():
    assert read_lines('{"q01": "yes"}', SCHEMA) == '{"q01": "yes"}'
    assert json.loads(
        read_lines("<think>1 no\n2 no</think>\n1 yes", {"properties": {"q01": {"enum": ["yes", "no"]}}})
    ) == {"q01": "yes"}


@pytest.mark.parametrize(
    "text",
    ["", "yes", "The picture is fine.", "1", "9 yes", "0 yes", "1 yes\n1 no", "1 " + "long " * 40, "<think>1 yes"],
)
def test_what_is_no_answer(text):
    with pytest.raises(AnswerUnusable):
        read_lines(text, SCHEMA)


def test_what_is_missing_is_asked_for_again():
    first = next(number for number, one in enumerate(QUESTIONS.asked.values(), 1) if one.requirement.id == "r2")
    result, lack = read_answers(AnsweredQuestions(QUESTIONS, Reply(read_lines(f"{first} yes", SCHEMA))))
    assert "no usable value" in lack
    assert {item.id: item.answer for item in result.items} == {"r1": "unknown", "r2": "yes", "r3": "unknown"}


@given(st.text(alphabet=st.characters(exclude_characters="0123456789{`", exclude_categories=("Nd",)), max_size=200))
def test_prose_without_numbers_is_never_an_answer(text):
    with pytest.raises(AnswerUnusable):
        read_lines(text, SCHEMA)
