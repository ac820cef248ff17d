"""Scores, the rule for passing, and reasons in words."""

from __future__ import annotations

import pytest
from pack.engine.judge.answers import AnsweredQuestions, read_look
from pack.engine.judge.critique import CHECKS, Item
from pack.engine.judge.questions import look_questions
from pack.engine.judge.scoring import NO_BIAS, Bias
from pack.engine.judge.verdict import CANNOT_TELL, critique_of, holds, item_faults, merge_looks, sentence
from pack.engine.judge.vision_model import Reply

from .memory_model import CHECKLIST, DUCKS, HAT, RED, answers, requirement


def looked(wording=1, checks=CHECKS, quality="good", levels=None, pass_score=0.8, bias=NO_BIAS, **given):
    questions = look_questions(CHECKLIST, 7, wording)
    answered = AnsweredQuestions(questions, Reply(answers(wording, quality, levels, **given)))
    result = read_look([answered], CHECKLIST, bias)
    return critique_of(result, CHECKLIST, pass_score, checks, bias)


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


def test_children_of_an_item_that_one_look_failed_fail_with_it():
    found = merge_looks(looked(), looked(2, r2="yes"), CHECKLIST, 0.8)
    assert [item.passed for item in found.items] == [True, False, False]
    assert found.checks["prompt_match"] == pytest.approx((0.9 * 0.5 * 0.5) ** (1 / 3), abs=1e-4)


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
    assert "below 0.90" in looked(pass_score=0.9).reason


@pytest.mark.parametrize("asked_for", [0.92, 0.95, 1.0])
def test_a_pass_score_beyond_the_scale_is_said_and_the_most_that_can_be_reached_counts(asked_for):
    first, second = (looked(w, quality="excellent", pass_score=asked_for) for w in (1, 2))
    assert (first.reachable, first.score) == (0.915, 0.915)
    found = merge_looks(first, second, CHECKLIST, asked_for)
    assert (found.passed, found.reachable) == (True, 0.915)
    assert "0.92, the most they can, counts instead" in found.describe()
    good = [looked(w, quality="good", pass_score=asked_for) for w in (1, 2)]
    assert not merge_looks(*good, CHECKLIST, asked_for).passed


def test_a_pass_score_within_the_scale_is_left_alone():
    found = looked(pass_score=0.91)
    assert found.reachable is None
    assert "instead" not in found.describe()
    assert looked(pass_score=0.91, checks=("prompt_match",)).reachable == 0.9, "without levels the mean is all there is"


def test_a_judge_too_weak_for_all_of_it_never_passes_anything():
    weak = Bias(weak=frozenset({"count", "object", "attribute"}))
    looks = [looked(w, bias=weak) for w in (1, 2)]
    found = merge_looks(*looks, CHECKLIST, 0.8, weak)
    assert (found.passed, found.decides, found.reason) == (False, False, CANNOT_TELL)
    some = Bias(weak=frozenset({"count", "attribute"}))
    assert merge_looks(*(looked(w, bias=some) for w in (1, 2)), CHECKLIST, 0.8, some).passed


def test_a_check_that_was_not_answered_is_said_to_be_that():
    found = looked(levels={"faces": "superb"})
    assert "faces" not in found.checks
    assert found.unanswered == ("faces",)
    assert "faces not answered" in found.describe()
    assert "0.50" not in found.describe()
    assert found.score == pytest.approx(0.85 * 0.9 + 0.15 * (3 * 0.75 + 0.5) / 4, abs=1e-4)
    second = looked(2)
    both = merge_looks(found, second, CHECKLIST, 0.8)
    assert (both.checks["faces"], both.unanswered) == (0.75, ())
    never = merge_looks(found, looked(2, levels={"faces": "?"}), CHECKLIST, 0.8)
    assert (never.unanswered, never.score) == (("faces",), found.score)


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
