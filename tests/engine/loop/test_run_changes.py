"""The user overrules the judge, and adds instructions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.loop.run import Run
from pack.engine.loop.run_changes import add_instruction, with_user_pick

from .runs import advanced, critique, handle, judged, run


def after(*scores):
    story = run(iterations_per_loop=9)
    for score in scores:
        story = judged(advanced(story) if story.iterations else story, critique(score))
    return story


def test_the_taken_one_is_best_although_others_score_higher():
    story = with_user_pick(after(0.2, 0.7, 0.5), 1)
    assert story.best.number == 1
    assert Run.model_validate_json(story.model_dump_json()).best.number == 1, "the journal keeps it"


def test_a_later_render_may_still_become_best():
    story = with_user_pick(after(0.2, 0.7, 0.5), 1)
    assert judged(advanced(story), critique(0.1)).best.number == 1
    assert judged(advanced(story), critique(0.3)).best.number == 4


def test_taking_again_changes_the_mind():
    story = with_user_pick(with_user_pick(after(0.2, 0.7, 0.5), 1), 3)
    assert story.best.number == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.data())
def test_whatever_is_taken_is_best(scores, data):
    story = after(*[round(s, 2) for s in scores])
    number = data.draw(st.integers(1, len(scores)))
    assert with_user_pick(story, number).best.number == number


def test_a_picture_that_nobody_judged_is_taken_and_stays_until_one_is_confirmed():
    story = with_user_pick(after(0.2, None), 2)
    assert story.best.number == 2
    story = judged(advanced(story.model_copy(update={"continued_after": 2})), critique(0.7))
    assert story.best.number == 2
    assert story.iterations[2].decision.kind == "reject"
    assert "does not beat not judged" not in story.iterations[2].decision.reason
    story = judged(advanced(story), critique(0.9, passed=True))
    assert story.best.number == 4


def test_what_cannot_be_taken_says_why():
    story = after(0.2, None)
    with pytest.raises(ValueError, match="no iteration 3"):
        with_user_pick(story, 3)
    with pytest.raises(ValueError, match="before your instruction"):
        with_user_pick(story.model_copy(update={"fresh_from": 2}), 1)
    bare = story.iterations[0].model_copy(update={"picture": None})
    with pytest.raises(ValueError, match="not saved"):
        with_user_pick(story.model_copy(update={"iterations": (bare,)}), 1)


def test_the_reason_of_an_ended_run_names_what_was_taken_and_that_of_a_failed_one_what_went_wrong():
    ended = after(0.2, 0.7).model_copy(update={"status": "limit", "reason": "Best: iteration 2."})
    assert with_user_pick(ended, 1).reason.startswith("You took iteration 1.")
    failed = ended.model_copy(update={"status": "failed", "reason": "The paint ran out."})
    assert with_user_pick(failed, 1).reason == "The paint ran out."


@pytest.mark.parametrize(
    ("instruction", "prompt", "negative"),
    [
        ("make the sky red", "a red fox, make the sky red", "blurry"),
        ("no people", "a red fox", "blurry, people"),
        ("a dog without a collar, snow", "a red fox, a dog, snow", "blurry, collar"),
        ("keine Menschen", "a red fox", "blurry"),
        ('a sign "no sugar"', 'a red fox, a sign "no sugar"', "blurry"),
    ],
)
def test_what_must_not_be_there_goes_into_the_negative(instruction, prompt, negative):
    changed = add_instruction(handle(checklist="red fox"), instruction)
    assert (changed.settings.prompt, changed.settings.negative) == (prompt, negative)
    assert changed.goal.endswith(f". {instruction}") and changed.checklist.endswith(f"\n{instruction}")
