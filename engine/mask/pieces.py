"""How maps, masks and boxes of an engine become pieces of a picture."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import ndimage

from .piece import Box, Piece

NEIGHBOURS = np.ones((3, 3), dtype=int)
"""Parts that touch at a corner are one piece."""
SATURATED = 50.0
"""Logits beyond this say nothing more in float32; infinite ones would turn into NaN between two pixels."""
SPECK = 20_000
"""A part smaller than one in so many pixels of the picture is noise: 104 pixels of 1920 x 1080, 13 of 512 x 512."""


def smallest_area(height: int, width: int) -> int:
    """Pixels that a part of a map must cover to count as a piece, at least 4."""
    return max(4, height * width // SPECK)


def enlarge(logits: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """[h, w] to float32 [height, width], bilinear. NaN counts as "not there".

    Logits, never probabilities or a finished mask, so that the outline lies between the map's coarse pixels.
    """
    clean = logits.float().nan_to_num(nan=-SATURATED).clamp(-SATURATED, SATURATED)
    return torch.nn.functional.interpolate(clean[None, None], size=(height, width), mode="bilinear")[0, 0]


def cutoff(threshold: float) -> float:
    """The logit of a threshold 0..1: minus infinity for 0 (all of the picture), infinity for 1 (nothing)."""
    if threshold <= 0:
        return -math.inf
    return math.inf if threshold >= 1 else math.log(threshold / (1 - threshold))


def pieces_of_logits(
    logits: torch.Tensor, height: int, width: int, phrase: str, threshold: float, least: int | None = None
) -> tuple[Piece, ...]:
    """The separate things in a map of the whole picture (CLIPSeg, SAM 3's semantic map).

    logits: [h, w], any float type and device, stretched over the picture of height x width pixels. threshold: 0..1,
    absolute. least: pixels of the picture, see smallest_area. The score of a piece is the highest probability in it.
    """
    fine = enlarge(logits, height, width)
    above = (fine > cutoff(threshold)).cpu().numpy()
    if not above.any():
        return ()
    labels, count = ndimage.label(above, structure=NEIGHBOURS)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    least = smallest_area(height, width) if least is None else least
    values = fine.cpu().numpy()
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if areas[number] < least:
            continue
        crop = labels[place] == number
        score = 1 / (1 + math.exp(-float(values[place][crop].max())))
        top, left = place[0].start, place[1].start
        found.append(_piece(phrase, score, torch.from_numpy(crop), top, left, None))
    return tuple(found)


def piece_of_logits(
    logits: torch.Tensor,
    height: int,
    width: int,
    phrase: str,
    score: float,
    box: Box | None = None,
    threshold: float = 0.5,
) -> Piece | None:
    """One detected thing from its own mask logits [h, w] over the whole picture; None when its mask is empty.

    score: of the detection, 0..1. box: as the engine gave it. threshold: of the mask, 0..1; these engines are trained
    at one half, whatever threshold the detection had to pass.
    """
    return piece_of_mask(enlarge(logits, height, width) > cutoff(threshold), phrase, score, box)


def piece_of_mask(
    mask: torch.Tensor, phrase: str, score: float, box: Box | None = None, top: int = 0, left: int = 0
) -> Piece | None:
    """One thing from a mask [h, w] whose upper left pixel is (top, left) of the picture; None when it is empty.

    mask: bool, or any type of which everything above zero counts.
    """
    mask = (mask > 0).cpu()
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    if not len(rows):
        return None
    first, last = int(rows[0]), int(rows[-1]) + 1
    start, end = int(columns[0]), int(columns[-1]) + 1
    crop = mask[first:last, start:end].clone()
    return _piece(phrase, score, crop, top + first, left + start, box)


def piece_of_box(box: Box, height: int, width: int, phrase: str, score: float) -> Piece | None:
    """A filled ellipse in the part of the box that lies in the picture; None when that covers no pixel.

    For engines that give boxes only: an ellipse misses the corners, where things in boxes seldom are.
    """
    inside = within_picture(box, height, width)
    if inside is None:
        return None
    top, left = math.floor(inside.y), math.floor(inside.x)
    rows = torch.arange(top, math.ceil(inside.y + inside.height)) + 0.5
    columns = torch.arange(left, math.ceil(inside.x + inside.width)) + 0.5
    down = (rows - inside.y - inside.height / 2) / (inside.height / 2)
    across = (columns - inside.x - inside.width / 2) / (inside.width / 2)
    return piece_of_mask(down[:, None] ** 2 + across[None] ** 2 <= 1, phrase, score, inside, top, left)


def within_picture(box: Box, height: int, width: int) -> Box | None:
    """The part of a box that lies in the picture; None when there is none, or a number in it is not finite."""
    if not all(map(math.isfinite, (box.x, box.y, box.width, box.height))):
        return None
    x1, x2 = max(0.0, box.x), min(float(width), box.x + box.width)
    y1, y2 = max(0.0, box.y), min(float(height), box.y + box.height)
    return Box(x1, y1, x2 - x1, y2 - y1) if x2 > x1 and y2 > y1 else None


def _piece(phrase: str, score: float, crop: torch.Tensor, top: int, left: int, box: Box | None) -> Piece:
    rows, columns = crop.shape
    extent = Box(float(left), float(top), float(columns), float(rows))
    return Piece(phrase, min(1.0, max(0.0, score)), box or extent, crop, top, left)
