"""From probabilities to a score: bias, trust, the geometric mean, children of failed parents."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.scoring import (
    Bias,
    average_in_logits,
    clip,
    correct_logit_bias,
    highest_score,
    inherited,
    logit,
    match_goal,
    orphans,
    overall_score,
    sigmoid,
)

from .memory_model import CHECKLIST, DUCKS, HAT, RED, requirement

ps = st.floats(0.02, 0.98)


def flat(count, **more):
    return Checklist(goal="g", requirements=tuple(requirement(f"r{n}", **more) for n in range(count)))


@given(st.floats(0, 1))
def test_logits_are_finite_and_come_back(p):
    assert math.isfinite(logit(p))
    assert sigmoid(logit(p)) == pytest.approx(p, abs=1e-8)


def test_sigmoid_of_anything():
    assert (sigmoid(1e9), sigmoid(-1e9), sigmoid(0)) == (1.0, 0.0, 0.5)


@given(ps, st.floats(-4, 4))
def test_the_threshold_of_the_kind_is_taken_off(p, threshold):
    found = correct_logit_bias(p, HAT, Bias(thresholds={"object": threshold}))
    assert found == pytest.approx(clip(sigmoid(logit(p) - threshold)))
    assert correct_logit_bias(p, DUCKS, Bias(thresholds={"object": threshold})) == pytest.approx(p)


def test_the_blank_check_is_one_sided():
    assert Bias(blank={"r2": -3.0}).of(HAT) == 0
    assert Bias(blank={"r2": 1.0}).of(HAT) == 1.0
    assert Bias(thresholds={"object": -1.0}, blank={"r2": -3.0}).of(HAT) == -1.0
    assert Bias(thresholds={"object": 2.0}, blank={"r2": 1.0}).of(HAT) == 2.0
    assert Bias(blank={"r9": 5.0}).of(requirement("r9", "absence")) == 0


def test_an_item_that_a_blank_picture_meets_is_trusted_by_half():
    assert Bias(blank={"r2": 1.6}).trust(HAT) == 0.5
    assert Bias(blank={"r2": 1.4}).trust(HAT) == 1.0


@given(st.lists(ps, min_size=1, max_size=10))
def test_the_geometric_mean_lies_between_its_parts_and_below_the_arithmetic(values):
    checklist = flat(len(values))
    found = match_goal(checklist, {f"r{n}": p for n, p in enumerate(values)})
    assert min(values) - 1e-9 <= found <= sum(values) / len(values) + 1e-9


@given(st.lists(ps, min_size=2, max_size=8), ps, st.data())
def test_a_better_item_never_lowers_the_score_of_a_flat_checklist(values, better, data):
    at = data.draw(st.integers(0, len(values) - 1))
    assume(better >= values[at])
    before = {f"r{n}": p for n, p in enumerate(values)}
    assert match_goal(flat(len(values)), before | {f"r{at}": better}) >= match_goal(flat(len(values)), before) - 1e-12


@given(st.permutations(range(5)), st.lists(ps, min_size=5, max_size=5))
def test_the_order_does_not_matter(order, values):
    checklist = flat(5)
    other = Checklist(goal="g", requirements=tuple(checklist.requirements[n] for n in order))
    given_p = {f"r{n}": p for n, p in enumerate(values)}
    assert match_goal(other, given_p) == pytest.approx(match_goal(checklist, given_p))


def test_weight_and_trust_count():
    pair = Checklist(goal="g", requirements=(requirement("r1", weight=3.0), requirement("r2", trust=0.5)))
    found = match_goal(pair, {"r1": 0.9, "r2": 0.6})
    assert found == pytest.approx(math.exp((3 * math.log(0.9) + 0.5 * math.log(0.6)) / 3.5))
    assert match_goal(flat(2, trust=0.0), {"r0": 0.9, "r1": 0.4}) == pytest.approx(0.6)


def test_children_of_a_failed_parent_count_as_failed_with_it():
    assert orphans(CHECKLIST.requirements, ["r2"]) == {"r3"}
    assert match_goal(CHECKLIST, {"r1": 0.9, "r2": 0.1, "r3": 0.98}) == pytest.approx((0.9 * 0.1 * 0.1) ** (1 / 3))
    assert match_goal(CHECKLIST, {"r1": 0.9, "r2": 0.1, "r3": 0.02}) == pytest.approx((0.9 * 0.1 * 0.02) ** (1 / 3))
    assert match_goal(CHECKLIST, {"r1": 0.9, "r2": 0.6, "r3": 0.1}) == pytest.approx((0.9 * 0.6 * 0.1) ** (1 / 3))


def test_grandchildren_fail_too_and_circles_do_no_harm():
    chain = (HAT, RED, requirement("r4", parents=("r3",)), requirement("r5"))
    assert orphans(chain, ["r2"]) == {"r3", "r4"}
    circle = Checklist(goal="g", requirements=(requirement("r1", parents=("r2",)), requirement("r2", parents=("r1",))))
    assert match_goal(circle, {"r1": 0.1, "r2": 0.4}) == pytest.approx(0.1)
    given = {"r2": 0.1, "r3": 0.9, "r4": 0.95, "r5": 0.8}
    assert inherited(chain, given, ["r2"]) == {"r2": 0.1, "r3": 0.1, "r4": 0.1, "r5": 0.8}
    assert inherited(chain, given, []) == given


def test_what_is_not_known_counts_as_half():
    assert match_goal(flat(1), {}) == pytest.approx(0.5)
    assert match_goal(Checklist(goal="g", requirements=()), {}) == 0


def test_what_a_scale_can_reach():
    words = dict.fromkeys(("r1", "r2", "r3"), 0.9)
    assert highest_score(CHECKLIST, words, rated=True) == 0.915
    assert highest_score(CHECKLIST, words, rated=False) == 0.9
    assert highest_score(CHECKLIST, {}, rated=True) == 0.983


def test_overall():
    assert overall_score(0.8, [0.8, 0.8]) == 0.8
    assert overall_score(0.5, [1.0, 0.5, None]) == pytest.approx(0.85 * 0.5 + 0.15 * 0.75)
    assert overall_score(0.7, []) == overall_score(0.7, [None]) == 0.7


@given(ps, ps)
def test_looks_are_averaged_in_logits(one, other):
    found = average_in_logits(one, other)
    assert min(one, other) - 1e-9 <= found <= max(one, other) + 1e-9
    assert average_in_logits(other, one) == pytest.approx(found)
