"""From pieces to one mask, and what is done to its shape. Plain masks are bool [H, W] on the CPU."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch
from scipy import ndimage

from .piece import Piece

LARGEST_GROWTH = 256
"""Pixels, either way."""
WIDEST_FEATHER = 128.0
"""Pixels."""

REACH = 3.0
"""Sigmas, from which a Gaussian counts as 0."""


def union(pieces: Iterable[Piece], height: int, width: int) -> torch.Tensor:
    """bool [height, width], true where any piece is. What lies outside the picture is cut off."""
    mask = torch.zeros(height, width, dtype=torch.bool)
    for piece in pieces:
        rows, columns = piece.crop.shape
        top, left = max(0, piece.top), max(0, piece.left)
        bottom, right = min(height, piece.top + rows), min(width, piece.left + columns)
        if bottom > top and right > left:
            crop = piece.crop.cpu()
            mask[top:bottom, left:right] |= crop[
                top - piece.top : bottom - piece.top, left - piece.left : right - piece.left
            ]
    return mask


def shared_pixels(one: Piece, other: Piece) -> int:
    """How many pixels both cover."""
    top, left = max(one.top, other.top), max(one.left, other.left)
    bottom = min(one.top + one.crop.shape[0], other.top + other.crop.shape[0])
    right = min(one.left + one.crop.shape[1], other.left + other.crop.shape[1])
    if bottom <= top or right <= left:
        return 0
    crops = [p.crop[top - p.top : bottom - p.top, left - p.left : right - p.left].cpu() for p in (one, other)]
    return int((crops[0] & crops[1]).sum())


def without_holes(mask: torch.Tensor) -> torch.Tensor:
    """The mask with everything filled that it encloses. An opening to the picture's edge is not enclosed."""
    place = _extent(mask, 1)
    if place is None:
        return mask.clone()
    filled = mask.clone()
    # Its outside, labelled once, instead of binary_fill_holes, which creeps through it step by step.
    labels, count = ndimage.label(~mask[place].numpy())
    outside = np.zeros(count + 1, dtype=bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outside[edge] = True
    outside[0] = False
    filled[place] = torch.from_numpy(~outside[labels])
    return filled


def grown(mask: torch.Tensor, pixels: int) -> torch.Tensor:
    """The mask made larger by so many pixels (smaller where negative), with round corners.

    By exact distance: the cost does not depend on `pixels`. The picture's edge is no edge of the mask: a mask that
    reaches it keeps reaching it when it shrinks, as with core's GrowMask.
    """
    place = _extent(mask, max(pixels, 1))
    if pixels == 0 or place is None:
        return mask.clone()
    changed = mask.clone()
    near = mask[place].numpy()
    if pixels > 0:
        changed[place] = torch.from_numpy(ndimage.distance_transform_edt(~near) <= pixels)
    elif not near.all():
        changed[place] = torch.from_numpy(ndimage.distance_transform_edt(near) > -pixels)
    return changed


def feather(mask: torch.Tensor, pixels: float) -> torch.Tensor:
    """float32 [H, W] 0..1 with soft edges that fade over about so many pixels to each side.

    mask: bool or float [H, W]. Gaussian whose sigma is half of `pixels`; the picture's edge is repeated
    outward, so that a mask that reaches it stays full there.
    """
    soft = mask.float()
    place = _extent(mask > 0, math.ceil(REACH * pixels / 2) + 1)
    if pixels <= 0 or place is None:
        return soft
    sigma = max(pixels / 2, 1e-3)  # a thousandth changes nothing already; much less would divide by zero
    blurred = ndimage.gaussian_filter(soft[place].numpy(), sigma, mode="nearest", truncate=REACH)
    soft = soft.clone()
    soft[place] = torch.from_numpy(blurred).clamp(0, 1)
    return soft


def invert(mask: torch.Tensor) -> torch.Tensor:
    """float32, inside and outside swapped."""
    return 1 - mask.float()


def _extent(mask: torch.Tensor, margin: int) -> tuple[slice, slice] | None:
    """The part of the picture in which anything can change, so that small masks in large pictures cost little."""
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    if not len(rows):
        return None
    height, width = mask.shape
    return (
        slice(max(0, int(rows[0]) - margin), min(height, int(rows[-1]) + 1 + margin)),
        slice(max(0, int(columns[0]) - margin), min(width, int(columns[-1]) + 1 + margin)),
    )
