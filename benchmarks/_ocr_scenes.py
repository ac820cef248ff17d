"""Drawn writing of known truth, in the ways in which writing is hard to read; the same wherever its fonts are.

Half of the pictures show the writing that is asked for. Of the others half show it misspelt by one letter, a quarter
other words, and a quarter none.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ._labelled_pictures import Labelled

SIDE = 768
"""Pixels, square."""
SEED = 20261129
FONTS = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansMono.ttf",
    "LiberationSerif-Italic.ttf", "LiberationSans-Bold.ttf", "LiberationSansNarrow-Regular.ttf",
)  # fmt: skip
"""Free ones, by the names that Pillow finds them under; where one is missing Pillow's own takes its place."""
WORDS = (
    "HELLO", "MUSIC", "LEMON", "RIVER", "STONE", "CANDY", "TRAIN", "HOUSE", "LIGHT", "BREAD", "Coffee", "Library",
    "Sunrise", "Welcome", "Harbor", "Orchard", "OPEN", "SALE", "EXIT", "Bakery", "Fresh Fish", "Grand Hotel",
    "No Parking", "Happy Birthday", "Silent Night", "Made with Love", "Route 66", "EST 1984", "Old Mill Road",
)  # fmt: skip
BESIDE = ("since 1972", "and friends", "downtown", "Nr 12")
LETTERS = "ABCDEFGHIKLMNOPRSTUVXYZ"


@dataclass(frozen=True)
class WritingScene:
    """style: how it is drawn. case: met, misspelt, other or none. wanted: what is asked for. shown: what is drawn."""

    style: str
    case: str
    wanted: str
    shown: str
    pixels: np.ndarray

    @property
    def met(self) -> bool:
        return self.case == "met"


def writing_scenes(each: int) -> Iterator[WritingScene]:
    """each: pictures of every style, a multiple of 8 for exact shares."""
    dice = random.Random(SEED)
    for style, draw in STYLES.items():
        for number in range(each):
            wanted = dice.choice(WORDS)
            case = ("met", "misspelt", "met", "other", "met", "misspelt", "met", "none")[number % 8]
            shown = {
                "met": wanted,
                "misspelt": misspelt(dice, wanted),
                "other": dice.choice([word for word in WORDS if word != wanted]),
                "none": "",
            }[case]
            yield WritingScene(style, case, wanted, shown, np.asarray(draw(dice, shown), dtype=np.uint8))


def generated_scenes(pictures: Sequence[Labelled]) -> Iterator[WritingScene]:
    """Questions about generated pictures in the same shares: for each phrase that is in one, whether it is there, and
    one that is not: a misspelling of it, another picture's, or the phrase in a picture without writing."""
    dice = random.Random(SEED)
    written = [one for one in pictures if one.writing]
    bare = [one for one in pictures if one.people is not None and not one.writing and not one.meant]
    phrases = [(picture, phrase) for picture in written for phrase in picture.writing]
    pixels = {picture.path: picture.pixels() for picture in written}
    for number, (picture, phrase) in enumerate(phrases):
        yield WritingScene("generated", "met", phrase, phrase, pixels[picture.path])
        case = ("misspelt", "other", "misspelt", "none")[number % 4]
        if case == "none":
            yield WritingScene("generated", case, phrase, "", dice.choice(bare).pixels())
            continue
        here = " ".join(picture.writing).casefold()
        others = [other for _, other in phrases if other.casefold() not in here]
        wanted = misspelt(dice, phrase) if case == "misspelt" else dice.choice(others)
        yield WritingScene("generated", case, wanted, phrase, pixels[picture.path])
    for picture in pictures:
        if picture.meant:
            yield WritingScene("generated", "misspelt", picture.meant, "", picture.pixels())


def misspelt(dice: random.Random, text: str) -> str:
    """One letter is another one, is missing, stands twice, or has changed places with its neighbour."""
    places = [at for at in range(1, len(text) - 1) if text[at].isalpha()]
    at = dice.choice(places)
    letter = text[at]
    changed = dice.choice([other for other in LETTERS if other != letter.upper()])
    ways = [text[:at] + (changed if letter.isupper() else changed.lower()) + text[at + 1 :]]
    ways += [text[:at] + text[at + 1 :], text[:at] + letter + text[at:]]
    if text[at + 1].isalpha() and text[at + 1] != letter:
        ways.append(text[:at] + text[at + 1] + letter + text[at + 2 :])
    return dice.choice(ways)


def _font(dice: random.Random, size: int) -> ImageFont.FreeTypeFont:
    name = dice.choice(FONTS)
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return ImageFont.load_default(size=size)


def _ground(dice: random.Random) -> Image.Image:
    """A plain ground with some shapes, so that not all that stands out is writing."""
    light = dice.random() < 0.6
    level = dice.randint(170, 245) if light else dice.randint(15, 90)
    ground = Image.new("RGB", (SIDE, SIDE), tuple(min(255, max(0, level + dice.randint(-20, 20))) for _ in range(3)))
    draw = ImageDraw.Draw(ground)
    for _ in range(4):
        x, y, radius = dice.randint(0, SIDE), dice.choice([dice.randint(0, 180), dice.randint(590, SIDE)]), 60
        shade = tuple(dice.randint(40, 220) for _ in range(3))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
    return ground


def _ink(dice: random.Random, ground: Image.Image, contrast: int = 150) -> tuple[int, int, int]:
    """A colour this much lighter or darker than the middle of the ground."""
    level = sum(ground.getpixel((SIDE // 2, SIDE // 2))) / 3
    wanted = level - contrast if level > 127 else level + contrast
    return tuple(int(min(255, max(0, wanted + dice.randint(-15, 15)))) for _ in range(3))


def _write(dice: random.Random, ground: Image.Image, text: str, size: int, ink: tuple[int, int, int]) -> Image.Image:
    font = _font(dice, size)
    while size > 12 and ImageDraw.Draw(ground).textlength(text, font=font) > SIDE * 0.9:
        size = int(size * 0.85)
        font = font.font_variant(size=size)
    ImageDraw.Draw(ground).text((SIDE / 2, SIDE / 2), text, font=font, fill=ink, anchor="mm")
    return ground


def _plain(dice: random.Random, text: str) -> Image.Image:
    ground = _ground(dice)
    return _write(dice, ground, text, dice.randint(60, 110), _ink(dice, ground))


def _small(dice: random.Random, text: str) -> Image.Image:
    ground = _ground(dice)
    return _write(dice, ground, text, dice.randint(11, 18), _ink(dice, ground))


def _faint(dice: random.Random, text: str) -> Image.Image:
    ground = _ground(dice)
    return _write(dice, ground, text, dice.randint(50, 90), _ink(dice, ground, contrast=16))


def _beside(dice: random.Random, text: str) -> Image.Image:
    """Other writing follows in the same line, or in one below."""
    ground = _ground(dice)
    other = dice.choice(BESIDE)
    ink = _ink(dice, ground)
    if dice.random() < 0.5:
        return _write(dice, ground, f"{text} {other}".strip(), dice.randint(44, 64), ink)
    ImageDraw.Draw(ground).text((SIDE / 2, SIDE * 0.68), other, font=_font(dice, 44), fill=ink, anchor="mm")
    return _write(dice, ground, text, dice.randint(60, 90), ink)


def _layer(dice: random.Random, text: str, size: int, ink: tuple[int, int, int]) -> Image.Image:
    """The writing alone, on nothing."""
    layer = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    return _write(dice, layer, text, size, (*ink, 255))


def _turned(dice: random.Random, text: str) -> Image.Image:
    ground = _ground(dice)
    layer = _layer(dice, text, dice.randint(60, 90), _ink(dice, ground))
    turned = layer.rotate(dice.choice([-1, 1]) * dice.uniform(10, 25), Image.Resampling.BICUBIC)
    ground.paste(turned, (0, 0), turned)
    return ground


def _tilted(dice: random.Random, text: str) -> Image.Image:
    """As on a wall seen from the side."""
    ground = _ground(dice)
    layer = _layer(dice, text, dice.randint(80, 110), _ink(dice, ground))
    slope = dice.choice([-1, 1]) * dice.uniform(0.0005, 0.0009)
    shift = -slope * SIDE / 2
    coefficients = (1 + shift, 0, 0, slope * SIDE / 2, 1 + shift, -slope * SIDE * SIDE / 4, slope, 0)
    seen = layer.transform((SIDE, SIDE), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    ground.paste(seen, (0, 0), seen)
    return ground


def _curved(dice: random.Random, text: str) -> Image.Image:
    """Letters along an arc, each turned with it."""
    ground = _ground(dice)
    ink, font = _ink(dice, ground), _font(dice, dice.randint(56, 80))
    radius, upward = dice.uniform(230, 300), dice.choice([-1, 1])
    lengths = [font.getlength(letter) for letter in text]
    angle = -sum(lengths) / radius / 2
    for letter, length in zip(text, lengths, strict=True):
        middle = angle + length / radius / 2
        x = SIDE / 2 + radius * math.sin(middle)
        y = SIDE / 2 + upward * (radius * 0.75 - radius * math.cos(middle))
        tile = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((80, 80), letter, font=font, fill=(*ink, 255), anchor="mm")
        tile = tile.rotate(-upward * math.degrees(middle), Image.Resampling.BICUBIC)
        ground.paste(tile, (int(x - 80), int(y - 80)), tile)
        angle += length / radius
    return ground


def _by_hand(dice: random.Random, text: str) -> Image.Image:
    """Every letter of another font, size and slant, as outlines half of the time."""
    ground = _ground(dice)
    ink, outline = _ink(dice, ground), dice.random() < 0.5
    fonts = [_font(dice, dice.randint(48, 84)) for _ in text]
    lengths = [font.getlength(letter) + 4 for font, letter in zip(fonts, text, strict=True)]
    at = SIDE / 2 - sum(lengths) / 2
    for letter, length, font in zip(text, lengths, fonts, strict=True):
        tile = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
        fill = (0, 0, 0, 0) if outline else (*ink, 255)
        line = {"stroke_width": 3, "stroke_fill": (*ink, 255)} if outline else {}
        ImageDraw.Draw(tile).text((100, 100), letter, font=font, fill=fill, anchor="mm", **line)
        tile = tile.rotate(dice.uniform(-12, 12), Image.Resampling.BICUBIC)
        ground.paste(tile, (int(at + length / 2 - 100), int(SIDE / 2 - 100 + dice.uniform(-10, 10))), tile)
        at += length
    return ground


def _textured(dice: random.Random, text: str) -> Image.Image:
    """On a ground of coarse noise, a little blurred."""
    ground = _ground(dice)
    noise = np.random.default_rng(dice.randint(0, 2**31)).normal(0, 40, (SIDE // 6, SIDE // 6, 3))
    coarse = Image.fromarray((noise + 128).clip(0, 255).astype(np.uint8)).resize((SIDE, SIDE))
    mixed = Image.blend(ground, coarse, 0.4)
    return _write(dice, mixed, text, dice.randint(56, 90), _ink(dice, mixed, 120)).filter(ImageFilter.GaussianBlur(1.2))


STYLES: dict[str, Callable[[random.Random, str], Image.Image]] = {
    "plain": _plain,
    "small": _small,
    "low contrast": _faint,
    "beside other writing": _beside,
    "turned": _turned,
    "in perspective": _tilted,
    "curved": _curved,
    "on texture": _textured,
    "by hand": _by_hand,
}
