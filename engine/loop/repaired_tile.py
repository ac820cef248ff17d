"""What a repair changed, drawn on a small picture: the mask's outline, and beside it how the part was before."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from .run import RepairedRegion

LINE, AROUND = "#7fd4ff", "#00141f"
"""Light in dark, so that it is seen on any ground."""
LABEL = "before"
INSET = 84
"""Longer side in pixels of the part as it was before."""
INSET_AROUND = 0.3
"""What of its surroundings is shown with the part, as a share of its sides."""
Shares = tuple[float, float, float, float]


def draw_outline(picture: Image.Image, region: RepairedRegion) -> None:
    """On RGB, in place."""
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    for outline in region.outlines:
        points = [(round(x * (width - 1)), round(y * (height - 1))) for x, y in outline]
        if len(points) > 1:
            draw.line([*points, points[0]], fill=AROUND, width=3, joint="curve")
            draw.line([*points, points[0]], fill=LINE, width=1)


def draw_frame(picture: Image.Image, box: Shares) -> None:
    """The same where no more is known than the box of what changed."""
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    left, top = round(box[0] * width), round(box[1] * height)
    right, bottom = max(left + 2, round(box[2] * width)), max(top + 2, round(box[3] * height))
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=AROUND)
    draw.rectangle((left, top, right, bottom), outline=LINE)


def box_of(region: RepairedRegion) -> Shares | None:
    """Left, top, right, bottom around all outlines; None where there are none."""
    points = [point for outline in region.outlines for point in outline]
    if not points:
        return None
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def inset_before(picture: Image.Image, before: Image.Image, box: Shares) -> None:
    """The part of `before`, as it was, into the corner of a picture that is farthest from it. In place."""
    part = before.crop(_pixels(box, before.size))
    part.thumbnail((INSET, INSET))
    scale = INSET / max(part.size)
    if scale > 1:
        part = part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))))
    part = part.crop((0, 0, min(part.width, max(1, picture.width - 2)), min(part.height, max(1, picture.height - 2))))
    left = 1 if box[0] + box[2] > 1 else picture.width - part.width - 1
    top = 1 if box[1] + box[3] > 1 else picture.height - part.height - 1
    picture.paste(part, (left, top))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=11)
    draw.rectangle((left - 1, top - 1, left + part.width, top + part.height), outline=LINE)
    if draw.textlength(LABEL, font=font) < part.width:
        place = (left + 3, top + 1)
        draw.rectangle(draw.textbbox(place, LABEL, font=font), fill=AROUND)
        draw.text(place, LABEL, fill=LINE, font=font)


def _pixels(box: Shares, size: Sequence[int]) -> tuple[int, int, int, int]:
    """A box with some of its surroundings, in pixels of a picture; never empty."""
    across, down = (box[2] - box[0]) * INSET_AROUND, (box[3] - box[1]) * INSET_AROUND
    left, top = (max(0.0, box[0] - across) * size[0], max(0.0, box[1] - down) * size[1])
    right, bottom = (min(1.0, box[2] + across) * size[0], min(1.0, box[3] + down) * size[1])
    left, top = min(int(left), size[0] - 1), min(int(top), size[1] - 1)
    return left, top, max(left + 1, round(right)), max(top + 1, round(bottom))
