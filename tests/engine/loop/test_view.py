"""A run as JSON for page and scripts."""

from __future__ import annotations

from pack.engine.loop.run_changes import with_user_pick
from pack.engine.loop.view import TOLD_ITERATIONS, run_message, run_view

from .runs import advanced, critique, judged, run


def after(count):
    story = run(iterations_per_loop=9)
    for number in range(count):
        story = judged(advanced(story) if number else story, critique(0.1 * number))
    return story


def test_a_message_differs_from_the_whole_in_its_iterations_alone():
    story = after(5)
    whole, message = run_view(story), run_message(story)
    assert message.pop("iterations") == whole.pop("iterations")[-TOLD_ITERATIONS:]
    assert message == whole
    assert message["iteration_count"] == 5, "so that a page knows what it lacks"


def test_the_view_says_what_the_user_took_and_what_the_run_began_with():
    view = run_view(with_user_pick(after(3), 2))
    assert (view["taken"], view["best"]["iteration"]) == (2, 2)
    assert view["start_settings"]["prompt"] == "a red fox"
    assert view["pass_score"] == 0.8


def test_a_seed_is_exact_as_text():
    story = run()
    plan = story.pending.plan
    big = plan.settings.model_copy(update={"seed": 2**64 - 1})
    pending = story.pending.model_copy(update={"plan": plan.model_copy(update={"settings": big})})
    (iteration,) = run_view(judged(story.model_copy(update={"pending": pending}), critique(0.5)))["iterations"]
    assert iteration["seed_text"] == "18446744073709551615"
