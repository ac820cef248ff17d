"""Enlarged parts of a picture, there and back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.mask.piece import Box
from pack.engine.mask.pieces import piece_of_mask
from pack.engine.mask.shape import union
from pack.engine.mask.views import View, brought_back, cut_off, enlarged_view, tiles, view_around, view_size

from .scenes import block, canvas, disc, overlap


@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(0.01, 1), st.floats(-50, 3050), st.floats(-50, 3050))
def test_views_lie_in_the_picture_and_hold_their_box(height, width, share, x, y):
    box = Box(min(x, width - 1), min(y, height - 1), 1, 1)
    view = view_around(box, share, height, width)
    assert 0 <= view.top <= view.top + view.height <= height
    assert 0 <= view.left <= view.left + view.width <= width
    assert (view.height, view.width) == (max(1, round(height * share)), max(1, round(width * share)))
    if 0 <= box.x and 0 <= box.y and min(view.height, view.width) > 3:
        assert view.top - 1 <= box.y <= view.top + view.height
        assert view.left - 1 <= box.x <= view.left + view.width


@pytest.mark.parametrize("size", [(300, 400), (1081, 1919), (257, 256)])
def test_small_things_lie_whole_in_some_tile(size):
    height, width = size
    for top in range(0, height - height // 5, 7):
        for left in range(0, width - width // 5, 7):
            thing = block(left, top, width // 5 - 2, height // 5 - 2)
            assert any(
                tile.top <= top
                and tile.left <= left
                and top + thing.crop.shape[0] <= tile.top + tile.height
                and left + thing.crop.shape[1] <= tile.left + tile.width
                and not cut_off(thing, tile, height, width)
                for tile in tiles(height, width)
            )


@settings(max_examples=30, deadline=None)
@given(x=st.integers(60, 500), y=st.integers(60, 300), radius=st.integers(8, 40), share=st.floats(0.3, 0.6))
def test_there_and_back(x, y, radius, share):
    picture = canvas(360, 560)
    truth = disc(picture, x, y, radius, "red")
    whole = piece_of_mask(truth, "disc", 0.8)
    view = view_around(whole.box, share, 360, 560)
    larger = enlarged_view(picture, view)
    assert larger.shape == (*view_size(360, 560), 3)
    seen = piece_of_mask(larger[..., 0] - larger[..., 1] > 0.3, "disc", 0.8)
    back = brought_back(seen, view, 360, 560)
    inside = torch.zeros_like(truth)
    inside[view.top : view.top + view.height, view.left : view.left + view.width] = True
    assert overlap(union([back], 360, 560), truth & inside) > 0.9
    if bool((truth & ~inside).any()):
        return
    assert (back.box.x, back.box.y) == (pytest.approx(whole.box.x, abs=2), pytest.approx(whole.box.y, abs=2))
    assert back.box.width == pytest.approx(whole.box.width, abs=3)
    assert (back.score, back.phrase) == (0.8, "disc")


def test_large_pictures_are_looked_at_in_parts_of_at_most_1024():
    assert view_size(2160, 3840) == (576, 1024)
    assert view_size(300, 200) == (300, 200)
    assert enlarged_view(torch.rand(2160, 3840, 3), View(0, 0, 540, 960)).shape == (576, 1024, 3)


def test_what_a_tile_cuts_is_known():
    tile = tiles(100, 200)[3]
    assert (tile.top, tile.left) == (40, 80)
    assert cut_off(block(80, 60, 10, 10), tile, 100, 200)
    assert cut_off(block(100, 40, 10, 10), tile, 100, 200)
    assert not cut_off(block(190, 90, 10, 10), tile, 100, 200)
    assert not cut_off(block(0, 0, 10, 10), tiles(100, 200)[0], 100, 200)
    assert cut_off(block(110, 50, 10, 10), tiles(100, 200)[0], 100, 200)
