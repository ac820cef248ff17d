"""Which pictures are looked at again, and what that is worth."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.loop.belief.run_belief import RunBelief
from pack.engine.loop.belief.second_looks import LOOK_COST, confirming_look, final_looks, look_gain

from ..runs import checklist, itemised, judged, run

CHANCES = (0.1, 0.6, 0.85, 0.98)


@pytest.mark.parametrize("confidence", [0.3, 0.8, 0.95])
def test_what_is_not_worked_out_would_not_have_sufficed(confidence):
    asked, found = checklist("red fox", "deep snow"), set()
    for first, second in itertools.product(itertools.product(CHANCES, repeat=2), repeat=2):
        start = run().model_copy(update={"checklist": asked})
        now = judged(start, itemised(*first)).model_copy(update={"pending": start.pending})
        now = judged(now, itemised(*second))
        beliefs = RunBelief(now)
        looked = confirming_look(beliefs, confidence)
        assert looked == ((beliefs.front.number,) if beliefs.if_confirmed(beliefs.front) >= confidence else ())
        found.add(bool(looked))
    assert found == {True, False}


LOOK = st.tuples(*[st.sampled_from(CHANCES)] * 2)


def looked_at(*looks: tuple[float, ...]) -> RunBelief:
    now = run().model_copy(update={"checklist": checklist("red fox", "deep snow")})
    for chances in looks:
        now = judged(now.model_copy(update={"pending": run().pending}), itemised(*chances))
    return RunBelief(now)


@given(st.lists(LOOK, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_look_never_costs_the_result_anything_and_gains_at_most_what_is_missing(looks):
    beliefs = looked_at(*looks)
    best = max(beliefs.standing.values())
    for iteration in beliefs.iterations:
        gain = look_gain(beliefs, iteration)
        assert -1e-9 <= gain <= 1 - best + 0.05
    for number in final_looks(beliefs):
        assert look_gain(beliefs, beliefs.run.iterations[number - 1]) >= LOOK_COST


def test_a_look_at_one_of_two_equals_is_worth_most():
    equals = looked_at((0.8, 0.8), (0.8, 0.8))
    behind = looked_at((0.8, 0.8), (0.8, 0.1))
    assert final_looks(equals)
    assert look_gain(equals, equals.leader) > 2 * look_gain(behind, behind.leader)
    alone = looked_at((0.8, 0.8))
    assert look_gain(alone, alone.leader) == pytest.approx(0) and final_looks(alone) == ()
