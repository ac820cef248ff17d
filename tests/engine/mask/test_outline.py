"""Masks as closed lines: whatever the mask, filling its outlines gives it back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.mask.outline import CELLS, MOST_OUTLINES, MOST_POINTS, outlines
from PIL import Image, ImageChops, ImageDraw
from scipy import ndimage


def drawn(height, width, *ellipses):
    mask = Image.new("1", (width, height))
    for box in ellipses:
        ImageDraw.Draw(mask).ellipse(box, fill=1)
    return torch.from_numpy(np.array(mask))


def filled(lines, height, width):
    """What the outlines enclose: a hole is an outline within another."""
    whole = Image.new("1", (width, height))
    for line in lines:
        one = Image.new("1", (width, height))
        ImageDraw.Draw(one).polygon([(x * width - 0.5, y * height - 0.5) for x, y in line], fill=1)
        whole = ImageChops.logical_xor(whole, one)
    return np.array(whole)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(20, 700),
    st.integers(20, 700),
    st.tuples(*[st.floats(0.05, 0.95)] * 4).map(lambda at: (*sorted(at[:2]), *sorted(at[2:]))),
)
def test_what_the_outline_encloses_is_the_mask(height, width, at):
    box = (at[0] * width, at[2] * height, at[1] * width, at[3] * height)
    mask = drawn(height, width, box)
    lines = outlines(mask)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for line in lines for x, y in line)
    reach = 3 + 2 * max(1, max(height, width) / CELLS)
    differs = filled(lines, height, width) ^ mask.numpy()
    border = ndimage.distance_transform_edt(mask.numpy()) + ndimage.distance_transform_edt(~mask.numpy())
    assert not (differs & (border > reach)).any()


def test_a_box_has_four_corners():
    mask = torch.zeros(100, 200, dtype=torch.bool)
    mask[10:50, 40:120] = True
    (line,) = outlines(mask)
    assert sorted(line) == [(0.2, 0.1), (0.2, 0.5), (0.6, 0.1), (0.6, 0.5)]


def test_a_hole_has_an_outline_of_its_own_and_so_has_each_part():
    mask = drawn(200, 200, (10, 10, 90, 90), (120, 120, 150, 150))
    mask[40:60, 40:60] = False
    lines = outlines(mask)
    assert len(lines) == 3
    assert filled(lines, 200, 200)[50, 50] == 0 and filled(lines, 200, 200)[25, 50] == 1


def test_parts_that_touch_at_a_corner_are_two():
    mask = torch.zeros(8, 8, dtype=torch.bool)
    mask[2:4, 2:4] = mask[4:6, 4:6] = True
    assert len(outlines(mask)) == 2


@pytest.mark.parametrize("mask", [torch.zeros(5, 7, dtype=torch.bool), torch.zeros(3000, 9, dtype=torch.bool)])
def test_nothing_has_no_outline(mask):
    assert outlines(mask) == ()


def test_what_is_thin_is_still_seen():
    mask = torch.zeros(4096, 4096, dtype=torch.bool)
    mask[1000:3000, 500] = True
    assert len(outlines(mask)) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 60))
def test_any_mask_ends_in_few_short_lines(seed, height, width):
    mask = torch.rand(height, width, generator=torch.Generator().manual_seed(seed)) > 0.5
    lines = outlines(mask)
    assert len(lines) <= MOST_OUTLINES and all(2 <= len(line) <= MOST_POINTS for line in lines)
    assert bool(lines) == bool(mask.any())
