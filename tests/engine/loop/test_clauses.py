"""None"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pack.engine.loop.clauses import (
    MAX_CLAUSE_WORDS,
    MAX_EXTRA_TOKENS,
    compose,
    same_clause,
    split_clauses,
    token_estimate,
    with_clauses,
    with_negative_terms,
    with_owned_clauses,
)
from pack.engine.loop.run import Wording

from .runs import SETTINGS


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
        assert all(len(c.split()) <= MAX_CLAUSE_WORDS for c in clauses)
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
