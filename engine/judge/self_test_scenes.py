"""The drawn scenes of the judge's self-test: plain pictures of which it is known what is true (design-notes, 2.14).

Each is asked about with the checklist's own questions, so that what is tested is what a run asks.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, pi, sin

from PIL import Image, ImageDraw, ImageFont

from .checklist import Checklist, Kind, Requirement
from .checklist_rules import requirement_of
from .number_words import NUMBERS

SIDE = 512
"""Pixels of a scene, square. Small pictures are answered quickly, and everything in them is large."""
SCENES_A_FAMILY = 20
KINDS: tuple[Kind, ...] = ("object", "attribute", "count", "relation", "text", "absence")
"""What can be drawn with a known truth. Style and composition cannot."""

_COLOURS = {
    "red": (205, 48, 48),
    "yellow": (240, 208, 60),
    "green": (50, 150, 72),
    "blue": (45, 84, 196),
    "purple": (118, 58, 166),
    "black": (28, 28, 32),
}
_SHAPES = ("circle", "square", "triangle", "star")
_GROUNDS = ((247, 247, 246), (214, 214, 216))
_WORDS = ("HELLO", "MUSIC", "LEMON", "RIVER", "STONE", "CANDY", "TRAIN", "HOUSE", "LIGHT", "BREAD")
_PLATE, _FRAME, _INK = (252, 244, 222), (112, 72, 40), (40, 32, 28)
_CELL, _RADIUS, _JITTER = 150, 52, 14
_SMOOTH = 2
"""Shapes are drawn this many times larger and reduced, for smooth edges."""
_SPELLED = {number: word for word, number in NUMBERS.items()}


@dataclass(frozen=True)
class Shape:
    """x, y, radius: pixels from the top left."""

    name: str
    colour: str
    x: float
    y: float
    radius: float = _RADIUS


@dataclass(frozen=True)
class Trial:
    """One requirement, and whether the scene meets it."""

    requirement: Requirement
    holds: bool


@dataclass(frozen=True)
class Scene:
    """word: what the sign says, "" without one. ground: RGB. trials: asked together, as in a look."""

    shapes: tuple[Shape, ...]
    word: str
    ground: tuple[int, int, int]
    trials: tuple[Trial, ...]

    @property
    def checklist(self) -> Checklist:
        return Checklist(goal="self-test", requirements=tuple(trial.requirement for trial in self.trials))

    def picture(self) -> Image.Image:
        """RGB, SIDE by SIDE pixels."""
        large = Image.new("RGB", (SIDE * _SMOOTH, SIDE * _SMOOTH), self.ground)
        draw = ImageDraw.Draw(large)
        for shape in self.shapes:
            _draw_shape(draw, shape)
        if self.word:
            _draw_sign(draw, self.word)
        return large.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


@cache
def self_test_scenes() -> tuple[Scene, ...]:
    """60 scenes with two requirements each, the same on every computer: 20 of each kind, half of them met."""
    dice = random.Random(20240917)  # noqa: S311 (nothing secret: it only has to be the same everywhere)
    scenes = []
    for number in range(SCENES_A_FAMILY):
        first, second = number % 2 == 0, number // 2 % 2 == 0
        ground = _GROUNDS[number % len(_GROUNDS)]
        for family in (_counted, _placed, _written):
            scenes.append(family(dice, number, first, second, ground))
    return tuple(scenes)


def _counted(dice: random.Random, number: int, right: bool, there: bool, ground: tuple[int, int, int]) -> Scene:
    """Shapes of two groups: how many, and whether one is there. Where it is not, shape and colour both occur apart."""
    (many, few, other), (colour, other_colour, _) = dice.sample(_SHAPES, 3), dice.sample(list(_COLOURS), 3)
    count, rest = 1 + number % 6, 1 + number % 2
    cells = dice.sample(range(9), count + rest)
    names = [(many, colour)] * count + [(few, other_colour)] * rest
    shapes = tuple(_in_cell(dice, *name, cell) for name, cell in zip(names, cells, strict=True))
    said = count if right else count + (1 if count == 1 or dice.random() < 0.5 else -1)
    absent = f"{colour} {few}" if number % 3 else f"{other_colour} {other}"
    trials = (
        _trial("r1", "count", f"{_SPELLED[said]} {colour} {many}{'s' if said > 1 else ''}", right),
        _trial("r2", "object", f"a {other_colour} {few}" if there else f"a {absent}", there),
    )
    return Scene(shapes, "", ground, trials)


def _placed(dice: random.Random, number: int, right: bool, tinted: bool, ground: tuple[int, int, int]) -> Scene:
    """Two shapes: which is where, and which has what colour."""
    (one, two), (colour, other) = dice.sample(_SHAPES, 2), dice.sample(list(_COLOURS), 2)
    side = ("left of", "above", "right of", "below")[number // 4 % 4]
    ahead = side in ("left of", "above")
    low, high, slip = 256 - dice.randint(95, 130), 256 + dice.randint(95, 130), dice.randint(-60, 60)
    here, there = (low, high) if ahead == right else (high, low)
    if side in ("left of", "right of"):
        places = ((here, 256 + slip), (there, 256 - slip))
    else:
        places = ((256 + slip, here), (256 - slip, there))
    shapes = (Shape(one, colour, *places[0], 1.25 * _RADIUS), Shape(two, other, *places[1], 1.25 * _RADIUS))
    trials = (
        _trial("r1", "relation", f"a {one} {side} a {two}", right),
        _trial("r2", "attribute", f"the {one} is {colour if tinted else other}", tinted),
    )
    return Scene(shapes, "", ground, trials)


def _written(dice: random.Random, number: int, right: bool, free: bool, ground: tuple[int, int, int]) -> Scene:
    """A sign and some shapes: what is written, and what must not be there."""
    asked, another = dice.sample(_WORDS, 2)
    word = asked if right else another if number % 4 == 1 else _misspelt(dice, asked)
    absent, *present = dice.sample(_SHAPES, 3)
    names = [present[0], present[1]] if free else [present[0], absent]
    cells = dice.sample(range(6), 2)
    colours = dice.sample(list(_COLOURS), 2)
    shapes = tuple(_in_cell(dice, *one) for one in zip(names, colours, cells, strict=True))
    trials = (
        _trial("r1", "text", f'the word "{asked}"', right),
        _trial("r2", "absence", f"no {absent}s", free),
    )
    return Scene(shapes, word, ground, trials)


def _misspelt(dice: random.Random, word: str) -> str:
    """One letter in the middle is another one, of a different form."""
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + dice.choice([letter for letter in "AKTVXZ" if letter != word[at]]) + word[at + 1 :]


def _trial(name: str, kind: Kind, text: str, holds: bool) -> Trial:
    return Trial(requirement_of(name, text, kind, "model"), holds)


def _in_cell(dice: random.Random, name: str, colour: str, cell: int) -> Shape:
    """A shape in one of nine cells, three in a row from the top left, a little off its middle."""
    row, column = divmod(cell, 3)
    middle, slip = SIDE / 2, (dice.randint(-_JITTER, _JITTER), dice.randint(-_JITTER, _JITTER))
    return Shape(name, colour, middle + (column - 1) * _CELL + slip[0], middle + (row - 1) * _CELL + slip[1])


def _draw_shape(draw: ImageDraw.ImageDraw, shape: Shape) -> None:
    x, y, radius = (_SMOOTH * value for value in (shape.x, shape.y, shape.radius))
    fill = _COLOURS[shape.colour]
    if shape.name == "circle":
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    elif shape.name == "square":
        half = 0.85 * radius
        draw.rectangle((x - half, y - half, x + half, y + half), fill=fill)
    elif shape.name == "triangle":
        draw.polygon(_corners(x, y, [radius] * 3), fill=fill)
    else:
        draw.polygon(_corners(x, y, [radius, 0.42 * radius] * 5), fill=fill)


def _corners(x: float, y: float, radii: Sequence[float]) -> list[tuple[float, float]]:
    """Corners around a middle, the first one at the top, at these distances."""
    turns = [2 * pi * at / len(radii) - pi / 2 for at in range(len(radii))]
    return [(x + r * cos(turn), y + r * sin(turn)) for r, turn in zip(radii, turns, strict=True)]


def _draw_sign(draw: ImageDraw.ImageDraw, word: str) -> None:
    """A framed plate at the bottom with the word in Pillow's own font, its letters a little apart."""
    font = ImageFont.load_default(size=60 * _SMOOTH)
    widths = [draw.textlength(letter, font=font) for letter in word]
    gap, middle, half = 6 * _SMOOTH, SIDE * _SMOOTH / 2, 44 * _SMOOTH
    wide = sum(widths) + gap * (len(word) - 1)
    top, left = 400 * _SMOOTH, middle - wide / 2
    room = 34 * _SMOOTH
    plate = (left - room, top, left + wide + room, top + 2 * half)
    draw.rectangle(plate, fill=_PLATE, outline=_FRAME, width=5 * _SMOOTH)
    for letter, width in zip(word, widths, strict=True):
        draw.text((left, top + half), letter, font=font, fill=_INK, anchor="lm")
        left += width + gap
