"""Parts of a picture, looked at enlarged, and what was found there brought back to the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .piece import Box, Piece
from .pieces import piece_of_mask, within_picture
from .shape import union

LONG_SIDE = 1024
"""Pixels of an enlarged part. No engine sees more: they take 352 to 1024."""
TILE_SHARE = 0.6
TILE_OVERLAP = 2 * TILE_SHARE - 1
"""Of the picture's sides. What is smaller than this lies whole in at least one of the four tiles."""


@dataclass(frozen=True)
class View:
    """Pixels of the picture: rows top .. top + height, columns left .. left + width. As wide for its height as the
    picture, so that all views of equal pictures can be looked at in one batch."""

    top: int
    left: int
    height: int
    width: int


def view_around(box: Box, share: float, height: int, width: int) -> View:
    """The view of that share (0..1) of the picture's sides that has the box in its middle, or as near as fits."""
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    top = round(box.y + box.height / 2 - rows / 2)
    left = round(box.x + box.width / 2 - columns / 2)
    return View(min(max(0, top), height - rows), min(max(0, left), width - columns), rows, columns)


def tiles(height: int, width: int) -> tuple[View, ...]:
    """Four views that cover the picture and overlap."""
    rows, columns = max(1, round(height * TILE_SHARE)), max(1, round(width * TILE_SHARE))
    return tuple(View(top, left, rows, columns) for top in (0, height - rows) for left in (0, width - columns))


def view_size(height: int, width: int) -> tuple[int, int]:
    """Height and width to which every view of a picture is enlarged: the picture's own, at most 1024 on a side."""
    scale = min(1.0, LONG_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def enlarged_view(picture: torch.Tensor, view: View) -> torch.Tensor:
    """[h, w, 3] of view_size, from a picture [H, W, 3]."""
    part = picture[view.top : view.top + view.height, view.left : view.left + view.width]
    size = view_size(*picture.shape[:2])
    planes = part.permute(2, 0, 1)[None].float()
    larger = torch.nn.functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    return larger[0].permute(1, 2, 0)


def brought_back(piece: Piece, view: View, height: int, width: int) -> Piece | None:
    """A piece of an enlarged view as a piece of the picture of height x width pixels; None when nothing is left."""
    rows, columns = view_size(height, width)
    seen = union([piece], rows, columns).float()
    smaller = torch.nn.functional.interpolate(
        seen[None, None], size=(view.height, view.width), mode="bilinear", antialias=True
    )
    across, down = view.width / columns, view.height / rows
    box = Box(
        view.left + piece.box.x * across,
        view.top + piece.box.y * down,
        piece.box.width * across,
        piece.box.height * down,
    )
    mask = smaller[0, 0] >= 0.5
    return piece_of_mask(mask, piece.phrase, piece.score, within_picture(box, height, width), view.top, view.left)


def cut_off(piece: Piece, view: View, height: int, width: int) -> bool:
    """Whether a brought back piece ends where its view ends although the picture goes on there."""
    bottom, right = piece.top + piece.crop.shape[0], piece.left + piece.crop.shape[1]
    return (
        (piece.top <= view.top and view.top > 0)
        or (piece.left <= view.left and view.left > 0)
        or (bottom >= view.top + view.height and view.top + view.height < height)
        or (right >= view.left + view.width and view.left + view.width < width)
    )
