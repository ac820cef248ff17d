"""The pictures with their masks on them, to see at a glance what will be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ..judge.picture import rgb

TINT = (1.0, 0.25, 0.1)
STRENGTH = 0.5
"""Of the tint where the mask is full: what lies under it must stay recognisable."""
DIMMED = 0.6
"""What is left of the brightness outside, so that a mask shows on a picture of the tint's own colour."""
BOX = (1.0, 0.95, 0.2)


def overlay(
    pictures: torch.Tensor, masks: torch.Tensor, boxes: Sequence[Sequence[Mapping[str, float]]]
) -> torch.Tensor:
    """IMAGE float32 [B, H, W, 3] on the CPU: the mask tinted, its edge in white on black, boxes in yellow.

    pictures: IMAGE [B, H, W, C], C 1, 3 or 4. masks: [B, H, W], 0..1. boxes: for each picture, as in Outcome.
    """
    shown = torch.empty(*masks.shape, 3)
    for target, picture, mask, of_picture in zip(shown, pictures, masks, boxes, strict=True):
        target.copy_(_one(rgb(picture), mask, of_picture))
    return shown


def _one(picture: torch.Tensor, mask: torch.Tensor, boxes: Sequence[Mapping[str, float]]) -> torch.Tensor:
    tinted = torch.tensor(TINT).mul(STRENGTH) + picture * (1 - STRENGTH)
    shown = torch.lerp(picture * DIMMED, tinted, mask[..., None])
    line = max(1, round(max(mask.shape) / 500))
    inside = mask > 0.5
    shown[_around(inside, 2 * line) & ~inside] = 0.0
    shown[_around(inside, line) & ~inside] = 1.0
    for box in boxes:
        _frame(shown, box, line)
    return shown


def _around(inside: torch.Tensor, pixels: int) -> torch.Tensor:
    """bool [H, W]: inside, and so many pixels more to every side."""
    size = 2 * pixels + 1
    plane = inside[None, None].float()
    # Rows, then columns: a square window costs its side instead of its area.
    wide = torch.nn.functional.max_pool2d(plane, (1, size), stride=1, padding=(0, pixels))
    return torch.nn.functional.max_pool2d(wide, (size, 1), stride=1, padding=(pixels, 0))[0, 0] > 0


def _frame(shown: torch.Tensor, box: Mapping[str, float], line: int) -> None:
    height, width = shown.shape[:2]
    left, top = round(box["x"]), round(box["y"])
    right, bottom = round(box["x"] + box["width"]), round(box["y"] + box["height"])
    rows = slice(max(0, top), min(height, bottom))
    columns = slice(max(0, left), min(width, right))
    colour = torch.tensor(BOX)
    shown[rows, columns][:line] = colour
    shown[rows, columns][-line:] = colour
    shown[rows, columns][:, :line] = colour
    shown[rows, columns][:, -line:] = colour
