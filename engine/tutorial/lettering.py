"""The one typeface of this world: how letters look, for writing them and for reading them."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

GAP = 0.2
SPACE = 0.45


@lru_cache(maxsize=32)
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's scalable font. size: pixels per em."""
    return ImageFont.load_default(size=size)


@lru_cache(maxsize=512)
def glyph(letter: str, size: int) -> Image.Image:
    """One letter, cropped to its ink: an "L" picture, 255 where there is ink."""
    canvas = Image.new("L", (2 * size, 2 * size), 0)
    ImageDraw.Draw(canvas).text((size // 2, size // 4), letter, font=typeface(size), fill=255)
    box = canvas.getbbox()
    return canvas.crop(box) if box else Image.new("L", (1, 1), 0)


def line(word: str, size: int) -> Image.Image:
    """The word with a clear gap between its letters: an "L" picture, 255 where there is ink, cropped."""
    pieces: list[tuple[int, Image.Image]] = []
    x = 0
    for letter in word:
        if letter == " ":
            x += round(SPACE * size)
            continue
        picture = glyph(letter, size)
        pieces.append((x, picture))
        x += picture.width + round(GAP * size)
    tall = max(picture.height for _, picture in pieces)
    row = Image.new("L", (max(1, x - round(GAP * size)), tall), 0)
    for left, picture in pieces:
        row.paste(picture, (left, tall - picture.height))
    return row
