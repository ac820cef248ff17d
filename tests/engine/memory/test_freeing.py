"""The plan of freeing: its order, what it spares, and that it stops when enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.memory.amounts import in_words
from pack.engine.memory.freeing import EVERYTHING, ORDER, Holding, steps

HOLDINGS = st.lists(
    st.builds(
        Holding,
        key=st.uuids().map(str),
        name=st.just("a model"),
        group=st.sampled_from(ORDER),
        size=st.integers(0, 1000),
        kept=st.booleans(),
    ),
    max_size=8,
)
ALLOWED = st.sets(st.sampled_from(ORDER))


def names(planned):
    return [step.holding.name for step in planned]


def test_the_order_is_own_models_then_ollama_then_unused_then_the_rest():
    held = [Holding(group, group, group, 10) for group in reversed(ORDER)]
    assert names(steps(held, 40, ORDER)) == ["own", "ollama", "unused", "rest"]
    assert names(steps(held, 11, ORDER)) == ["own", "ollama"]


def test_of_one_group_the_smallest_that_is_enough_goes():
    held = [Holding(str(size), str(size), "rest", size) for size in (100, 30, 60)]
    assert names(steps(held, 40, ORDER)) == ["60"]
    assert names(steps(held, 101, ORDER)) == ["100", "30"]
    assert [step.amount for step in steps(held, 101, ORDER)] == [100, 1]


@given(HOLDINGS, st.integers(-10, 3000), ALLOWED)
def test_kept_models_and_groups_that_may_not_go_are_never_touched(held, short, allowed):
    for step in steps(held, short, allowed):
        assert not step.holding.kept
        assert step.holding.group in allowed


@given(HOLDINGS, st.integers(-10, 3000), ALLOWED)
def test_it_frees_all_that_is_short_or_all_that_may_go_and_no_step_more(held, short, allowed):
    planned = steps(held, short, allowed)
    may_go = sum(h.size for h in held if h.group in allowed and not h.kept)
    assert sum(step.amount for step in planned) == min(max(short, 0), may_go)
    for position, step in enumerate(planned):
        assert step.amount > 0
        assert sum(s.holding.size for s in planned[:position]) < short


@given(HOLDINGS, st.integers(-10, 3000), ALLOWED)
def test_groups_come_in_their_order_and_no_model_twice(held, short, allowed):
    planned = steps(held, short, allowed)
    places = [ORDER.index(step.holding.group) for step in planned]
    assert places == sorted(places)
    assert len({step.holding.key for step in planned}) == len(planned)


@given(HOLDINGS)
def test_everything_means_all_that_is_not_kept(held):
    wanted = {h.key for h in held if h.size and not h.kept}
    assert {step.holding.key for step in steps(held, EVERYTHING, ORDER)} == wanted


@pytest.mark.parametrize(
    ("amount", "words"), [(0, "0 MiB"), (64 * 2**20, "64 MiB"), (2**28, "0.25 GiB"), (3.14 * 2**30, "3.1 GiB")]
)
def test_amounts_in_words(amount, words):
    assert in_words(amount) == words
