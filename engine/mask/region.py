"""Cutting a masked part of a picture out, to be painted anew at a size that a model paints well, and putting it back.

Outside of the blended border the picture stays the same to the bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from .shape import grown

LEAST_CONTEXT = 32
"""Pixels around the mask that a cut shows at least, so that a model sees what it has to fit in with."""
LEAST_SIDE = 64
"""Pixels. Nothing smaller is cut out: a few cells of a latent hold no picture."""
LARGEST_EXCESS = 2.0
"""A cut of more than so many times the wanted area is made smaller, or a large picture would run out of memory."""
LARGEST_GAIN = 8.0
"""Sides of a cut are enlarged by so much at most: a model cannot see in one what is not there."""


@dataclass(frozen=True)
class CutSize:
    """How large a cut is painted. area: wanted pixels, 0 for as many as it has. multiple: of which its sides are."""

    area: int = 1024 * 1024
    multiple: int = 16


@dataclass(frozen=True, eq=False)
class Region:
    """A part of pictures, and what is needed to put it back.

    pictures: [B, H, W, C] float, untouched. blend: [B, h, w] float 0..1, how much of the new part counts, for the box.
    box: left, top, right, bottom in pixels of the pictures. empty: the mask held nothing, so nothing will change.
    feather: width in pixels of the border in which old and new blend.
    """

    pictures: torch.Tensor
    blend: torch.Tensor
    box: tuple[int, int, int, int]
    empty: bool = False
    feather: float = 0.0

    @property
    def mask(self) -> torch.Tensor:
        """bool [H, W]: what is new altogether in the first picture, without the border that blends."""
        left, top, right, bottom = self.box
        whole = torch.zeros(self.pictures.shape[1:3], dtype=torch.bool)
        whole[top:bottom, left:right] = self.blend[0].cpu() >= 1
        return whole


@dataclass(frozen=True, eq=False)
class Cut:
    """A region ready to be painted: pictures [B, h, w, 3] and the mask of what may change [B, h, w], both scaled."""

    pictures: torch.Tensor
    mask: torch.Tensor
    region: Region


def cut_region(
    pictures: torch.Tensor,
    masks: torch.Tensor,
    *,
    grow: int = 8,
    feather: float = 8.0,
    context: float = 0.5,
    size: CutSize = CutSize(),
) -> Cut:
    """Cut the masked part out of a batch of pictures; of several masks the box around all.

    pictures: IMAGE [B, H, W, C], C 3 or 4. masks: MASK [B or 1, H, W] or of another size, which is scaled to theirs.
    grow: pixels that the mask is made larger by. feather: width in pixels of the border around it in which old and new
    blend. context: how much around it the cut shows, as a share of its longer side. An empty mask gives a small cut
    whose blend is zero everywhere.
    """
    count, height, width = pictures.shape[:3]
    blends = torch.stack([_blend(mask, grow, feather) for mask in _fitting(masks, count, height, width)])
    box = _box_around(blends.amax(0) > 0, context)
    left, top, right, bottom = box
    blend = blends[:, top:bottom, left:right].clone()
    columns, rows = _scaled_size(right - left, bottom - top, size)
    part = pictures[:, top:bottom, left:right, :3]
    painted = _resized(part.movedim(-1, 1).float(), rows, columns).movedim(1, -1).clamp(0, 1)
    may_change = torch.nn.functional.interpolate((blend > 0).float()[:, None], size=(rows, columns), mode="nearest")
    region = Region(pictures, blend, box, empty=not bool((blends > 0).any()), feather=feather)
    return Cut(painted.contiguous(), may_change[:, 0].contiguous(), region)


def stitch_region(painted: torch.Tensor, region: Region) -> torch.Tensor:
    """The pictures [B, H, W, C] with the newly painted part in place. painted: [B or 1 or n, h, w, C] of any size.

    Where nothing blends, every value is the one that was there; opacity stays as it was.
    """
    left, top, right, bottom = region.box
    whole = region.pictures.clone()
    if region.empty:
        return whole
    count = len(whole)
    part = painted.reshape(-1, *painted.shape[-3:])[..., :3].to(whole.device)
    if len(part) != count:
        part = part[torch.arange(count) % len(part)]
    new = _resized(part.movedim(-1, 1).float(), bottom - top, right - left).movedim(1, -1).clamp(0, 1)
    new = torch.nan_to_num(new, nan=0.0).to(whole.dtype)
    blend = region.blend.to(whole.device, whole.dtype)[..., None]
    old = whole[:, top:bottom, left:right, :3]
    mixed = torch.where(blend >= 1, new, old + blend * (new - old))
    whole[:, top:bottom, left:right, :3] = torch.where(blend > 0, mixed, old)
    return whole


def _fitting(masks: torch.Tensor, count: int, height: int, width: int) -> torch.Tensor:
    """One mask for each picture, bool [B, H, W] on the CPU."""
    plain = torch.nan_to_num(masks.detach().cpu().float(), nan=0.0).reshape(-1, *masks.shape[-2:])
    if plain.shape[-2:] != (height, width):
        plain = torch.nn.functional.interpolate(plain[:, None], size=(height, width), mode="bilinear")[:, 0]
    return (plain > 0.5)[torch.arange(count) % len(plain)]


def _blend(mask: torch.Tensor, grow: int, feather: float) -> torch.Tensor:
    """float [H, W]: 1 in the mask, falling to 0 over `feather` pixels around it, and 0 beyond."""
    whole = grown(mask, grow)
    if feather <= 0 or not whole.any():
        return whole.float()
    far = torch.from_numpy(ndimage.distance_transform_edt(~whole.numpy()).astype(np.float32))
    return (1 - far / (feather + 1)).clamp(0, 1)


def _box_around(mask: torch.Tensor, context: float) -> tuple[int, int, int, int]:
    """The mask's box with its surroundings, within the picture; a small one in the middle for an empty mask."""
    height, width = mask.shape
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    if len(rows):
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        margin = max(LEAST_CONTEXT, round(context * max(bottom - top, right - left)))
    else:
        top = bottom = height // 2
        left = right = width // 2
        margin = LEAST_SIDE // 2
    top, bottom = _widened(top - margin, bottom + margin, height)
    left, right = _widened(left - margin, right + margin, width)
    return left, top, right, bottom


def _widened(low: int, high: int, limit: int) -> tuple[int, int]:
    """An interval within 0 .. limit, and of at least LEAST_SIDE where there is room."""
    low, high = max(0, low), min(limit, high)
    side = max(high - low, min(LEAST_SIDE, limit))
    low = min(max(0, (low + high - side) // 2), limit - side)
    return low, low + side


def _scaled_size(width: int, height: int, size: CutSize) -> tuple[int, int]:
    """Sides at which a part of these sides is painted: enlarged to the wanted area, never shrunk below it."""
    scale = 1.0
    if size.area > 0:
        share = size.area / (width * height)
        if share > 1:
            scale = min(math.sqrt(share), LARGEST_GAIN)
        elif share < 1 / LARGEST_EXCESS:
            scale = math.sqrt(share * LARGEST_EXCESS)
    step = max(1, size.multiple)

    def fitted(side: int) -> int:
        return max(step, round(side * scale / step) * step)

    return fitted(width), fitted(height)


def _resized(pictures: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """[B, C, H, W] at another size; the same values where it is the same."""
    if pictures.shape[-2:] == (rows, columns):
        return pictures
    return torch.nn.functional.interpolate(pictures, size=(rows, columns), mode="bicubic", antialias=True)
