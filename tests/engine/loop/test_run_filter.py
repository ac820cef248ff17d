"""Which runs of a list are asked for."""

from __future__ import annotations

import pytest
from pack.engine.loop.run import Status
from pack.engine.loop.run_filter import STATES, RunFilter, judge_model

from .runs import advanced, critique, judged, run


def story(*scores, goal="A red Fox in the snow", **fields):
    made = run(iterations_per_loop=9)
    for number, score in enumerate(scores):
        made = judged(advanced(made) if number else made, critique(score))
    start = made.start.model_copy(update={"goal": goal})
    return made.model_copy(update={"start": start, **fields})


def test_an_empty_filter_keeps_everything():
    assert RunFilter().keeps(story())
    assert RunFilter().keeps(story(0.2, status="failed"))


@pytest.mark.parametrize(
    ("search", "kept"),
    [("fox", True), ("SNOW red", True), ("fox wolf", False), ("night", True), ("wolf", False), ("  ", True)],
)
def test_words_are_looked_for_in_goal_prompt_and_wishes(search, kept):
    assert RunFilter(search=search).keeps(story(instructions=("make it night",))) is kept


def test_every_status_belongs_to_one_state():
    said = [status for statuses in STATES.values() for status in statuses]
    assert sorted(said) == sorted(Status.__args__)
    assert RunFilter(state="failed").keeps(story(status="judge_failed"))
    assert not RunFilter(state="met").keeps(story(status="limit"))


def test_the_score_is_that_of_the_best_and_nothing_judged_has_none():
    assert RunFilter(least_score=0.7).keeps(story(0.2, 0.7))
    assert not RunFilter(least_score=0.71).keeps(story(0.2, 0.7))
    assert not RunFilter(least_score=0.1).keeps(story())


def test_model_and_star():
    known = story(0.5)
    named = known.iterations[0].critique.model_copy(update={"model": "gemma3:4b"})
    known = known.model_copy(update={"iterations": (known.iterations[0].model_copy(update={"critique": named}),)})
    assert judge_model(known) == "gemma3:4b"
    assert RunFilter(model="gemma3:4b").keeps(known)
    assert not RunFilter(model="gemma3").keeps(known)
    assert not RunFilter(starred=True).keeps(known)
    assert RunFilter(starred=True).keeps(known.model_copy(update={"starred": True}))
