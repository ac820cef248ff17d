"""What is done to a mask's shape, against its plain definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pack.engine.mask import shape
from scipy import ndimage

from .scenes import block

masks = hnp.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.booleans()).map(
    torch.from_numpy
)
sparse = hnp.arrays(
    bool, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.integers(0, 15).map(lambda n: n == 0)
).map(torch.from_numpy)
any_mask = masks | sparse


def within(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """Pixels that have one of the mask's at most `radius` away, looked for one by one."""
    found = torch.zeros_like(mask)
    rows, columns = torch.meshgrid(*map(torch.arange, mask.shape), indexing="ij")
    for y, x in mask.nonzero().tolist():
        found |= (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return found


@settings(max_examples=80, deadline=None)
@given(mask=any_mask, radius=st.integers(1, 9))
def test_growing_is_a_disc_around_every_pixel(mask, radius):
    before = mask.clone()
    assert torch.equal(shape.grown(mask, radius), within(mask, radius))
    assert torch.equal(mask, before)


@settings(max_examples=80, deadline=None)
@given(mask=any_mask, radius=st.integers(1, 9))
def test_shrinking_is_growing_of_what_is_outside(mask, radius):
    assert torch.equal(shape.grown(mask, -radius), ~within(~mask, radius))


@settings(max_examples=80, deadline=None)
@given(mask=any_mask, radius=st.integers(0, 9))
def test_growing_then_shrinking_only_closes(mask, radius):
    closed = shape.grown(shape.grown(mask, radius), -radius)
    assert bool((closed | ~mask).all())
    assert torch.equal(shape.grown(shape.grown(closed, radius), -radius), closed)
    opened = shape.grown(shape.grown(mask, -radius), radius)
    assert bool((mask | ~opened).all())


def test_a_mask_at_the_pictures_edge_stays_there_when_it_shrinks():
    mask = torch.zeros(20, 30, dtype=torch.bool)
    mask[:, :10] = True
    assert torch.equal(shape.grown(mask, -4).nonzero()[:, 1].unique(), torch.arange(6))
    assert shape.grown(torch.ones(5, 5, dtype=torch.bool), -256).all()


def test_corners_are_round():
    mask = torch.zeros(100, 100, dtype=torch.bool)
    mask[40:60, 40:60] = True
    large = shape.grown(mask, 20)
    assert large[50, 20]
    assert not large[24, 24]
    assert large[28, 28]


@settings(max_examples=150, deadline=None)
@given(mask=any_mask)
def test_holes_are_what_scipy_calls_holes(mask):
    assert np.array_equal(shape.without_holes(mask).numpy(), ndimage.binary_fill_holes(mask.numpy()))


@settings(max_examples=80, deadline=None)
@given(mask=any_mask, pixels=st.floats(0, 40))
def test_feathering_keeps_range_and_stays_near(mask, pixels):
    soft = shape.feather(mask, pixels)
    assert soft.dtype == torch.float32
    assert torch.isfinite(soft).all()
    assert 0 <= soft.min() <= soft.max() <= 1
    if pixels == 0 or mask.all() or not mask.any():
        assert soft == pytest.approx(mask.float(), abs=1e-5)


@pytest.mark.parametrize("pixels", [0.5, 3, 16, 60])
def test_feathering_keeps_the_amount(pixels):
    mask = torch.zeros(400, 500, dtype=torch.bool)
    mask[180:230, 200:290] = True
    soft = shape.feather(mask, pixels)
    assert float(soft.sum()) == pytest.approx(float(mask.sum()), rel=0.003)
    reference = ndimage.gaussian_filter(mask.numpy().astype(np.float64), pixels / 2, mode="nearest", truncate=6)
    assert float((soft - torch.from_numpy(reference)).abs().max()) < 0.004


def test_an_edge_fades_over_about_the_feather_to_each_side():
    mask = torch.zeros(64, 200, dtype=torch.bool)
    mask[:, :100] = True
    row = shape.feather(mask, 20)[32]
    assert row[0] == pytest.approx(1)
    assert float(row[99] + row[100]) == pytest.approx(1, abs=1e-4)
    assert 0.01 < row[120] < 0.05
    assert 0.95 < row[79] < 0.99


@settings(max_examples=50, deadline=None)
@given(mask=any_mask, pixels=st.sampled_from([0.0, 2.0, 9.5]))
def test_inverting_twice_changes_nothing(mask, pixels):
    soft = shape.feather(mask, pixels)
    assert shape.invert(shape.invert(soft)) == pytest.approx(soft, abs=1e-6)
    assert shape.invert(soft) + soft == pytest.approx(torch.ones_like(soft))


def test_pieces_over_the_edge_are_cut():
    mask = shape.union([block(-5, -5, 10, 10), block(95, 45, 20, 20), block(300, 300, 5, 5)], 60, 100)
    assert int(mask.sum()) == 25 + 5 * 15
    assert not shape.union([], 60, 100).any()
