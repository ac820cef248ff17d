"""Cutting a region out and putting it back: whatever sizes and masks, what does not blend stays the same to the bit."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.mask.region import LEAST_SIDE, CutSize, cut_region, stitch_region
from scipy import ndimage


def picture(height, width, channels=3, count=1, seed=0):
    return torch.rand(count, height, width, channels, generator=torch.Generator().manual_seed(seed))


def box_mask(height, width, top, left, rows, columns):
    mask = torch.zeros(1, height, width)
    mask[0, top : top + rows, left : left + columns] = 1
    return mask


@st.composite
def scenes(draw):
    height, width = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    mask = box_mask(height, width, top, left, draw(st.integers(1, height)), draw(st.integers(1, width)))
    return picture(height, width, draw(st.sampled_from([3, 4]))), mask


@settings(max_examples=60)
@given(
    scene=scenes(),
    grow=st.integers(0, 12),
    feather=st.sampled_from([0.0, 0.5, 3.0, 9.0]),
    context=st.sampled_from([0.0, 0.5, 2.0]),
    side=st.sampled_from([0, 64, 300]),
    multiple=st.sampled_from([1, 8, 16]),
)
def test_nothing_beyond_mask_growth_and_feather_changes(scene, grow, feather, context, side, multiple):
    image, mask = scene
    size = CutSize(side * side, multiple)
    cut = cut_region(image, mask, grow=grow, feather=feather, context=context, size=size)
    height, width = cut.pictures.shape[1:3]
    assert height % multiple == 0 and width % multiple == 0
    assert cut.mask.shape == cut.pictures.shape[:3] and cut.pictures.shape[-1] == 3
    before = image.clone()
    whole = stitch_region(1 - cut.pictures, cut.region)
    assert torch.equal(image, before) and whole.shape == image.shape
    far = torch.from_numpy(ndimage.distance_transform_edt(~(mask[0] > 0.5).numpy()) > grow + feather + 1)
    assert torch.equal(whole[0][far], image[0][far])
    assert torch.equal(whole[..., 3:], image[..., 3:]), "opacity stays"


@settings(max_examples=30)
@given(scene=scenes(), feather=st.sampled_from([0.0, 4.0]))
def test_a_part_that_comes_back_as_it_was_changes_nothing_to_speak_of(scene, feather):
    image, mask = scene
    cut = cut_region(image, mask, grow=2, feather=feather, size=CutSize(0, 1))
    whole = stitch_region(cut.pictures, cut.region)
    assert torch.allclose(whole, image, atol=1e-6)


def test_the_inside_is_new_and_the_border_blends():
    image, mask = torch.zeros(1, 200, 300, 3), box_mask(200, 300, 80, 100, 40, 50)
    cut = cut_region(image, mask, grow=0, feather=10.0, size=CutSize(0, 1))
    whole = stitch_region(torch.ones_like(cut.pictures), cut.region)[0, ..., 0]
    assert bool((whole[mask[0] > 0] == 1).all())
    row = whole[100, 150:165]
    assert bool((row[:-1] >= row[1:]).all()) and 0 < float(row[4]) < 1 and float(row[-1]) == 0


def test_a_small_region_is_enlarged_and_a_huge_one_made_smaller():
    small = cut_region(picture(600, 800), box_mask(600, 800, 300, 400, 20, 20), size=CutSize(512 * 512, 16))
    height, width = small.pictures.shape[1:3]
    assert 0.8 < height * width / 512**2 < 1.2
    huge = cut_region(picture(1500, 2000), torch.ones(1, 1500, 2000), size=CutSize(512 * 512, 16))
    height, width = huge.pictures.shape[1:3]
    assert height * width < 2.1 * 512**2 and abs(width / height - 4 / 3) < 0.05
    assert huge.region.box == (0, 0, 2000, 1500)


@pytest.mark.parametrize("shape", [(1, 64, 64), (1, 90, 120)])
def test_an_empty_mask_gives_a_small_cut_and_the_same_picture(shape):
    image = picture(90, 120)
    cut = cut_region(image, torch.zeros(shape), size=CutSize(64 * 64, 16))
    left, top, right, bottom = cut.region.box
    assert (right - left, bottom - top) == (LEAST_SIDE, LEAST_SIDE) and cut.region.empty
    assert torch.equal(stitch_region(torch.rand(1, 64, 64, 3), cut.region), image)


def test_a_batch_has_one_box_and_each_picture_its_own_mask():
    image = picture(100, 100, count=2)
    masks = torch.cat([box_mask(100, 100, 10, 10, 8, 8), box_mask(100, 100, 80, 80, 8, 8)])
    cut = cut_region(image, masks, grow=0, feather=0.0, size=CutSize(0, 1))
    whole = stitch_region(torch.zeros_like(cut.pictures), cut.region)
    changed = (whole != image).any(-1)
    assert torch.equal(changed, masks > 0)
    once = stitch_region(torch.zeros(1, 40, 40, 3), cut.region)
    assert torch.equal((once != image).any(-1), masks > 0)


def test_what_is_no_number_is_painted_black():
    image = picture(80, 80)
    cut = cut_region(image, box_mask(80, 80, 30, 30, 10, 10), grow=0, feather=0.0, size=CutSize(0, 1))
    whole = stitch_region(torch.full_like(cut.pictures, float("nan")), cut.region)
    assert bool(torch.isfinite(whole).all())
