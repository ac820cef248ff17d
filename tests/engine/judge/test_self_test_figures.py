"""The statistics of the self-test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.self_test import MOST_LOGIT, auroc, share_above, threshold

values = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=12)


@given(values, values)
def test_the_area_is_the_share_of_pairs_in_the_right_order(true, false):
    pairs = [1.0 if t > f else 0.5 if t == f else 0.0 for t in true for f in false]
    assert auroc(true, false) == pytest.approx(sum(pairs) / len(pairs))


@given(values, values)
def test_swapping_and_negating_turn_the_area_around(true, false):
    assert auroc(false, true) == pytest.approx(1 - auroc(true, false))
    assert auroc([-t for t in true], [-f for f in false]) == pytest.approx(1 - auroc(true, false))


@given(values, values, st.floats(0.1, 9), st.floats(-9, 9))
def test_a_bias_that_all_share_does_not_move_the_area(true, false, scale, shift):
    moved = [[scale * v + shift for v in side] for side in (true, false)]
    assert auroc(*moved) == pytest.approx(auroc(true, false))


@given(values, values)
def test_the_threshold_lies_between_the_means_and_within_the_limit(true, false):
    assert abs(threshold(true, false)) <= MOST_LOGIT
    assert threshold(true, false) == pytest.approx(threshold(false, true))


def test_what_cannot_be_told():
    assert auroc([], [1.0]) is None
    assert auroc([1.0], []) is None
    assert threshold([], [1.0]) == 0.0
    assert share_above([]) is None
    assert share_above([0.0, 1.0]) == 0.5, "zero is unknown, not met"


def test_one_very_sure_answer_does_not_carry_the_threshold_away():
    assert threshold([1.0], [-20.0]) == pytest.approx((1 - MOST_LOGIT) / 2)
