"""What is said about how far a run can be judged."""

from __future__ import annotations

import pytest
from pack.engine.loop.judging_notes import notes_after_verdict, notes_before_rendering
from pack.engine.loop.outcome import record
from pack.engine.loop.policy import next_step
from pack.engine.loop.run_context import Report

from .runs import checklist, critique, handle, itemised, judged, run


def test_nothing_is_said_of_a_usual_goal():
    assert notes_before_rendering(handle(), "10") == ()
    assert notes_after_verdict(run(), checklist("a fox"), critique(0.5)) == ()


@pytest.mark.parametrize(
    ("fields", "kind", "word"),
    [
        ({"goal": ", ".join(f"a thing{n}" for n in range(40))}, "goal_too_long", "about 40 parts"),
        ({"goal": "a fox " * 800}, "goal_too_long", "first 4000 of its 4800"),
        ({"pass_score": 0.99}, "pass_score_out_of_reach", "0.98"),
    ],
)
def test_what_cannot_be_judged_is_said_before_anything_is_rendered(fields, kind, word):
    (note,) = notes_before_rendering(handle(**fields), "10")
    assert (note.kind, note.node, note.severity) == (kind, "10", "suspicious")
    assert word in note.what
    assert note.fix


def test_a_checklist_of_the_users_own_covers_what_it_covers():
    assert notes_before_rendering(handle(goal="a fox " * 800, checklist="a fox"), "10") == ()


def test_a_first_verdict_tells_what_the_scale_reaches_and_what_is_left_out_once():
    story = run(pass_score=0.95)
    asked = checklist("a fox", "a hat").model_copy(update={"uncovered": ("a moon",)})
    verdict = itemised(0.9, 0.9).model_copy(update={"reachable": 0.915})
    notes = notes_after_verdict(story, asked, verdict)
    assert [note.kind for note in notes] == ["goal_not_covered", "pass_score_out_of_reach"]
    assert "0.92, the most they can" in notes[1].what
    report = Report(verdict, None, checklist=asked, notes=notes)
    after = record(story, report)[0]
    assert after.warnings == notes
    assert notes_after_verdict(after, asked, verdict) == ()


@pytest.mark.parametrize("passed", [True, False])
def test_the_end_of_a_run_says_what_was_not_judged(passed):
    verdict = itemised(0.9, 0.9, score=0.9, passed=passed)
    story = judged(run(iterations_per_loop=1, max_loops=1), verdict)
    asked = checklist("a fox", "a hat").model_copy(update={"uncovered": ("a moon",)})
    stop = next_step(story.model_copy(update={"checklist": asked}))
    assert stop.status == ("done" if passed else "limit")
    assert "Not judged, because the goal is too long: \u201ca moon\u201d." in stop.reason
    assert "The goal is met" not in stop.reason
