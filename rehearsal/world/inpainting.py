"""Paints inside a region of a picture: what the prompt asks for, on the ground that is around it, with a lottery of its
own. It may draw nothing, or the wrong thing, as any model may."""

from __future__ import annotations

import random
from math import ceil, sqrt

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from .layout import Spot
from .misreading import chance, misread
from .painter import PALETTE, draw_shape, draw_sign, mixed
from .scene import ShapeScene, parse

IN_VAIN = 0.2
"""How often a region comes back empty, whatever the prompt."""
WEAKEST = 0.3
"""Denoise below which the old stays."""
SHARE = 0.36
"""Radius of a shape, as share of the cell that it stands in."""


def paint_inside(
    picture: np.ndarray, mask: np.ndarray, prompt: str, negative: str, seed: int, denoise: float = 1.0
) -> np.ndarray:
    """The picture, uint8 [H, W, 3], with what is true in the mask [H, W] painted anew; the rest stays as it is."""
    if denoise < WEAKEST or not mask.any():
        return picture.copy()
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    ground = _ground(picture, mask)
    patch = Image.fromarray(ground[box])
    scene = misread(parse(prompt), prompt, seed, negative)
    if chance(seed, prompt, "inside") >= IN_VAIN:
        _draw(patch, scene, seed)
    grain = np.random.default_rng(seed % 2**32).normal(0, 2.0, (*patch.size[::-1], 1))
    new = np.clip(np.asarray(patch) + grain, 0, 255).astype(np.uint8)
    painted = picture.copy()
    painted[box] = np.where(mask[box][..., None], new, picture[box])
    return painted


def _ground(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with its region filled from what is around it."""
    if mask.all():
        return np.full_like(picture, np.median(picture, axis=(0, 1)).astype(np.uint8))
    near = ndimage.binary_dilation(mask, iterations=max(2, min(mask.shape) // 60)) & ~mask
    tone = np.median(picture[near if near.any() else ~mask], axis=0)
    filled = picture.copy()
    filled[mask] = tone.astype(np.uint8)
    return filled


def _draw(patch: Image.Image, scene: ShapeScene, seed: int) -> None:
    """The scene's shapes in the cells of a grid, its word across."""
    pen, dice = ImageDraw.Draw(patch), random.Random(f"{seed} inside")
    if scene.word:
        width, height = patch.size
        tall = min(0.8 * height, 0.9 * width / (len(scene.word) * 0.62 + 0.8))
        wide = tall * (len(scene.word) * 0.62 + 0.8)
        box = ((width - wide) / 2, (height - tall) / 2, (width + wide) / 2, (height + tall) / 2)
        draw_sign(patch, pen, scene.word, box, 1)
    shapes = [index for index, group in enumerate(scene.groups) for _ in range(group.count or 1)]
    if not shapes:
        return
    across = max(1, min(len(shapes), ceil(sqrt(len(shapes) * patch.width / max(1, patch.height)))))
    down = ceil(len(shapes) / across)
    wide, tall = patch.width / across, patch.height / down
    for place, index in enumerate(shapes):
        group = scene.groups[index]
        radius = SHARE * min(wide, tall)
        centre = ((place % across + 0.5) * wide, (place // across + 0.5) * tall)
        spot = Spot(index, *centre, radius, dice.uniform(-1, 1))
        colour = PALETTE[group.colour or "red"]
        tint = mixed(colour, PALETTE["white"] if spot.turn > 0 else PALETTE["black"], 0.04 * abs(spot.turn))
        draw_shape(pen, group.shape, spot, 1, tint, patch.getpixel((0, 0)))
