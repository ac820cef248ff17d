"""What a render could be worth: a new seed, or the seed of a picture once more with other words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pack.engine.loop.belief.posterior import infer
from pack.engine.loop.belief.worth import FRESH, SAME_SEED_REGAINS, new_seed_candidates, same_seed_candidate

from .test_posterior import NO, YES, a_judge, observed

ALL = np.ones(3, dtype=bool)


def test_other_words_on_a_seed_do_little_where_the_seed_decides():
    """A requirement that this seed misses by luck is missed again on it, whatever is said."""
    seen = observed([[3 * YES, 3 * YES, 3 * NO]])
    belief = infer(seen, a_judge(3))
    worth = {}
    for responds in (0.0, 1.0):
        known = replace(belief, responds=np.full(3, responds))
        worth[responds] = same_seed_candidate(known, seen, 0, 1, ALL)
    assert worth[0.0].arms == worth[1.0].arms == (0, 0, FRESH)
    assert worth[0.0].worth / worth[1.0].worth == pytest.approx(SAME_SEED_REGAINS, abs=0.05)


def test_where_luck_decided_so_far_a_new_seed_is_worth_more_than_the_same():
    """Met in every second picture with the user's words and with clauses alike."""
    arms = [[0, 0, n] for n in (0, 0, 0, 0, 1, 1, 2, 2)]
    seen = observed([[2 * YES, 2 * YES, at] for at in (YES, NO) * 3] + [[2 * YES, 2 * YES, 2 * NO]] * 2, arms)
    belief = infer(seen, a_judge(3))
    same = same_seed_candidate(belief, seen, 7, 1, ALL)
    assert same is None or same.worth < max(one.worth for one in new_seed_candidates(belief, 7, ALL))
