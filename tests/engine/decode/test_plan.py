"""Which tiles are chosen: they cover everything, they fit where anything fits, and they are few."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.decode.options import DecodeOptions
from pack.engine.decode.plan import Axis, Compression, plan_tiles

from .fakes import VIDEO

GIB = 2**30
PICTURE = Compression(8)


def kl_bytes(shape):
    """ComfyUI's estimate for AutoencoderKL in 16 bits."""
    return 2178 * shape[-2] * shape[-1] * 64 * 2


def wan_bytes(shape):
    """ComfyUI's for Wan 2.1 in 16 bits."""
    return (2200 if shape[2] <= 4 else 7000) * shape[3] * shape[4] * 64 * 2


def ltx_bytes(shape):
    return 900 * shape[2] * shape[3] * shape[4] * 512 * 2


def covers(axis):
    reached = 0
    for start in axis.starts():
        assert start <= reached
        reached = start + axis.tile
    assert reached == axis.length
    assert axis.count == 1 or len(set(axis.starts())) == axis.count


sides = st.integers(1, 600)


@settings(deadline=None)
@given(sides, sides, st.floats(0.001, 40.0), st.sampled_from([4, 8, 16, 32]))
def test_tiles_cover_the_picture_and_fit_where_anything_fits(height, width, gib, space):
    shape, budget = (1, 4, height, width), gib * GIB
    plan = plan_tiles(shape, Compression(space), kl_bytes, budget)
    for axis in (plan.time, plan.rows, plan.columns):
        covers(axis)
    assert plan.fits == (kl_bytes(plan.tile_of(shape)) <= budget)
    if not plan.fits:
        least = max(4, 256 // space)
        assert plan.rows.tile <= max(least + least // 2, 2 * least)
        assert kl_bytes(plan.tile_of(shape)) <= kl_bytes((1, 4, min(height, 2 * least), min(width, 2 * least)))
    assert plan.work >= 1


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), sides, sides, st.floats(0.001, 40.0))
def test_videos_are_covered_in_time_too(frames, height, width, gib):
    shape = (1, 16, frames, height, width)
    plan = plan_tiles(shape, Compression(32), ltx_bytes, gib * GIB)
    for axis in (plan.time, plan.rows, plan.columns):
        covers(axis)
    assert plan.fits == (ltx_bytes(plan.tile_of(shape)) <= gib * GIB)


@settings(deadline=None, max_examples=60)
@given(sides, sides, st.floats(0.01, 20.0), st.floats(1.0, 4.0))
def test_more_memory_never_means_more_tiles(height, width, gib, factor):
    shape = (1, 4, height, width)
    less, more = (plan_tiles(shape, PICTURE, kl_bytes, g * GIB) for g in (gib, gib * factor))
    assert more.tiles <= less.tiles or not less.fits


@pytest.mark.parametrize(
    ("gib", "rows", "columns", "work"),
    [(16, 2, 1, 1.0625), (8, 3, 1, 1.125), (4, 6, 1, 1.17)],
)
def test_2048_pixels(gib, rows, columns, work):
    plan = plan_tiles((1, 4, 256, 256), PICTURE, kl_bytes, gib * GIB)
    assert (plan.rows.count, plan.columns.count) == (rows, columns)
    assert plan.work == pytest.approx(work, abs=0.01)


def test_stripes_go_across_the_longer_side():
    wide = plan_tiles((1, 4, 128, 256), PICTURE, kl_bytes, 6 * GIB)
    tall = plan_tiles((1, 4, 256, 128), PICTURE, kl_bytes, 6 * GIB)
    assert (wide.rows.count, wide.columns.count) == (1, 2)
    assert (tall.rows.count, tall.columns.count) == (2, 1)


def test_a_square_is_cut_into_stripes_of_full_width():
    plan = plan_tiles((1, 4, 128, 128), PICTURE, kl_bytes, 4 * GIB)
    assert (plan.rows.count, plan.columns) == (2, Axis(128, 128))


def test_tiles_are_large_enough_to_know_something_of_the_picture():
    plan = plan_tiles((1, 4, 512, 512), PICTURE, kl_bytes, 0.0)
    assert not plan.fits
    assert min(plan.rows.tile, plan.columns.tile) * 8 >= 256


@pytest.mark.parametrize("side", [1, 3, 31, 32, 33])
def test_what_is_small_stays_in_one_piece(side):
    assert plan_tiles((1, 4, side, side), PICTURE, kl_bytes, 0.0).tiles == 1


def test_time_is_split_last():
    shape = (1, 128, 31, 34, 60)
    enough = plan_tiles(shape, Compression(32), ltx_bytes, 16 * GIB)
    assert enough.time.count == 1
    assert enough.tiles > 1
    tiny = plan_tiles(shape, Compression(32), ltx_bytes, 0.5 * GIB)
    assert tiny.time.count > 1
    assert tiny.fits
    assert tiny.time.tile >= 4


def test_a_video_that_streams_in_time_is_cut_in_space():
    plan = plan_tiles((1, 16, 31, 90, 160), VIDEO, wan_bytes, 8 * GIB)
    assert (plan.time.count, plan.tiles, plan.columns.count) == (1, 2, 2)


def test_a_given_tile_size_is_a_limit():
    asked = DecodeOptions(tile_size=512, overlap=96)
    plan = plan_tiles((1, 4, 256, 200), PICTURE, kl_bytes, math.inf, asked)
    assert plan.rows.tile * 8 <= 512
    assert plan.columns.tile * 8 <= 512
    assert (plan.rows.count, plan.columns.count) == (5, 4)
    for axis in (plan.rows, plan.columns):
        starts = axis.starts()
        assert all(a + axis.tile - b >= 96 // 8 for a, b in pairwise(starts))


@settings(deadline=None, max_examples=150)
@given(sides, sides, st.sampled_from([4, 8, 16, 32]), st.integers(64, 4096), st.floats(0, 0.5))
def test_any_tile_size_and_overlap_that_may_be_asked_for_can_be_had(height, width, space, size, share):
    asked = DecodeOptions(tile_size=size, overlap=int(size * share))
    plan = plan_tiles((1, 4, height, width), Compression(space), kl_bytes, math.inf, asked)
    for axis in (plan.rows, plan.columns):
        covers(axis)
        assert axis.tile <= max(4, size // space) or axis.length <= 5
    assert plan.fits


def test_a_tile_size_below_the_usual_least_is_obeyed():
    plan = plan_tiles((1, 4, 64, 64), PICTURE, kl_bytes, math.inf, DecodeOptions(tile_size=128))
    assert plan.rows.tile * 8 <= 128


def test_a_given_tile_size_still_shrinks_when_memory_is_short():
    asked = DecodeOptions(tile_size=1024)
    first = plan_tiles((1, 4, 256, 256), PICTURE, kl_bytes, math.inf, asked)
    less = plan_tiles((1, 4, 256, 256), PICTURE, kl_bytes, 1 * GIB, asked)
    assert less.fits
    assert less.tiles > first.tiles


def test_pieces_of_time_are_no_longer_than_asked():
    asked = DecodeOptions(temporal_size=33, temporal_overlap=8)
    plan = plan_tiles((1, 16, 31, 30, 30), VIDEO, wan_bytes, math.inf, asked)
    assert VIDEO.frames(plan.time.tile) <= 33
    starts = plan.time.starts()
    assert all(a + plan.time.tile - b >= 2 for a, b in pairwise(starts))
    assert plan.rows.count * plan.columns.count == 1


@pytest.mark.parametrize(
    ("wishes", "begins"),
    [
        ({"mode": "always"}, "mode: 'always' is not one of auto, whole, tiled"),
        ({"tile_size": 32}, "tile_size: 32 pixels is too small"),
        ({"tile_size": -64}, "tile_size: -64 is not possible"),
        ({"tile_size": 512, "overlap": 300}, "overlap: 300 pixels is more than half of tile_size"),
        ({"temporal_size": 8, "temporal_overlap": 8}, "temporal_overlap: 8 frames is more than half"),
        ({"margin_gb": -1.0}, "margin_gb: -1.0 is not possible"),
        ({"memory_limit_gb": float("nan")}, "memory_limit_gb: nan is not possible"),
    ],
)
def test_wrong_wishes_name_the_input(wishes, begins):
    with pytest.raises(ValueError, match=begins):
        DecodeOptions(**wishes)
