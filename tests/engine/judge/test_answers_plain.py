"""The plain contract of simple models, and its mapping onto the checklist (docs/design-notes.md, 2.16)."""

from __future__ import annotations

import pytest
from pack.engine.judge.plain_answer import PlainAnswer, is_plain, negative_terms, owned_clauses

from .memory_model import CHECKLIST


def changes(**given):
    return PlainAnswer.model_validate({"done": False, "changes": given}).changes


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
    assert PlainAnswer.model_validate({"done": True, "changes": given}).changes.prompt_append == ""


def test_texts_are_short_and_plain():
    assert len(changes(prompt_append="word " * 200).prompt_append) <= 120
    assert changes(prompt_append="<lora:x:1> a hat").prompt_append == "a hat"
    assert len(PlainAnswer(done=True, reason="word " * 200).reason) <= 300


def test_answers_to_questions_are_not_plain():
    assert is_plain({"done": True})
    assert not is_plain({"q01": "yes", "done": True})
    assert not is_plain({"reason": "fine"})


def clauses(text, done=False):
    answer = PlainAnswer.model_validate({"done": done, "changes": {"prompt_append": text}})
    return {edit.requirement: edit.clause for edit in owned_clauses(answer, CHECKLIST.requirements)}


def test_each_clause_belongs_to_the_requirement_with_most_words_in_common():
    assert clauses("three yellow ducks swimming, a bright red hat") == {
        "r1": "three yellow ducks swimming",
        "r3": "a bright red hat",
    }


def test_a_clause_has_at_most_twelve_words_and_a_requirement_one_clause():
    assert clauses("a duck " + "word " * 20) == {"r1": "a duck " + "word " * 9 + "word"}
    assert clauses("one duck, two ducks, three ducks") == {"r1": "one duck"}
    assert clauses("a hat", done=True) == {}


def test_negative_terms_are_at_most_three():
    assert negative_terms("blur, noise, blur, , extra hands, text") == ("blur", "noise", "extra hands")
