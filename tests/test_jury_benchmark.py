"""Two judges in the policy's worlds: their errors correlate as stated, and each is as good as the one alone."""

from __future__ import annotations

import numpy as np
import pytest
from pack.benchmarks._policy_jury import JuryWorld, pair_accuracy
from pack.benchmarks._policy_world import WORLD1, WORLD2, World


@pytest.mark.parametrize("shared", [0.0, 0.4, 1.0])
def test_errors_correlate_as_stated(shared):
    pairs = []
    for number in range(30):
        world = JuryWorld(WORLD2, 5, number, shared)
        pairs.append([world.fixed_errors[0].ravel(), world._second.fixed_errors[0].ravel()])
    first, second = np.concatenate(pairs, axis=1)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(shared, abs=0.04)
    assert second.std() == pytest.approx(first.std(), rel=0.05)


def test_the_first_judge_is_the_one_alone():
    alone, world = World(WORLD2, 5, 3), JuryWorld(WORLD2, 5, 3, 0.7)
    assert np.array_equal(alone.fixed_errors, world.fixed_errors)
    assert alone.bias_error == world.bias_error


def test_the_weak_judge_is_of_the_class_that_was_measured():
    """59 % of pairs (MMRB2) for 8B judges; chance is 50."""
    assert pair_accuracy(WORLD2, 5) == pytest.approx(0.59, abs=0.04)
    assert pair_accuracy(WORLD1, 5) > 0.68
