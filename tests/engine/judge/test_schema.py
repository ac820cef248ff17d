"""The answer's contract: order, limits, and only what Ollama's grammar enforces."""

from __future__ import annotations

import pytest
from pack.engine.judge.schema import ANSWER_SCHEMA, Answer, clipped, plain_words

KNOWN = {"type", "properties", "required", "additionalProperties", "enum", "minimum", "maximum", "maxLength"}


def objects(schema):
    if schema.get("type") == "object":
        yield schema
        for part in schema["properties"].values():
            yield from objects(part)


def leaves(schema):
    for part in schema.get("properties", {}).values():
        yield from [part] if "properties" not in part else leaves(part)


def test_every_object_is_closed_complete_and_in_alphabetical_order():
    for found in objects(ANSWER_SCHEMA):
        assert list(found["properties"]) == sorted(found["properties"]) == found["required"]
        assert found["additionalProperties"] is False


def test_only_enforced_keywords_and_short_texts():
    for part in (*objects(ANSWER_SCHEMA), *leaves(ANSWER_SCHEMA)):
        assert set(part) <= KNOWN
    for part in leaves(ANSWER_SCHEMA):
        if part["type"] == "string" and "enum" not in part:
            assert part["maxLength"] <= 300
        if part["type"] == "integer":
            assert (part["minimum"], part["maximum"]) == (0, 10)


def test_schema_and_model_have_the_same_fields():
    fields = {name: part for name, part in ANSWER_SCHEMA["properties"].items()}
    assert set(Answer.model_fields) == set(fields)
    answer = Answer(done=True)
    assert set(type(answer.changes).model_fields) == set(fields["changes"]["properties"])


def changes(**given):
    return Answer.model_validate({"done": False, "changes": given}).changes


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (7.5, 7.5),
        ("7.5", 7.5),
        (0, 0.0),
        (-1, None),
        (31, None),
        ("high", None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (None, None),
        ([7], None),
        (10**400, None),
    ],
)
def test_cfg_that_cannot_be_used_is_dropped(given, kept):
    assert changes(cfg=given).cfg == kept


@pytest.mark.parametrize(("given", "kept"), [(30, 30), ("30", 30), (0, None), (151, None), (30.4, 30), ("many", None)])
def test_steps_that_cannot_be_used_are_dropped(given, kept):
    assert changes(steps=given).steps == kept


@pytest.mark.parametrize(("given", "kept"), [("new", "new"), ("keep", "keep"), ("NEW?", "keep"), (5, "keep")])
def test_seed(given, kept):
    assert changes(seed=given).seed == kept


@pytest.mark.parametrize("given", [None, "brighter please", ["a"], 5])
def test_changes_that_are_no_object_are_dropped(given):
    assert Answer.model_validate({"done": True, "changes": given}).changes.prompt_append == ""


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
    assert clipped("one two three", 9) == "one two"
    assert clipped("one two", 7) == "one two"
    assert clipped("x" * 20, 5) == "xxxxx"
    assert len(changes(prompt_append="word " * 200).prompt_append) <= 120
    assert len(Answer(done=True, reason="word " * 200).reason) <= 300
