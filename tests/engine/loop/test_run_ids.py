"""Ids of runs sort by time, whatever the clock does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.loop.run_ids import RUN_ID, new_run_id

NOW = 1_700_000_000.0


@given(st.lists(st.floats(-5e7, 5e7), max_size=30))
def test_each_is_greater_than_all_before(jumps):
    """Also after the clock was set back by a year, or an hour came twice."""
    ids = []
    for jump in jumps:
        ids.append(new_run_id(NOW + jump, ids))
    assert ids == sorted(set(ids))
    assert all(RUN_ID.fullmatch(name) for name in ids)


def test_a_thousand_in_one_second_stay_in_order():
    ids = []
    for _ in range(1000):
        ids.append(new_run_id(NOW, ids[-1:]))
    assert ids == sorted(set(ids))


def test_the_last_of_a_second_goes_on_in_the_next():
    assert new_run_id(0.0, ["20261231-235959-ffffffff"]).startswith("20270101-000000-")


@pytest.mark.parametrize("strange", ["99999999-999999-ffffffff", "20260230-000000-00000000"])
def test_a_folder_named_after_no_time_spoils_nothing(strange):
    plain, beside = new_run_id(NOW, []), new_run_id(NOW, [strange])
    assert plain[:15] == beside[:15]
