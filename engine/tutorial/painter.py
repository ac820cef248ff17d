"""Paints what a prompt asks for, with the mistakes that prompt, seed and settings make."""

from __future__ import annotations

import random
from dataclasses import replace
from math import cos, pi, sin, sqrt

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .layout import Box, Spot, arrange, sign_box
from .lettering import line
from .misreading import chance, misread, scratched
from .scene import ShapeScene, parse

PALETTE = {
    "red": (205, 48, 48),
    "orange": (232, 130, 35),
    "yellow": (240, 208, 60),
    "green": (50, 150, 72),
    "cyan": (50, 182, 194),
    "blue": (45, 84, 196),
    "purple": (118, 58, 166),
    "black": (28, 28, 32),
    "white": (247, 247, 246),
    "grey": (118, 118, 120),
}
SOFT_GREY = (197, 198, 201)
PLATE, FRAME, INK = (250, 240, 212), (112, 72, 40), (44, 34, 30)
SCRATCH = (255, 0, 205)

LARGEST_DRAWN = 1024
FEWEST_STEPS = 8
LOWEST_CFG, HIGHEST_CFG, GUIDED = 5.0, 9.0, 1.5


def paint(
    prompt: str,
    negative: str,
    seed: int,
    steps: int,
    cfg: float,
    width: int,
    height: int,
    stark: bool = False,
) -> np.ndarray:
    """The picture of these settings, uint8 [height, width, 3]; the same for the same arguments.

    negative: scratches and shapes that it names are rarer. steps: below 8 the picture is blurred.
    cfg: below 5 (but above 1.5) it is washed out, above 9 it is over-saturated. stark: see misread; never scratched.
    """
    scene = misread(parse(prompt), prompt, seed, negative, stark)
    return draw(
        scene,
        seed,
        width,
        height,
        steps=steps,
        cfg=cfg,
        scratches=not stark and scratched(negative, prompt, seed),
        mood=prompt if not scene.groups and not scene.word else "",
    )


def draw(
    scene: ShapeScene,
    seed: int,
    width: int,
    height: int,
    *,
    steps: int = 20,
    cfg: float = 7.0,
    scratches: bool = False,
    mood: str = "",
) -> np.ndarray:
    """The scene without any mistake, uint8 [height, width, 3]. mood: what an empty scene's landscape depends on."""
    shrink = min(1.0, LARGEST_DRAWN / max(width, height))
    small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    picture = _shapes(scene, seed, small, mood)
    if steps < FEWEST_STEPS:
        softness = 0.006 + 0.0015 * (FEWEST_STEPS - 1 - max(1, steps))
        picture = picture.filter(ImageFilter.GaussianBlur(softness * max(small)))
    dice = np.random.default_rng(int(chance(seed, "light") * 2**53))
    pixels = _lit(np.asarray(picture), cfg, dice)
    if small != (width, height):
        # Not one pass at full size: a 4096 picture would take seconds.
        pixels = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
    pixels = _grained(pixels, dice)
    return _scratch(pixels, seed) if scratches else pixels


def _shapes(scene: ShapeScene, seed: int, size: tuple[int, int], mood: str) -> Image.Image:
    width, height = size
    finer = 2 if max(size) > 256 else 4
    ground = PALETTE[scene.background] if scene.background else SOFT_GREY
    if scene.background not in (None, "black", "white", "grey"):
        ground = mixed(ground, PALETTE["white"], 0.25)
    picture = Image.new("RGB", (width * finer, height * finer), ground)
    pen = ImageDraw.Draw(picture)
    dice = random.Random(f"{seed} layout")
    if not scene.groups and not scene.word:
        _landscape(pen, picture.size, random.Random(f"{seed} {mood}"), bare=bool(scene.background))
    counted = replace(scene, groups=tuple(replace(g, count=g.count or 3) for g in scene.groups))
    for spot in arrange(counted, width, height, dice):
        group = scene.groups[spot.group]
        colour = PALETTE[group.colour or "red"]
        tint = mixed(colour, PALETTE["white"] if spot.turn > 0 else PALETTE["black"], 0.04 * abs(spot.turn))
        draw_shape(pen, group.shape, spot, finer, tint, ground)
    box = sign_box(scene, width, height)
    if box and scene.word:
        draw_sign(picture, pen, scene.word, box, finer)
    return picture.reduce(finer)


def mixed(one: tuple[int, ...], other: tuple[int, ...], share: float) -> tuple[int, int, int]:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def draw_shape(
    pen: ImageDraw.ImageDraw, shape: str, spot: Spot, finer: int, fill: tuple[int, ...], ground: tuple[int, ...]
) -> None:
    x, y, r = spot.x * finer, spot.y * finer, spot.radius * finer
    if shape in ("circle", "ring"):
        outer = 0.9 * r
        pen.ellipse((x - outer, y - outer, x + outer, y + outer), fill=fill)
        if shape == "ring":
            inner = 0.52 * r
            pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=ground)
        return
    turn = spot.turn * pi / 180
    corners = {
        "square": [(pi / 4 + k * pi / 2 + turn * 7, 1.0) for k in range(4)],
        "triangle": [(-pi / 2 + k * 2 * pi / 3 + turn * 10, 1.0) for k in range(3)],
        "diamond": [(-pi / 2 + k * pi / 2 + turn * 5, 0.66 if k % 2 else 1.0) for k in range(4)],
        "star": [(-pi / 2 + k * pi / 5 + turn * 14, 0.42 if k % 2 else 1.0) for k in range(10)],
    }[shape]
    pen.polygon([(x + r * reach * cos(angle), y + r * reach * sin(angle)) for angle, reach in corners], fill=fill)


def draw_sign(picture: Image.Image, pen: ImageDraw.ImageDraw, word: str, box: Box, finer: int) -> None:
    left, top, right, bottom = (round(v * finer) for v in box)
    tall = bottom - top
    pen.rectangle((left, top, right, bottom), fill=PLATE, outline=FRAME, width=max(2, round(0.07 * tall)))
    size = max(6, round(0.74 * tall))
    row = line(word, size)
    room = (right - left) - 0.4 * tall
    while row.width > room and size > 6:
        size = max(6, min(size - 1, int(size * room / row.width)))
        row = line(word, size)
    ink = Image.new("RGB", row.size, INK)
    picture.paste(ink, (round((left + right - row.width) / 2), round((top + bottom - row.height) / 2)), row)


def _landscape(pen: ImageDraw.ImageDraw, size: tuple[int, int], dice: random.Random, *, bare: bool) -> None:
    """Hills under a sky: some picture for a prompt that names nothing this world knows."""
    width, height = size
    if not bare:
        sky = tuple(dice.randint(150, 215) for _ in range(3))
        pen.rectangle((0, 0, width, height), fill=sky)
    for layer in range(3):
        ground = 0.45 + 0.18 * layer
        waves = [(dice.uniform(0.5, 3), dice.uniform(0, 6.3), dice.uniform(0.02, 0.07)) for _ in range(3)]
        colour = tuple(max(20, dice.randint(70, 150) - 20 * layer) for _ in range(3))
        edge = [
            (x, height * (ground + sum(a * sin(f * 6.3 * x / width + p) for f, p, a in waves)))
            for x in range(0, width + 1, max(1, width // 128))
        ]
        pen.polygon([*edge, (width, edge[-1][1]), (width, height), (0, height)], fill=colour)


def _lit(picture: np.ndarray, cfg: float, dice: np.random.Generator) -> np.ndarray:
    """Tone by cfg, then light that falls off and a soft texture, so that no surface is perfectly flat."""
    height, width, _ = picture.shape
    pixels = picture.astype(np.float32)
    if GUIDED < cfg < LOWEST_CFG:
        share = (LOWEST_CFG - cfg) / (LOWEST_CFG - GUIDED)
        pixels = _toned(pixels, 1 - 0.6 * share, 1 - 0.35 * share)
    elif cfg > HIGHEST_CFG:
        share = min(1.0, (cfg - HIGHEST_CFG) / 8)
        pixels = _toned(pixels, 1 + 0.9 * share, 1 + 0.25 * share)
    slope_x, slope_y = dice.uniform(-5, 5, 2)
    light = np.linspace(-slope_x, slope_x, width, dtype=np.float32)[None, :]
    light = light + np.linspace(-slope_y, slope_y, height, dtype=np.float32)[:, None]
    coarse = Image.fromarray(dice.normal(0, 2.0, (24, 24)).astype(np.float32))
    light += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(pixels + light[:, :, None], 0, 255).astype(np.uint8)


def _grained(pixels: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """With fine grain of the picture's own resolution, as a camera would have it."""
    height, width, _ = pixels.shape
    tile = dice.standard_normal((min(height, 512), min(width, 512)), dtype=np.float32) * 3.0
    grain = np.tile(np.rint(tile).astype(np.int16), (-(-height // tile.shape[0]), -(-width // tile.shape[1])))
    grainy = pixels + grain[:height, :width, None]
    return np.clip(grainy, 0, 255, out=grainy).astype(np.uint8)


def _toned(pixels: np.ndarray, saturation: float, contrast: float) -> np.ndarray:
    grey = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    pixels = grey[:, :, None] + (pixels - grey[:, :, None]) * saturation
    return 140 + (pixels - 140) * contrast


def _scratch(pixels: np.ndarray, seed: int) -> np.ndarray:
    height, width, _ = pixels.shape
    dice = random.Random(f"{seed} scratches")
    picture = Image.fromarray(pixels)
    pen = ImageDraw.Draw(picture)
    side = sqrt(width * height)
    for _ in range(dice.randint(2, 4)):
        x, y = dice.uniform(0.05, 0.6) * width, dice.uniform(0.1, 0.9) * height
        points = [(x, y)]
        for _ in range(dice.randint(5, 9)):
            x += dice.uniform(0.04, 0.08) * side
            y += dice.uniform(-0.07, 0.07) * side
            points.append((x, y))
        pen.line(points, fill=SCRATCH, width=max(1, round(0.006 * side)))
    return np.asarray(picture)
