"""Draws the thumbnails of the templates: at a glance what each does, in the tutorial's shapes.

No photograph is pretended: what is shown is drawn here, and says what happens, not what a model can paint.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from .world.painter import draw, paint
from .world.scene import parse

SIZE = (512, 320)
QUALITY = 70
GROUND, LINE, WORDS, FAINT, GOOD = (27, 30, 36), (92, 98, 110), (236, 238, 242), (158, 165, 177), (88, 190, 110)
GOAL = "three red circles to the left of a blue square, on a white background"
WORSE = ("two red circles and a blue square", "three red circles to the right of a blue square, on a white background")
SIDE = 132

Sheet = ImageDraw.ImageDraw


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def _picture(text: str, side: int = SIDE, seed: int = 5) -> Image.Image:
    return Image.fromarray(draw(parse(text), seed, 384, 384)).resize((side, side), Image.Resampling.LANCZOS)


def _blank(title: str, below: str) -> tuple[Image.Image, Sheet]:
    sheet = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(sheet)
    size = next(size for size in range(32, 15, -1) if pen.textlength(title, _font(size)) < SIZE[0] - 40)
    pen.text((SIZE[0] / 2, 40), title, fill=WORDS, font=_font(size), anchor="mm")
    size = next(size for size in range(18, 9, -1) if pen.textlength(below, _font(size)) < SIZE[0] - 30)
    pen.text((SIZE[0] / 2, SIZE[1] - 30), below, fill=FAINT, font=_font(size), anchor="mm")
    return sheet, pen


def _arrow(pen: Sheet, x: float, y: float, length: float = 20) -> None:
    pen.line((x, y, x + length - 6, y), fill=FAINT, width=3)
    pen.polygon([(x + length, y), (x + length - 9, y - 6), (x + length - 9, y + 6)], fill=FAINT)


def _mark(pen: Sheet, x: float, y: float) -> None:
    """A tick in a green disc: the goal is met."""
    pen.ellipse((x - 14, y - 14, x + 14, y + 14), fill=GOOD)
    pen.line([(x - 7, y), (x - 2, y + 6), (x + 7, y - 6)], fill=GROUND, width=4)


def _bar(pen: Sheet, x: float, y: float, width: float, share: float) -> None:
    pen.rectangle((x, y, x + width, y + 6), fill=LINE)
    pen.rectangle((x, y, x + width * share, y + 6), fill=GOOD)


def _framed(sheet: Image.Image, picture: Image.Image, x: float, y: float, best: bool = False) -> None:
    border = 4 if best else 2
    sheet.paste(ImageOps.expand(picture, border, GOOD if best else LINE), (round(x) - border, round(y) - border))


def improving(title: str, below: str, pictures: list[Image.Image] | None = None) -> Image.Image:
    """Pictures, each with its score, the last one right."""
    sheet, pen = _blank(title, below)
    shown = pictures or [_picture(WORSE[0]), _picture(WORSE[1]), _picture(GOAL)]
    gap = 24
    side = min(SIDE, (SIZE[0] - 40 - gap * (len(shown) - 1)) // len(shown))
    x, y = (SIZE[0] - side * len(shown) - gap * (len(shown) - 1)) / 2, 152 - side / 2
    for number, picture in enumerate(shown, 1):
        last = number == len(shown)
        _framed(sheet, picture.resize((side, side), Image.Resampling.LANCZOS), x, y, last)
        _bar(pen, x, y + side + 14, side, 0.25 + 0.75 * (number - 1) / (len(shown) - 1))
        if last:
            _mark(pen, x + side - 4, y + 4)
        else:
            _arrow(pen, x + side + 2, y + side / 2)
        x += side + gap
    return sheet


def see_it_improve(title: str, below: str) -> Image.Image:
    """Real pictures of the tutorial's own painter."""
    words = [
        "",
        ", exactly three red circles",
        ", exactly three red circles, the red circles clearly left of the square",
    ]
    made = [_picture("some red circles and a blue square")]
    made += [Image.fromarray(paint(GOAL + more, "", 3, 20, 7.0, 384, 384, stark=True)) for more in words]
    return improving(title, below, made)


def upscaled(title: str, below: str) -> Image.Image:
    sheet, pen = _blank(title, below)
    small, large = _picture(GOAL, 76), _picture(GOAL, 176)
    _framed(sheet, small, 96, 114)
    _arrow(pen, 190, 152, 40)
    _framed(sheet, large, 250, 64, True)
    pen.line([(250, 152), (426, 152)], fill=(255, 255, 255), width=1)
    pen.line([(338, 64), (338, 240)], fill=(255, 255, 255), width=1)
    return sheet


def edited(title: str, below: str, again: bool = False) -> Image.Image:
    """Something found by words, and something else in its place."""
    sheet, pen = _blank(title, below)
    before = _picture("a blue square in the centre and three red circles at the bottom", 150)
    after = _picture("a yellow star in the centre and three red circles at the bottom", 150)
    _framed(sheet, before, 66, 76)
    for step in range(0, 60, 12):
        for x, y, wide, tall in ((112 + step, 112, 7, 2), (112 + step, 170, 7, 2), (112, 112 + step, 2, 7)):
            pen.rectangle((x, y, x + wide, y + tall), fill=WORDS)
        pen.rectangle((170, 112 + step, 172, 119 + step), fill=WORDS)
    _arrow(pen, 234, 152, 44)
    _framed(sheet, after, 296, 76, again)
    if again:
        _mark(pen, 442, 80)
        pen.arc((226, 98, 286, 138), 160, 380, fill=FAINT, width=3)
    return sheet


def moving(title: str, below: str) -> Image.Image:
    """Frames of a strip of film, in which a circle rolls."""
    sheet, pen = _blank(title, below)
    pen.rectangle((14, 84, 498, 222), fill=(12, 13, 16))
    for hole in range(22, 498, 22):
        pen.rectangle((hole, 90, hole + 10, 98), fill=LINE)
        pen.rectangle((hole, 208, hole + 10, 216), fill=LINE)
    for number in range(4):
        x = 24 + number * 118
        pen.rectangle((x, 104, x + 110, 202), fill=(240, 240, 238))
        pen.rectangle((x, 180, x + 110, 202), fill=(120, 170, 110))
        middle = x + 22 + number * 22
        pen.ellipse((middle - 18, 144, middle + 18, 180), fill=(205, 48, 48))
        pen.line((middle, 162, middle + (14, 0, -14, 0)[number], 162 + (0, 14, 0, -14)[number]), fill=WORDS, width=3)
    _mark(pen, 492, 86)
    return sheet


def longer(title: str, below: str) -> Image.Image:
    """A strip of film that goes on: two frames that are there, then a mended seam and two new ones."""
    sheet = moving(title, below)
    pen = ImageDraw.Draw(sheet)
    seam = 24 + 2 * 118 - 4
    pen.rectangle((seam - 2, 78, seam + 2, 228), fill=GOOD)
    pen.rectangle((seam + 4, 102, 24 + 4 * 118 - 6, 204), outline=GOOD, width=4)
    _arrow(pen, seam - 18, 240, 40)
    return sheet


def styled(title: str, below: str) -> Image.Image:
    """One scene in three manners, the middle one chosen."""
    sheet, _ = _blank(title, below)
    scene = _picture("two red circles above a blue square, on a white background")
    manners: list[Callable[[Image.Image], Image.Image]] = [
        ImageOps.grayscale,
        lambda picture: ImageOps.posterize(ImageOps.colorize(ImageOps.grayscale(picture), "#31225c", "#ffd9a0"), 3),
        ImageOps.invert,
    ]
    for number, manner in enumerate(manners):
        _framed(sheet, manner(scene).convert("RGB"), 34 + number * 156, 86, number == 1)
    return sheet


LOOP = "judged and rendered again until the goal is met"
TEMPLATES: dict[str, Callable[[], Image.Image]] = {
    "01": lambda: see_it_improve("See it improve", "no model, no download, no graphics card: seconds"),
    "02": lambda: improving("SDXL", f"text to picture, {LOOP}"),
    "03": lambda: improving("FLUX.1", f"text to picture, {LOOP}"),
    "04": lambda: improving("FLUX.1, two megapixels", "the same with VRAM Guard: makes room before the decode"),
    "05": lambda: improving("FLUX.2", f"text to picture, {LOOP}"),
    "06": lambda: improving("Qwen-Image 2512", f"text to picture, {LOOP}"),
    "07": lambda: improving("Z-Image-Turbo", f"text to picture, {LOOP}"),
    "08": lambda: improving("Krea 2 Turbo", "judged by its own text encoder: no Ollama, no second model"),
    "09": lambda: improving("SDXL, judged inside ComfyUI", "by a text encoder that sees: no Ollama, no server"),
    "10": lambda: upscaled("SDXL, upscaled", "a draft, made larger and refined, decoded in as few parts as fit"),
    "11": lambda: edited("Edit by words", "replaced again and again until it is right", again=True),
    "12": lambda: moving("Wan 2.2", "your picture starts to move; the clip is judged as one"),
    "13": lambda: moving("LTX-2", "your picture starts to move, with sound; judged as one clip"),
    "14": lambda: edited("Edit by words, once", "say what to find and what takes its place"),
    "15": lambda: styled("Style by words", "the LoRA is found by the style that your prompt names"),
    "16": lambda: moving("Wan 2.2, text to video", "a clip from words, judged as one"),
    "17": lambda: moving("LTX-2.3", "your picture starts to move, with sound; in few steps"),
    "18": lambda: longer("Extend a clip", "from its last frame on, until the next segment is right"),
}
"""By the number that a template's name begins with."""


def draw_thumbnails(folder: Path) -> list[Path]:
    """Beside each template of that folder. Raises KeyError for one that has no drawing here."""
    made = []
    for path in sorted(folder.glob("*.json")):
        picture = path.with_suffix(".jpg")
        TEMPLATES[path.stem.split()[0]]().save(picture, "JPEG", quality=QUALITY, optimize=True)
        made.append(picture)
    return made
