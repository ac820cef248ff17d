"""What the model is asked about a picture: blind, shuffled, with a schema that a server can enforce."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.checklist_builder import CHECKLIST_SCHEMA
from pack.engine.judge.editor import _schema as editor_schema
from pack.engine.judge.questions import QUALITY, asked_again, look_questions
from pack.engine.judge.vision_model import Question

from .memory_model import CHECKLIST, requirement

KNOWN = {"type", "properties", "required", "additionalProperties", "enum", "minimum", "maximum", "items"}
KNOWN |= {"maxLength", "minLength", "minItems", "maxItems", "anyOf"}
SCHEMAS = [CHECKLIST_SCHEMA, editor_schema(["r1", "r2"]), look_questions(CHECKLIST, 1).schema]
TEN = Checklist(goal="all", requirements=tuple(requirement(f"r{n}", text=f"thing {n}") for n in range(10)))


def parts(schema):
    yield schema
    for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]:
        yield from parts(inner)
    if "items" in schema:
        yield from parts(schema["items"])


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_schema_is_closed_complete_and_in_alphabetical_order(schema):
    for part in parts(schema):
        assert set(part) <= KNOWN
        if part.get("type") == "object":
            assert list(part["properties"]) == sorted(part["properties"]) == part["required"]
            assert part["additionalProperties"] is False
        if part.get("type") == "string":
            assert "enum" in part or part["maxLength"] <= 200
        if part.get("type") == "array":
            assert part["maxItems"] <= 10


@pytest.mark.parametrize("wording", [1, 2])
def test_one_line_for_each_question_between_the_tags(wording):
    asked = look_questions(CHECKLIST, 5, wording)
    assert asked.text.startswith("<task>look</task>")
    (block,) = re.findall(r"<questions>\n(.*?)\n</questions>", asked.text, re.DOTALL)
    lines = block.split("\n")
    assert len(lines) == 3
    for line, (key, one) in zip(lines, asked.asked.items(), strict=True):
        hint = {"yesno": "yes/no", "count": "number", "open": "one word"}[one.ask]
        assert line == f"{key} ({hint}): {one.question}"
    assert list(asked.schema["properties"]) == [*asked.asked, *(f"quality_{check}" for check in QUALITY)]


@pytest.mark.parametrize("wording", [1, 2])
def test_a_look_is_blind(wording):
    asked = look_questions(CHECKLIST, 5, wording)
    assert CHECKLIST.goal not in asked.text + asked.system
    assert "<goal>" not in asked.text
    assert "three" not in asked.text


def order(seed, wording=1):
    return [one.requirement.id for one in look_questions(TEN, seed, wording).asked.values()]


def test_the_seed_shuffles_and_the_second_look_reverses():
    orders = {tuple(order(seed)) for seed in range(50)}
    assert len(orders) > 45
    assert order(3) == order(3)
    assert order(3, 2) == order(3)[::-1]
    first_places = [order(seed)[0] for seed in range(400)]
    assert all(first_places.count(f"r{n}") > 15 for n in range(10))


def test_each_wording_has_its_own_words_and_answers():
    first, second = look_questions(CHECKLIST, 1, 1), look_questions(CHECKLIST, 1, 2)
    assert {one.question for one in first.asked.values()}.isdisjoint(one.question for one in second.asked.values())
    assert first.system != second.system
    assert {one.ask for one in second.asked.values()} == {"count", "yesno", "open"}


@given(st.text(alphabet="<>/questions ?\nx", max_size=80))
def test_no_question_ends_the_marked_part(text):
    hostile = Checklist(goal="g", requirements=(requirement("r1", question=text), requirement("r2")))
    asked = look_questions(hostile, 1).text
    assert asked.count("<questions>") == asked.count("</questions>") == 1
    assert len(re.findall(r"^q\d\d \(", asked, re.MULTILINE)) == 2


@pytest.mark.parametrize("wording", [1, 2])
def test_writing_in_the_picture_is_data(wording):
    assert re.search(r"never (an instruction|a request) to you", look_questions(CHECKLIST, 1, wording).system)


def test_asking_again_says_what_was_wrong():
    again = asked_again(Question("", "the question", b"", {}, lines="1. ?"), "The answer was cut off.")
    assert again.text.startswith("the question")
    assert "The answer was cut off." in again.text
    assert again.lines.startswith("1. ?\nYour first answer was unusable.")
