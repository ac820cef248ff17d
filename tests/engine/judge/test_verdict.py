"""Scores, the rule for passing, and reasons in words."""

from __future__ import annotations

import pytest
from pack.engine.judge.answers import read_look
from pack.engine.judge.critique import CHECKS, Item
from pack.engine.judge.questions import look_questions
from pack.engine.judge.verdict import critique_of, holds, item_faults, merge_looks, sentence
from pack.engine.judge.vision_model import Reply

from .memory_model import CHECKLIST, DUCKS, HAT, RED, answers, requirement


def looked(wording=1, checks=CHECKS, quality="good", levels=None, **given):
    questions = look_questions(CHECKLIST, 7, wording)
    result, _ = read_look(Reply(answers(wording, quality, levels, **given)), questions, CHECKLIST)
    return critique_of(result, CHECKLIST, 0.8, checks)


def test_the_score_is_the_geometric_mean_and_a_little_quality():
    found = looked()
    assert found.score == pytest.approx(0.85 * 0.9 + 0.15 * 0.75)
    assert found.checks == {"prompt_match": 0.9, "artifacts": 0.75, "faces": 0.75, "text": 0.75, "composition": 0.75}
    assert list(found.checks) == list(CHECKS)
    assert (found.done, found.passed, found.looks) == (True, False, 1)
    lower = looked(r1=2)
    assert lower.checks["prompt_match"] == pytest.approx((0.1 * 0.9 * 0.9) ** (1 / 3), abs=1e-4)


def test_only_checks_that_count():
    found = looked(checks=("prompt_match", "faces"), levels={"faces": "poor", "text": "bad"})
    assert found.checks == {"prompt_match": 0.9, "faces": 0.25}
    assert found.score == pytest.approx(0.85 * 0.9 + 0.15 * 0.25, abs=1e-4)
    assert looked(checks=("prompt_match",)).score == 0.9


def test_a_check_that_does_not_apply_is_flawless_and_leaves_the_mean():
    found = looked(levels={"faces": "none", "text": "bad", "artifacts": "good", "composition": "good"})
    assert found.checks["faces"] == 1.0
    assert found.score == pytest.approx(0.85 * 0.9 + 0.15 * 0.5)


@pytest.mark.parametrize(
    ("given", "wanted", "passes"),
    [
        ({}, 0.8, True),
        ({}, 0.95, False),
        ({"r3": "no"}, 0.0, False),
        ({"levels": {"faces": "poor"}}, 0.5, False),
        ({"levels": {"faces": "fair"}}, 0.5, True),
    ],
)
def test_what_passes(given, wanted, passes):
    assert holds(looked(**given), wanted) is passes


def test_looks_are_averaged_in_logits():
    found = merge_looks(looked(), looked(2, r1=2), CHECKLIST, 0.8)
    (ducks, hat, _) = found.items
    assert ducks.p == pytest.approx(0.5)
    assert (ducks.passed, ducks.answer, ducks.looks) == (False, "2", 2)
    assert hat.p == pytest.approx(0.9)
    assert (found.passed, found.done) == (False, False)
    assert found.reason == "A second look did not agree: I count 2 where the goal wants three ducks."


def test_children_of_an_item_that_one_look_failed_leave_the_mean():
    found = merge_looks(looked(), looked(2, r2="yes"), CHECKLIST, 0.8)
    assert found.checks["prompt_match"] == pytest.approx((0.9 * 0.5) ** 0.5, abs=1e-4)


def test_agreeing_looks_pass():
    found = merge_looks(looked(), looked(2), CHECKLIST, 0.8)
    assert (found.passed, found.done, found.looks) == (True, True, 2)
    assert "two looks" in found.reason
    assert not merge_looks(looked(), looked(2, levels={"text": "bad"}), CHECKLIST, 0.5).passed


def test_reasons_name_what_is_there_instead():
    assert looked(r1=2, r3="no").reason == "I count 2 where the goal wants three ducks; the hat is not red."
    assert looked(r2="no").reason == "I do not see a hat."
    assert looked(r1=None).reason == "I cannot tell about: three ducks."
    assert looked(2, r3="blue").reason == "The hat is blue, not red."
    assert looked(levels={"faces": "bad"}).reason == "Faces or hands look wrong."


def test_a_low_score_alone_is_said():
    questions = look_questions(CHECKLIST, 7, 1)
    result, _ = read_look(Reply(answers()), questions, CHECKLIST)
    assert "below 0.99" in critique_of(result, CHECKLIST, 0.99, CHECKS).reason


def fault(asked, answer, evidence=""):
    checklist = CHECKLIST.model_copy(update={"requirements": (asked,)})
    (said,) = item_faults([Item(id=asked.id, answer=answer, p=0.1, passed=False, evidence=evidence)], checklist)
    return said


def test_faults_in_words():
    assert fault(requirement("r4", "absence", "no cars"), "yes") == "the goal wants no cars, but I see it"
    assert fault(requirement("r4", "text", 'a sign "OPEN"'), "no") == 'the writing is not as wanted: a sign "OPEN"'
    assert fault(RED, "no") == "the hat is not red"
    assert (
        fault(DUCKS, "2", "two ducks, one cropped.")
        == "I count 2 where the goal wants three ducks (two ducks, one cropped)"
    )
    assert fault(HAT, "not done") == "I do not see a hat"


def test_long_lists_are_cut():
    assert sentence(["a", "b", "c", "d", "e", "f"]) == "A; b; c; d; and 2 more."
