"""Paints clips of known truth: what happens in the course of a clip, and what goes wrong in one."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .layout import Spot
from .painter import PALETTE, SOFT_GREY, draw_shape, mixed

Course = Literal[
    "steady", "one good", "late", "early", "flickers", "melts", "moves left", "moves right", "turns blue", "grows",
    "frozen", "cuts", "camera left",
]  # fmt: skip
COURSES: tuple[str, ...] = get_args(Course)
_FINER = 2


def paint_clip(course: Course, frames: int = 25, width: int = 384, height: int = 224, seed: int = 0) -> np.ndarray:
    """A red circle on grey, over a small green square that never stops, uint8 [frames, height, width, 3].

    steady: the circle is there all the time. one good: in the frame in the middle alone. late, early: in the second,
    the first half. flickers: it is gone for single frames. melts: it flows apart. moves left, right: across it.
    turns blue, grows: in the course of the clip. frozen: one frame over and over. cuts: to another place, half-way.
    camera left: everything goes right.
    """
    painted = [_frame(course, n, frames, width, height) for n in range(frames)]
    if course == "frozen":
        return np.stack([painted[0]] * frames)
    dice = np.random.default_rng(seed)
    return np.stack([np.clip(f + dice.normal(0, 1.5, f.shape), 0, 255).astype(np.uint8) for f in painted])


def _frame(course: Course, number: int, frames: int, width: int, height: int) -> np.ndarray:
    share = number / max(1, frames - 1)
    ground = PALETTE["yellow"] if course == "cuts" and share > 0.5 else SOFT_GREY
    picture = Image.new("RGB", (width * _FINER, height * _FINER), ground)
    pen = ImageDraw.Draw(picture)
    shift = 0.3 * share * width if course == "camera left" else 0.0
    drift = 0.0 if course == "camera left" else 0.25 * share * width
    small = Spot(1, 0.15 * width + drift + shift, 0.85 * height, 0.09 * height, 0)
    draw_shape(pen, "square", small, _FINER, PALETTE["green"], ground)
    if _is_there(course, number, frames, share):
        x = {"moves left": 0.8 - 0.6 * share, "moves right": 0.2 + 0.6 * share}.get(course, 0.4)
        size = 0.12 + 0.16 * share if course == "grows" else 0.2
        colour = PALETTE["red"]
        if course == "turns blue":
            colour = mixed(PALETTE["red"], PALETTE["blue"], min(1.0, max(0.0, 3 * share - 1)))
        spot = Spot(0, x * width + shift, 0.42 * height, size * height, 0)
        draw_shape(pen, "circle", spot, _FINER, colour, ground)
    pixels = picture.reduce(_FINER)
    if course == "melts" and share > 0.3:
        pixels = _melted(pixels, share)
    return np.asarray(pixels).astype(np.float32)


def _is_there(course: Course, number: int, frames: int, share: float) -> bool:
    if course == "one good":
        return number == frames // 2
    if course == "late":
        return share > 0.5
    if course == "early":
        return share < 0.5
    if course == "flickers":
        return number % 7 != 3
    if course == "cuts":
        return share <= 0.5
    return True


def _melted(picture: Image.Image, share: float) -> Image.Image:
    """Drawn down in streaks and smeared, the more the later."""
    pixels = np.asarray(picture).copy()
    length = int((share - 0.3) * 0.9 * picture.height)
    ground = np.array(SOFT_GREY)
    for column in range(0, picture.width):
        down = int(length * (0.35 + 0.65 * abs(np.sin(column * 0.37))))
        colours = np.abs(pixels[:, column].astype(int) - ground).sum(axis=-1) > 60
        rows = np.nonzero(colours)[0]
        rows = rows[rows < 0.7 * picture.height]
        if len(rows) and down:
            last = rows[-1]
            pixels[last : last + down, column] = pixels[rows[len(rows) // 2], column]
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2 + 6 * share))
