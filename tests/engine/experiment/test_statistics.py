"""Intervals that hold their level, tests that hold theirs, and pairs that are told apart from chance."""

from __future__ import annotations

import numpy as np
import pytest
from pack.engine.experiment.statistics import (
    RESAMPLES,
    SPREAD_ALL_CORRECT,
    SPREAD_SHARE,
    agreement,
    detectable,
    difference,
    estimate,
    half_width,
    sign_flip,
)


def test_a_mean_with_its_interval():
    found = estimate([0.0, 1.0] * 50)
    assert found.mean == 0.5
    assert found.n == 100
    # Normal approximation: .5 +- 1.96 * .5 / 10.
    assert (found.low, found.high) == (pytest.approx(0.402, abs=0.02), pytest.approx(0.598, abs=0.02))
    assert estimate([0.25]) == estimate([0.25])
    assert estimate([]) is None


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    dice, inside = np.random.default_rng(5), 0
    for _ in range(200):
        found = estimate((dice.random(60) < 0.4).astype(float).tolist())
        inside += found.low <= 0.4 <= found.high
    assert 0.88 <= inside / 200 <= 0.99


def test_what_is_hard_for_both_is_taken_out_by_pairs():
    dice = np.random.default_rng(3)
    hard = dice.normal(0, 10, 40)
    ours, theirs = hard + 1 + dice.normal(0, 0.5, 40), hard + dice.normal(0, 0.5, 40)
    found = difference(ours.tolist(), theirs.tolist())
    assert found.larger
    assert found.mean == pytest.approx(1.0, abs=0.3)
    apart = estimate(ours.tolist())
    assert apart.high - apart.low > 5 * (found.high - found.low)


def test_the_sign_flip_test_is_exact_with_few_pairs():
    # All six agree: of 2**6 signs two are as extreme.
    assert sign_flip(np.array([1.0] * 6)) == pytest.approx(2 / 64)
    assert sign_flip(np.array([1.0, -1.0, 0.0])) == 1.0
    assert sign_flip(np.zeros(9)) == 1.0
    # 9 against 2 of 11: the binomial's two tails.
    assert sign_flip(np.array([1.0] * 9 + [-1.0] * 2)) == pytest.approx(2 * (1 + 11 + 55) / 2**11)


def test_many_pairs_are_drawn_and_agree_with_the_binomial():
    apart = np.array([1.0] * 20 + [-1.0] * 8)
    assert sign_flip(apart) == pytest.approx(0.0357, abs=0.006)
    assert sign_flip(np.ones(40)) == pytest.approx(1 / (1 + RESAMPLES))


def test_few_pairs_never_are_larger_than_chance():
    assert not difference([1.0] * 4, [0.0] * 4).larger
    assert difference([1.0] * 8, [0.0] * 8).larger
    assert difference([], []) is None


def test_equal_arms_are_found_different_as_seldom_as_the_level_says():
    dice, found = np.random.default_rng(11), 0
    for _ in range(300):
        hard = dice.uniform(0.2, 0.8, 60)
        ours, theirs = (dice.random(60) < hard).astype(float), (dice.random(60) < hard).astype(float)
        found += difference(ours.tolist(), theirs.tolist()).larger
    assert found / 300 <= 0.07


def test_reports_are_resampled_each_by_itself():
    strata = [0] * 30 + [1] * 30
    values = [0.0] * 30 + [1.0] * 30
    assert estimate(values, strata).low == estimate(values, strata).high == 0.5
    assert estimate(values).high > 0.6


def test_what_so_many_prompts_can_show_before_anything_is_measured():
    assert 100 * half_width(60, SPREAD_ALL_CORRECT) == pytest.approx(15, abs=0.5)
    assert 100 * half_width(150, SPREAD_ALL_CORRECT) == pytest.approx(9.5, abs=0.3)
    assert 100 * half_width(60, SPREAD_SHARE) == pytest.approx(4, abs=0.2)


def test_a_detectable_difference_is_found_in_four_of_five_experiments():
    spread, count = 0.5, 60
    true, dice, found = detectable(count, spread), np.random.default_rng(2), 0
    for _ in range(200):
        apart = dice.normal(true, spread, count)
        found += difference(apart.tolist(), [0.0] * count).larger
    assert 0.7 <= found / 200 <= 0.9


def test_what_all_prompts_say_alike_is_not_taken_for_certain():
    all_of, none = estimate([1.0] * 12, share=True), estimate([0.0] * 12, share=True)
    # Wilson's interval for 12 of 12.
    assert (all_of.mean, all_of.low, all_of.high) == (1.0, pytest.approx(0.757, abs=0.002), 1.0)
    assert (none.low, none.high) == (0.0, pytest.approx(0.243, abs=0.002))
    alike = difference([1.0] * 12, [1.0] * 12, share=True)
    # Half a pair for each of better, worse, both and neither: 1.96 / 14 to both sides.
    assert (alike.mean, alike.low, alike.high) == (0.0, pytest.approx(-0.14), pytest.approx(0.14))
    assert not alike.larger
    assert difference([1.0] * 12, [0.0] * 12, share=True).larger
    assert estimate([7.0] * 3).low == 7.0, "seconds are what they are"


def test_agreement_beyond_luck():
    assert agreement([True, False] * 5, [True, False] * 5) == (1.0, 1.0)
    share, kappa = agreement([True] * 9 + [False], [True] * 10)
    assert share == pytest.approx(0.9)
    assert kappa == pytest.approx(0.0)
    assert agreement([], []) is None
