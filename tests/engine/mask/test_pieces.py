"""Maps, masks and boxes become pieces of the right place, size and score."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.mask import pieces
from pack.engine.mask.piece import Box
from pack.engine.mask.shape import union


def blobs(*places: tuple[int, int, int], side: int = 44, inside: float = 3.0) -> torch.Tensor:
    """Logits [side, side] with squares (left, top, side) in them."""
    logits = torch.full((side, side), -6.0)
    for left, top, size in places:
        logits[top : top + size, left : left + size] = inside
    return logits


def test_three_blobs_are_three_pieces_with_their_own_scores():
    logits = blobs((4, 4, 8), (30, 6, 6))
    logits[30:40, 10:20] = 1.0
    found = pieces.pieces_of_logits(logits, 220, 440, "cat", 0.4)
    assert sorted(round(piece.score, 2) for piece in found) == [0.73, 0.95, 0.95]
    assert {piece.phrase for piece in found} == {"cat"}
    box = found[0].box
    # 4 to 12 of 44 cells, ten pixels across and five down each; the outline lies between two cells.
    assert (box.x, box.y) == (pytest.approx(40, abs=6), pytest.approx(20, abs=3))
    assert (box.width, box.height) == (pytest.approx(80, abs=10), pytest.approx(40, abs=6))


def test_the_outline_lies_between_coarse_pixels():
    """Upscaling a finished mask would give steps of a whole coarse pixel."""
    logits = torch.linspace(-4, 4, 8).repeat(8, 1)
    (piece,) = pieces.pieces_of_logits(logits, 800, 800, "sky", 0.5)
    assert piece.box.x == pytest.approx(400, abs=1)
    (less,) = pieces.pieces_of_logits(logits, 800, 800, "sky", 0.6)
    assert 400 < less.box.x < 450


def test_the_threshold_is_absolute():
    """Nothing is stretched over the picture: a faint map stays empty, whatever its own maximum."""
    faint = blobs((10, 10, 20), inside=-2.0)
    assert pieces.pieces_of_logits(faint, 100, 100, "cat", 0.4) == ()
    assert len(pieces.pieces_of_logits(faint, 100, 100, "cat", 0.1)) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 0.0, 1e30])
@pytest.mark.parametrize("threshold", [0.0, 0.4, 1.0])
def test_flat_and_broken_maps(value, threshold):
    found = pieces.pieces_of_logits(torch.full((8, 8), value), 33, 57, "cat", threshold)
    mask = union(found, 33, 57)
    whole = threshold == 0 or (threshold == 0.4 and value >= 0)
    assert mask.all() if whole else not mask.any()
    assert all(math.isfinite(piece.score) for piece in found)


def test_one_broken_value_spoils_only_its_surroundings():
    logits = blobs((20, 20, 20))
    logits[2, 2] = float("nan")
    (piece,) = pieces.pieces_of_logits(logits, 440, 440, "cat", 0.4)
    assert piece.box.x > 150


def test_specks_are_no_pieces():
    logits = blobs((2, 2, 1), (20, 20, 10), side=512)
    assert len(pieces.pieces_of_logits(logits, 512, 512, "cat", 0.4)) == 1
    assert len(pieces.pieces_of_logits(logits, 512, 512, "cat", 0.4, least=1)) == 2


def test_parts_that_touch_at_a_corner_are_one():
    logits = blobs((10, 10, 10), (20, 20, 10))
    assert len(pieces.pieces_of_logits(logits, 44, 44, "cat", 0.5)) == 1


def test_half_precision_maps():
    full = blobs((4, 4, 8), (30, 6, 6))
    one, other = (pieces.pieces_of_logits(m, 100, 90, "cat", 0.4) for m in (full, full.half()))
    assert [(p.top, p.left, p.area) for p in one] == [(p.top, p.left, p.area) for p in other]


def test_a_detection_keeps_its_box_and_score():
    box = Box(1, 2, 30, 40)
    piece = pieces.piece_of_logits(blobs((4, 4, 8)), 88, 88, "cat", 0.7, box)
    assert (piece.score, piece.box, piece.phrase) == (0.7, box, "cat")
    assert (piece.left, piece.top) == (pytest.approx(8, abs=1), pytest.approx(8, abs=1))
    assert pieces.piece_of_logits(blobs(), 88, 88, "cat", 0.7, box) is None


def test_a_mask_is_cut_to_its_extent():
    mask = torch.zeros(20, 30)
    mask[5:9, 7:20] = 0.3
    piece = pieces.piece_of_mask(mask, "cat", 0.5, top=100, left=200)
    assert (piece.top, piece.left, piece.crop.shape, piece.area) == (105, 207, (4, 13), 52)
    assert piece.box == Box(207, 105, 13, 4)


numbers = st.floats(-300, 300) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e300])


@settings(max_examples=200, deadline=None)
@given(x=numbers, y=numbers, width=numbers, height=numbers)
def test_any_box_is_a_piece_in_the_picture_or_none(x, y, width, height):
    piece = pieces.piece_of_box(Box(x, y, width, height), 60, 80, "cat", 0.9)
    if piece is None:
        return
    rows, columns = piece.crop.shape
    assert 0 <= piece.top <= piece.top + rows <= 60
    assert 0 <= piece.left <= piece.left + columns <= 80
    assert piece.area > 0
    assert 0 <= piece.box.x <= piece.box.x + piece.box.width <= 80.0001


def test_a_box_gives_an_ellipse():
    piece = pieces.piece_of_box(Box(10, 20, 40, 20), 100, 100, "cat", 0.9)
    assert piece.area == pytest.approx(math.pi / 4 * 40 * 20, rel=0.02)
    assert not piece.crop[0, 0]
    assert piece.crop[10, 20]
