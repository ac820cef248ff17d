"""A requirement that nothing brings: named early, looked for again where a picture claims it, and then given up."""

from __future__ import annotations

import re

import pytest
from pack.engine.loop.policy import clauses_wanted, final_look, next_step
from pack.engine.loop.run import Run, Stop

from .runs import advanced, checklist, itemised, judged, run

GOAL = checklist("red fox", "three ducks", "deep snow", "soft light")
SMALL_JUDGE_NO = 0.2
"""As sure as a small judge is on average of what is not there."""


def begun(**fields) -> Run:
    return run(iterations_per_loop=60, max_loops=1, seed_policy="new", **fields).model_copy(update={"checklist": GOAL})


def played(now: Run, chances, renders: int, clauses: int = 60) -> Run | Stop:
    """chances: of r2 in each picture, the last one for all that follow; the editor has so many clauses for it."""
    for number in range(renders):
        p = chances[min(number, len(chances) - 1)]
        edits = {"r2": f"{number} ducks {number}"} if number < clauses else None
        now = judged(now, itemised(0.95, p, 0.95, 0.95, edits=edits, blank=-3.0 if number == 0 else None))
        step = advanced(now)
        if isinstance(step, Stop):
            return now
        now = step
    return now


def test_an_impossible_requirement_stops_costing_renders_though_the_judge_is_small():
    now = played(begun(), [SMALL_JUDGE_NO], 60)
    stop = next_step(now)
    assert len(now.iterations) <= 18
    assert isinstance(stop, Stop) and stop.status == "no_progress"
    told = re.fullmatch(
        r"No wording seems to bring three ducks \(met in \d of \d+ pictures, with (\d+) wordings\)\. "
        r"Best: iteration \d+, (\d+) % sure that the other 3 are met\. "
        r"Ask for it in another way or leave it out, then continue\.",
        stop.reason,
    )
    assert told and int(told[1]) >= 12 and int(told[2]) >= 50
    assert clauses_wanted(now) == (), "nor calls of the editor"


def test_what_was_tried_in_few_ways_is_not_given_up():
    now = played(begun(), [0.02], 11)
    assert not isinstance(next_step(now), Stop) and len(now.iterations) == 11


def test_where_no_further_clause_can_be_had_fewer_are_enough():
    now = played(begun(), [0.02], 60, clauses=4)
    assert len(now.iterations) < len(played(begun(), [SMALL_JUDGE_NO], 60).iterations) + 6
    assert next_step(now).status == "no_progress"


def test_a_run_goes_on_for_what_else_is_missing():
    now = begun()
    for number in range(16):
        verdict = itemised(0.95, 0.02, 0.95, 0.3, edits={"r2": f"{number} ducks", "r4": f"light {number}"})
        now = judged(now, verdict)
        step = advanced(now)
        assert not isinstance(step, Stop), "soft light may still come"
        now = step


def claimed(renders: int = 15, claim: float = 0.85) -> Run:
    """Every picture but the fourth misses the ducks for certain."""
    now = begun()
    for number in range(1, renders + 1):
        p = claim if number == 4 else 0.02
        now = judged(now, itemised(0.98, p, 0.98, 0.98, edits={"r2": f"{number} ducks {number}"}))
        step = advanced(now)
        assert not isinstance(step, Stop), number
        now = step
    return now


def test_a_picture_that_claims_it_is_looked_at_again_before_it_is_given_up():
    now = claimed()
    assert final_look(now) == (4,)
    denied = now.model_copy(update={"relooks": {4: itemised(0.98, 0.02, 0.98, 0.98)}})
    stop = next_step(denied)
    assert isinstance(stop, Stop) and "three ducks" in stop.reason
    confirmed = now.model_copy(update={"relooks": {4: itemised(0.98, 0.98, 0.98, 0.98)}})
    step = next_step(confirmed)
    assert not isinstance(step, Stop) or step.status == "done"


def test_no_look_is_spent_on_it_where_no_render_is_left():
    now = claimed()
    limits = now.start.limits.model_copy(update={"iterations_per_loop": len(now.iterations) + 1})
    last = now.model_copy(update={"start": now.start.model_copy(update={"limits": limits})})
    assert last.renders_left == 1
    assert final_look(last) == (), "the one render that is left costs no more"


@pytest.mark.parametrize("p", [0.5, 0.7, 0.9])
def test_what_a_picture_may_meet_is_not_given_up(p):
    now = played(begun(), [0.02, 0.02, 0.02, p] + [0.02] * 20, 20)
    stop = next_step(now)
    if isinstance(stop, Stop):
        assert "No wording seems to bring" not in stop.reason or p < 0.6
