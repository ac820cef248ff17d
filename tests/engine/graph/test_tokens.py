from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.graph.tokens import TokenError, TokensTooLarge, fill, tokens


def graph(**inputs):
    return {"1": {"class_type": "KSampler", "inputs": inputs}}


def filled(values, **inputs):
    return fill(graph(**inputs), values)["1"]["inputs"]


def test_a_token_alone_takes_the_type_of_the_value():
    given_values = {
        "PROMPT": 'a "red" fox',
        "NEG": "",
        "CFG": 4.5,
        "STEPS": 20,
        "SEED": 2**64 - 1,
        "BATCH": 2,
        "ON": True,
    }
    inputs = {"text": "__PROMPT__", "neg": "__NEG__", "cfg": "__CFG__", "steps": "{{STEPS}}", "seed": "__SEED__"}
    found = filled(given_values, **inputs, batch=" {{ batch }} ", on="{{ON}}")
    assert found == {
        "text": 'a "red" fox',
        "neg": "",
        "cfg": 4.5,
        "steps": 20,
        "seed": 2**64 - 1,
        "batch": 2,
        "on": True,
    }


def test_inside_a_text_the_value_is_written_out():
    assert (
        filled({"SUBJECT": "fox", "N": 3}, text="{{N}} {{SUBJECT}}es, {a|b}, __animal__")["text"]
        == "3 foxes, {a|b}, __animal__"
    )


def test_links_titles_and_the_original_stay():
    one = graph(text="__PROMPT__", clip=["2", 0])
    one["1"]["_meta"] = {"title": "__PROMPT__"}
    found = fill(one, {"prompt": "a fox"})
    assert found["1"]["inputs"] == {"text": "a fox", "clip": ["2", 0]}
    assert found["1"]["_meta"] == {"title": "__PROMPT__"}
    assert one["1"]["inputs"]["text"] == "__PROMPT__"


def test_unfilled_and_unknown_tokens_are_all_named():
    with pytest.raises(TokenError) as problem:
        filled({"STEPS": None, "SIZE": 3}, text="__PROMPT__ at dusk", mood="{{MOOD}}", steps="a {{STEPS}}")
    said = str(problem.value)
    assert "PROMPT has no value" in said
    assert "MOOD has no value" in said
    assert "STEPS has no value" in said
    assert "SIZE is not in the graph" in said


def test_without_values_nothing_is_a_token():
    inputs = {"text": "An infographic titled {{TITLE}}", "alone": "{{TITLE}}", "known": "__PROMPT__"}
    assert filled({}, **inputs) == inputs


def test_braces_that_no_value_is_for_stay_words_of_a_longer_text():
    assert filled({"PROMPT": "a fox"}, text="{{PROMPT}}, titled {{TITLE}}")["text"] == "a fox, titled {{TITLE}}"


@pytest.mark.parametrize("asked", [None, -1])
def test_a_seed_of_null_or_minus_one_is_drawn(asked):
    drawn = {filled({"SEED": asked}, seed="__SEED__")["seed"] for _ in range(20)}
    assert len(drawn) > 1
    assert all(isinstance(seed, int) and 0 <= seed < 2**32 for seed in drawn)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEED", -2),
        ("SEED", 2**64),
        ("SEED", 1.5),
        ("SEED", "tomorrow"),
        ("SEED", True),
        ("STEPS", 0),
        ("CFG", "strong"),
        ("CFG", 101),
        ("PROMPT", 5),
        ("MOOD", ["1", 0]),
    ],
)
def test_values_of_a_wrong_type_are_refused(name, value):
    with pytest.raises(TokenError, match=name):
        filled({name: value}, x="{{" + name + "}}")


def test_numbers_given_as_text_become_numbers():
    assert filled(
        {"SEED": "18446744073709551615", "CFG": "3.5", "STEPS": "8"}, a="__SEED__", b="__CFG__", c="__STEPS__"
    ) == {
        "a": 2**64 - 1,
        "b": 3.5,
        "c": 8,
    }


def test_a_name_in_two_spellings_is_refused():
    with pytest.raises(TokenError, match="twice"):
        filled({"seed": 1, "SEED": 2}, seed="__SEED__")


@given(st.text())
def test_any_prompt_arrives_as_it_was_written(text):
    found = fill(graph(text="__PROMPT__", long="a {{PROMPT}} b"), {"PROMPT": text})
    assert found["1"]["inputs"] == {"text": text, "long": f"a {text} b"}
    assert json.loads(json.dumps(found)) == found


def test_tokens_in_order_each_once():
    assert tokens(graph(a="__SEED__ {{mood}}", b="{{MOOD}} __CFG__")) == ["SEED", "MOOD", "CFG"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEED", "inf"),
        ("SEED", "1e999"),
        ("SEED", "9" * 5000),
        ("SEED", 10**5000),
        ("SEED", float("inf")),
        ("SEED", "nan"),
        ("SEED", "5.0"),
        ("STEPS", "20.0"),
        ("STEPS", "1e3"),
        ("STEPS", True),
        ("STEPS", 0),
        ("CFG", "-inf"),
        ("CFG", float("nan")),
        ("CFG", "9" * 400),
        ("CFG", 10**400),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "number",
)
def test_a_number_beyond_all_numbers_is_refused_in_words(name, value):
    with pytest.raises(TokenError, match=f"{name} must be") as refused:
        filled({name: value}, value=f"__{name}__")
    assert len(str(refused.value)) < 400


def test_values_that_would_fill_the_memory_are_refused_before_they_do():
    one = {"1": {"class_type": "X", "inputs": {"text": "{{LONG}}" * 1000}}}
    with pytest.raises(TokensTooLarge, match="1000000000 characters"):
        fill(one, {"long": "x" * 10**6})
    assert fill(one, {"long": "x" * 100})
