"""Tiles put together: weights add up to one, and tiles of a local decoder are the whole picture."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.decode.blend import Canvas, WrongSize, weights_of
from pack.engine.decode.plan import Axis, Compression, TilePlan

from .fakes import FakeVae


@st.composite
def axes(draw, longest=40):
    """Any split that a plan may have, and some that none has: overlaps of more than half."""
    length = draw(st.integers(3, longest))
    count = draw(st.integers(1, 5))
    least = -(-length // count) + (2 if count > 1 else 0)
    tile = draw(st.integers(min(length, least), length)) if count > 1 else length
    if count > 1 and length - tile < count - 1:
        return Axis(length, length)
    axis = Axis(length, tile, count)
    starts = axis.starts()
    touching = all(a + tile - b >= 2 for a, b in pairwise(starts))
    return axis if touching else Axis(length, length)


@given(axes(300))
def test_weights_add_up_to_one_and_none_is_nothing(axis):
    spans = [(start, start + axis.tile) for start in axis.starts()]
    total = torch.zeros(axis.length)
    for (start, stop), weights in zip(spans, weights_of(spans), strict=True):
        assert weights.min() > 0
        total[start:stop] += weights
    assert (total - 1).abs().max() < 1e-5


def test_weights_rise_from_nothing_at_a_tiles_own_edge_and_stay_one_at_the_pictures():
    first, second = weights_of([(0, 100), (60, 160)])
    assert first[:60].eq(1).all()
    assert second[40:].eq(1).all()
    assert second[0] < 0.001
    assert second[:40].diff().gt(0).all()


def blended(vae, latent, plan):
    canvas = Canvas(plan, vae.compression, len(latent), latent.ndim == 5)
    for tile in canvas.places():
        canvas.add(slice(0, len(latent)), tile, vae.decode(latent[(..., *(window.cells for window in tile))]))
    return canvas.pixels


@settings(deadline=None, max_examples=40)
@given(axes(), axes(), st.integers(1, 3), st.integers(0, 2**31))
def test_tiles_of_a_local_decoder_are_the_whole_picture(rows, columns, batch, seed):
    """A 3 x 3 convolution sees no further than one pixel, whose weight is all but nothing at a tile's edge."""
    vae, draw = FakeVae(), torch.Generator().manual_seed(seed)
    latent = torch.rand(batch, 4, rows.length, columns.length, generator=draw)
    found = blended(vae, latent, TilePlan(Axis(1, 1), rows, columns))
    edge = edge_weight(rows) + edge_weight(columns)
    assert (found - vae.pixels(latent)).abs().max() < 5e-7 * 4 + edge


def edge_weight(axis):
    """The largest weight that the outermost pixel of a tile has inside the picture."""
    spans = [(start * 8, (start + axis.tile) * 8) for start in axis.starts()]
    inner = [w[0] for (start, _), w in zip(spans, weights_of(spans), strict=True) if start]
    inner += [w[-1] for (_, stop), w in zip(spans, weights_of(spans), strict=True) if stop < axis.length * 8]
    return float(max(inner, default=0.0))


@pytest.mark.parametrize("time", [Axis(9, 9), Axis(9, 5, 3)])
def test_pieces_of_a_video_come_to_their_place_in_time(time):
    """The decoder makes one frame of a piece's first latent frame, four of each other. A still must stay one."""
    vae = FakeVae(video=True)
    latent = torch.rand(2, 4, 1, 12, 10).expand(-1, -1, 9, -1, -1)
    found = blended(vae, latent, TilePlan(time, Axis(12, 8, 2), Axis(10, 10)))
    assert found.shape == (2, 3, 33, 96, 80)
    assert (found - vae.pixels(latent)).abs().max() < 1e-3


def test_frames_are_taken_from_the_piece_that_shows_them():
    vae = FakeVae(video=True)
    latent = torch.rand(1, 4, 9, 4, 4)
    found = blended(vae, latent, TilePlan(Axis(9, 6, 2), Axis(4, 4), Axis(4, 4)))
    whole = vae.pixels(latent)
    # Before the second piece begins, and after the first one has ended.
    assert torch.equal(found[:, :, :12], whole[:, :, :12])
    assert torch.allclose(found[:, :, 21:], whole[:, :, 21:], atol=1e-6)


def test_a_vae_that_lies_about_its_size_is_found_out():
    canvas = Canvas(TilePlan(Axis(1, 1), Axis(16, 9, 2), Axis(8, 8)), Compression(8), 1, False)
    with pytest.raises(WrongSize, match="72, 64"):
        canvas.add(slice(0, 1), next(canvas.places()), torch.zeros(1, 3, 36, 32))
