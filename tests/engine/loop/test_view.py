"""A run as JSON for page and scripts."""

from __future__ import annotations

import json

import pytest
from pack.engine.judge.checklist import Checklist
from pack.engine.loop.journal import Journal
from pack.engine.loop.plan import Plan, Recovery
from pack.engine.loop.run import Iteration
from pack.engine.loop.run_changes import as_its_server_left_it, with_user_pick
from pack.engine.loop.view import (
    TOLD_ITERATIONS,
    ChecklistView,
    IterationView,
    PlanView,
    run_message,
    run_summary,
    run_view,
)

from ...kept_runs import KEPT, VIEWS, missing
from .runs import advanced, critique, judged, run


def after(count):
    story = run(iterations_per_loop=9)
    for number in range(count):
        story = judged(advanced(story) if number else story, critique(min(0.9, 0.1 * number)))
    return story


def test_a_message_differs_from_the_whole_in_its_iterations_alone():
    story = after(5)
    whole, message = run_view(story), run_message(story)
    assert message.iterations == whole.iterations[-TOLD_ITERATIONS:]
    same = {"iterations": message.iterations, "prompt_ids": whole.prompt_ids[-TOLD_ITERATIONS - 1 :]}
    assert message == whole.model_copy(update=same)
    assert message.iteration_count == 5, "so that a page knows what it lacks"


def test_a_message_does_not_grow_with_the_run():
    """After 300 iterations, each with a second look and a recovery, it is as long as after ten."""

    def size(count):
        story = after(2)
        first, last = story.iterations
        more = [last.model_copy(update={"number": n, "prompt_id": f"p{n}"}) for n in range(2, count + 1)]
        story = story.model_copy(update={"iterations": (first, *more)})
        recovery = Recovery(number=1, kind="unload", error="out of memory", sentence="Unloaded.")
        update = {
            "relooks": {i.number: critique(0.5) for i in story.iterations},
            "standing": {i.number: 0.5 for i in story.iterations},
            "recoveries": tuple(recovery.model_copy(update={"number": i.number}) for i in story.iterations),
        }
        story = story.model_copy(update=update)
        message = run_message(story)
        best = message.best.iteration
        assert set(message.relooks) == set(message.standing) == {count - 2, count - 1, count, best}
        assert [one.number for one in message.recoveries] == [count - 2, count - 1, count]
        return len(message.model_dump_json())

    assert size(120) < 1.1 * size(12)


def test_the_view_says_what_the_user_took_and_what_the_run_began_with():
    view = run_view(with_user_pick(after(3), 2))
    assert (view.taken, view.best.iteration) == (2, 2)
    assert view.start_settings.prompt == "a red fox"
    assert view.pass_score == 0.8


def test_a_seed_is_exact_as_text():
    story = run()
    plan = story.pending.plan
    big = plan.settings.model_copy(update={"seed": 2**64 - 1})
    pending = story.pending.model_copy(update={"plan": plan.model_copy(update={"settings": big})})
    (iteration,) = run_view(judged(story.model_copy(update={"pending": pending}), critique(0.5))).iterations
    assert iteration.seed_text == "18446744073709551615"


@pytest.mark.parametrize("name", [name for name, view in VIEWS.items() if view["status"] != "suspended"])
def test_the_wire_form_is_what_version_0_1_0_sent(name):
    old = VIEWS[name]
    story = Journal(KEPT).load(old["run_id"])
    whole = run_view(story).model_dump(mode="json")
    assert not missing(old, whole)
    message = run_message(story).model_dump(mode="json")
    last = {
        "iterations": whole["iterations"][-TOLD_ITERATIONS:],
        "prompt_ids": whole["prompt_ids"][-TOLD_ITERATIONS - 1 :],
    }
    assert message == {**whole, **last}
    summary = run_summary(story).model_dump(mode="json")
    assert summary == {key: whole[key] for key in summary}
    assert json.loads(json.dumps(whole)) == whole


def test_the_views_leave_nothing_out_that_is_not_meant_to_be():
    assert set(IterationView.model_fields) == set(Iteration.model_fields) - {"fingerprint"} | {
        "settings",
        "seed_text",
        "reverted",
    }
    assert set(PlanView.model_fields) == set(Plan.model_fields) - {"settings"}
    assert set(ChecklistView.model_fields) == {*Checklist.model_fields, "digest"}


def test_text_that_is_no_proper_unicode_does_no_harm():
    lone = "half \ud83e of a fox"
    story = run().model_copy(update={"reason": lone})
    assert json.loads(json.dumps(run_view(story).model_dump(mode="json")))["reason"] == lone


def test_the_best_has_one_score_the_one_it_was_chosen_by():
    story = after(3)
    best = story.best
    again = critique(0.1).model_copy(update={"looks": 1})
    story = story.model_copy(update={"relooks": {best.number: again}})
    view = run_view(story)
    chosen = next(i for i in story.iterations if i.number == view.best.iteration)
    assert view.best.score == story.score_of(chosen)


def test_a_run_that_was_cut_off_names_only_files_that_were_written():
    story = as_its_server_left_it(after(2))
    assert story.status == "suspended"
    view = run_view(story)
    assert view.best.image == story.best.picture
    assert view.contact_sheet is None
