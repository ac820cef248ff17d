"""Clauses as text: split, compared, counted in tokens, joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.quotations import without_quotations
from pack.engine.loop.clauses import (
    MAX_CLAUSE_WORDS,
    MAX_EXTRA_TOKENS,
    asks_for,
    compose,
    positive_clauses,
    same_clause,
    single_clause,
    split_clauses,
    token_estimate,
    with_clauses,
    with_negative_terms,
    with_owned_clauses,
)
from pack.engine.loop.plan import Wording

from .runs import SETTINGS, checklist


def test_the_users_words_come_first_and_unchanged():
    base = SETTINGS.model_copy(update={"prompt": "A (red:1.2) fox, ", "negative": ""})
    assert compose(base, Wording()) == ("A (red:1.2) fox, ", "")
    wording = Wording(clauses=("deep snow",), negative_terms=("scratches",))
    assert compose(base, wording) == ("A (red:1.2) fox, deep snow", "scratches")


def test_a_clause_that_says_the_same_replaces_the_older_one_in_place():
    before = Wording(clauses=("two red ducks", "night sky"))
    after = with_clauses(SETTINGS, before, ["red ducks, two of them".replace(",", "")])
    assert len(after.clauses) == 2
    assert after.clauses[1] == "night sky"


def test_what_the_prompt_already_says_is_not_added():
    assert with_clauses(SETTINGS, Wording(), ["A red fox"]).clauses == ()


def test_over_the_limit_the_oldest_leave():
    wording = Wording()
    for word in ("one", "two", "three", "four", "five", "six"):
        wording = with_clauses(SETTINGS, wording, [f"{word} ducks swim past {word} quiet {word} lakes tonight"])
    assert any("six" in c for c in wording.clauses)
    assert not any("one" in c for c in wording.clauses)


@given(st.lists(st.text(max_size=200), max_size=40))
def test_any_text_keeps_the_limits(texts):
    wording = Wording()
    for text in texts:
        clauses = split_clauses(text)
        assert all(len(without_quotations(c).split()) <= MAX_CLAUSE_WORDS for c in clauses)
        wording = with_clauses(SETTINGS, wording, clauses)
        wording = with_negative_terms(SETTINGS, wording, clauses)
    prompt, _ = compose(SETTINGS, wording)
    assert token_estimate(prompt) - token_estimate(SETTINGS.prompt) <= MAX_EXTRA_TOKENS
    assert len(wording.negative_terms) <= 11


def test_a_user_with_many_negative_terms_gets_none_added():
    base = SETTINGS.model_copy(update={"negative": ", ".join(f"term{n}" for n in range(14))})
    assert with_negative_terms(base, Wording(), ["scratches"]).negative_terms == ()


def test_same_clause_looks_at_meaning_words():
    assert same_clause("the red fox", "a red fox")
    assert not same_clause("red fox", "red fox in deep snow at night")


def test_owned_clauses_are_taken_in_order_as_far_as_they_fit():
    long = "seven remarkable lighthouses illuminating magnificent underwater architecture"
    wording = with_owned_clauses(SETTINGS, [("r1", long), ("r2", "red ducks"), ("r3", "ducks, red"), ("r4", long * 3)])
    assert wording.owned == {"r1": long, "r2": "red ducks"}
    assert Wording(clauses=("of an older run",)).owned == {}


@given(st.lists(st.tuples(st.sampled_from(["r1", "r2", "r3"]), st.text(max_size=200)), max_size=12))
def test_any_owned_text_keeps_the_limit(owned):
    wording = with_owned_clauses(SETTINGS, owned)
    prompt, _ = compose(SETTINGS, wording)
    assert token_estimate(prompt) - token_estimate(SETTINGS.prompt) <= MAX_EXTRA_TOKENS
    assert len(wording.owners) == len(wording.clauses)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("a park, a 2.5 meter wall", ["a park", "a 2.5 meter wall"]),
        ("Dr. Smith, e.g. in a coat", ["Dr. Smith", "e.g. in a coat"]),
        ('a sign "OPEN, 24/7. NOW", a door', ['a sign "OPEN, 24/7. NOW"', "a door"]),
        ("\u4e00\u53ea\u732b\uff0c\u4e00\u53ea\u72d7\u3002", ["\u4e00\u53ea\u732b", "\u4e00\u53ea\u72d7"]),
        ("\U0001f986\U0001f986; ...", ["\U0001f986\U0001f986"]),
        ('"red ducks', ["red ducks"]),
        ("red ducks, Red duck s, red  DUCKS", ["red ducks", "Red duck s"]),
    ],
)
def test_clauses_are_parted_where_people_part_them(text, clauses):
    assert split_clauses(text) == clauses


def test_what_must_not_be_there_is_in_no_clause():
    assert positive_clauses("no hat, a dog without a collar, keine Menschen, \u6ca1\u6709\u4eba, snow") == (
        "a dog",
        "snow",
    )
    assert single_clause("no people") == single_clause("keine Menschen") == ""
    assert single_clause("a dog, brown, without a collar. And more") == "a dog brown"
    assert single_clause('a jar labelled "no sugar"') == 'a jar labelled "no sugar"'


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("three ducks", 2, 2),
        ("\u4e09\u53ea\u9e2d\u5b50\u5728\u5b89\u9759\u7684\u6c60\u5858\u91cc\u6e38\u6cf3" * 2, 26, 26),
        ("\ube68\uac04 \uc6b0\uc0b0", 4, 4),
        ("\u043a\u0440\u0430\u0441\u043d\u044b\u0439 \u0437\u043e\u043d\u0442", 5, 6),
        ("\U0001f986\U0001f986", 2, 2),
        ("caf\u00e9 noir", 2, 2),
        ("a, b", 3, 3),
    ],
)
def test_tokens_are_estimated_for_every_script(text, least, most):
    assert least <= token_estimate(text) <= most


def test_clauses_of_scripts_without_blanks_are_compared_and_cut():
    assert same_clause("\u4e09\u53ea\u7ea2\u8272\u7684\u9e2d\u5b50", "\u4e09\u53ea\u7ea2\u8272\u7684\u9e2d\u5b50\u3002")
    assert not same_clause("\u4e09\u53ea\u7ea2\u8272\u7684\u9e2d\u5b50", "\u4e00\u628a\u7ea2\u8272\u7684\u96e8\u4f1e")
    assert len(split_clauses("\u9e2d" * 100)[0]) == 2 * MAX_CLAUSE_WORDS


def test_a_sentence_is_not_followed_by_a_comma():
    base = SETTINGS.model_copy(update={"prompt": "A fox runs."})
    assert compose(base, Wording(clauses=("deep snow", "night")))[0] == "A fox runs. deep snow, night"


@pytest.mark.parametrize(
    ("prompt", "kind", "text", "span", "asks"),
    [
        ("three red ducks on a lake", "count", "three ducks", "three red ducks", True),
        ("some ducks on a lake", "count", "three ducks", "three red ducks", False),
        ("a red umbrella", "attribute", "the umbrella is red in the picture", "red umbrella", True),
        ("a red umbrella", "attribute", "the umbrella is red in the picture", "", False),
        ("some green stars and a ring", "absence", "no green stars", "no green stars", False),
        ("a ring", "absence", "no green stars", "no green stars", True),
        ("三只红色的鸭子在湖上", "count", "三只红色的鸭子", "", True),
        ("湖", "count", "三只红色的鸭子", "", False),
        ("", "object", "a red fox", "red fox", False),
    ],
)
def test_what_a_prompt_asks_for(prompt, kind, text, span, asks):
    requirement = checklist(text).requirements[0].model_copy(update={"kind": kind, "span": span})
    assert asks_for(prompt, requirement) is asks
