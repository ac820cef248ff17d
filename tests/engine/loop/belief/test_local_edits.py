"""Repair in place as the policy sees it: when an edit is worth it, and how the run's own edits teach that."""

from __future__ import annotations

import numpy as np
import pytest
from pack.engine.loop.belief.local_edits import (
    EDITS_OF_ONE,
    edit_candidates,
    edit_promise,
    edit_worth,
    may_edit,
)
from pack.engine.loop.belief.posterior import EDIT_KEEPS, EDIT_MENDS, infer

from .test_posterior import NO, YES, a_judge, observed

ALL = np.ones(3, dtype=bool)


def believed(logits, edits=None):
    seen = observed(logits, edits=edits)
    return seen, infer(seen, a_judge(seen.logits.shape[1]))


def test_what_is_missed_most_is_edited_and_nothing_where_all_is_met():
    seen, belief = believed([[2 * YES, 2 * YES, 2 * NO]])
    (found,) = edit_candidates(belief, seen, [0], ALL)
    assert (found.kind, found.source, found.target) == ("local_edit", 0, 2)
    assert 0.25 < found.worth < EDIT_MENDS
    assert edit_candidates(belief, seen, [0], np.array([True, True, False])) == [], "what it misses is no part of it"
    assert edit_candidates(belief, seen, [0], ~ALL) == []
    seen, belief = believed([[3 * YES, 3 * YES, 3 * YES]] * 4)
    assert edit_candidates(belief, seen, [0], ALL) == []


def test_an_edit_of_one_picture_for_one_thing_is_tried_so_often_and_no_more():
    tries = {1 + at: (0, 1) for at in range(EDITS_OF_ONE)}
    seen, belief = believed([[YES, NO]] * (1 + EDITS_OF_ONE), edits=tries)
    assert not may_edit(seen, belief, 0, 1)
    assert may_edit(seen, belief, 1, 1), "an edited picture is one of its own"


def test_edits_that_work_promise_more_and_edits_that_harm_promise_less():
    untried = edit_promise(*reversed(believed([[2 * YES, 2 * NO]])))
    assert (untried.mends, untried.keeps) == pytest.approx((EDIT_MENDS, EDIT_KEEPS))
    edits = {at: (0, 1) for at in (1, 2, 3)}
    good = edit_promise(*reversed(believed([[2 * YES, 2 * NO], *[[2 * YES, 2 * YES]] * 3], edits)))
    bad = edit_promise(*reversed(believed([[2 * YES, 2 * NO], *[[2 * NO, 2 * NO]] * 3], edits)))
    assert good.mends > EDIT_MENDS > bad.mends
    assert good.keeps > EDIT_KEEPS > bad.keeps
    _, belief = believed([[2 * YES, 2 * NO]])
    assert edit_worth(belief, 0, 1, good) > 2 * edit_worth(belief, 0, 1, bad)


def test_a_wish_of_the_users_own_has_no_requirement_to_learn_from():
    seen, belief = believed([[YES, NO], [YES, NO]], edits={1: (0, -1)})
    assert edit_promise(belief, seen) == edit_promise(*reversed(believed([[YES, NO]])))
    assert np.all((belief.met[1] > 0) & (belief.met[1] < 1))
