"""What can be seen in a picture, from its pixels alone: shapes, background, a word, scratches, blur, tone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from . import colour, reading, silhouette

WORKING_SIDE = 512
_CONTRAST = 9.0
_SMALLEST = 0.0004
_SIGN_ASPECT = 1.6


@dataclass(frozen=True)
class SeenShape:
    """One shape. x, y: its centre as share of width and height. area: share of the picture. sure: of its name, 0..1."""

    shape: str
    colour: str
    x: float
    y: float
    area: float
    sure: float = 1.0


@dataclass(frozen=True)
class SeenPicture:
    """Everything seen. word: what the sign says, None without a sign. scratches: share of the picture covered.

    sharpness: steepness of outlines, 0.4 to 0.6 when sharp, 0.1 when very soft; None without an outline to measure.
    ground_sure: how clear the background's colour is, 0..1.
    vividness: 1 natural, below 0.85 washed out, above 1.15 over-saturated; None without a coloured shape.
    """

    shapes: tuple[SeenShape, ...]
    background: str
    word: str | None
    scratches: float
    sharpness: float | None
    vividness: float | None
    ground_sure: float = 1.0


def see(picture: np.ndarray) -> SeenPicture:
    """Look at a picture, uint8 [H, W, 3]."""
    pixels = _working_copy(picture)
    pixels, scratches = _without_scratches(pixels)
    tones = ndimage.gaussian_filter(colour.lab(pixels), (0.6, 0.6, 0))
    ground = _background(tones)
    contrast = np.linalg.norm(tones - ground, axis=-1)
    height, width = contrast.shape
    outlines = [o for o in _outlines(contrast) if o.area > _SMALLEST * height * width]
    outlines.sort(key=lambda o: -o.area)
    sign = next((o for o in outlines if o.is_sign), None)
    word = reading.read(pixels[sign.box]) if sign else None
    bodies = [o for o in outlines if o is not sign and not (sign and sign.surrounds(o))]
    shapes, vividness, steepness = [], [], []
    for body in bodies:
        inside = tones[body.box][body.core]
        tone = np.median(inside, axis=0)
        shape, sure = silhouette.shape_of(body.mask, body.filled)
        shapes.append(
            SeenShape(
                shape,
                colour.name(tone),
                float(body.box[1].start + body.centre[1]) / width,
                float(body.box[0].start + body.centre[0]) / height,
                body.area / (height * width),
                min(sure, colour.clearness(tone)),
            )
        )
        vividness.append(colour.vividness(tone))
        steepness.append(_steepness(pixels, body, tone, ground))
    steep = [s for s in steepness if s is not None]
    vivid = [v for v in vividness if v is not None]
    middle = ground[height // 2, width // 2]
    return SeenPicture(
        shapes=tuple(shapes),
        background=colour.name(middle),
        ground_sure=colour.clearness(middle),
        word=word,
        scratches=scratches,
        sharpness=float(np.median(steep)) if steep else None,
        vividness=float(np.median(vivid)) if vivid else None,
    )


@dataclass(frozen=True)
class _Outline:
    """One connected thing: masks [h, w] cut out at box, filled without its holes."""

    box: tuple[slice, slice]
    mask: np.ndarray
    filled: np.ndarray

    @property
    def area(self) -> int:
        return int(self.filled.sum())

    @property
    def centre(self) -> tuple[float, float]:
        return ndimage.center_of_mass(self.filled)

    @property
    def core(self) -> np.ndarray:
        inner = ndimage.binary_erosion(self.mask, iterations=2)
        return inner if inner.any() else self.mask

    @property
    def is_sign(self) -> bool:
        tall, wide = self.filled.shape
        return wide > _SIGN_ASPECT * tall and self.area > 0.9 * tall * wide

    def surrounds(self, other: _Outline) -> bool:
        return all(
            mine.start <= theirs.start and theirs.stop <= mine.stop
            for mine, theirs in zip(self.box, other.box, strict=True)
        )


def _working_copy(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    shrink = WORKING_SIDE / max(height, width)
    if shrink >= 1:
        return picture
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(
        Image.fromarray(picture).resize(size, Image.Resampling.BOX if shrink < 0.5 else Image.Resampling.LANCZOS)
    )


def _without_scratches(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture with its scratches filled in from around them, and the share that they cover."""
    red, green, blue = (pixels[..., i].astype(np.int16) for i in range(3))
    # Redder than purple, and further from green than where red and purple meet.
    magenta = (red > 170) & (red > blue - 25) & (np.minimum(red, blue) - green > 75)
    share = float(magenta.mean())
    if share == 0:
        return pixels, share
    hidden = ndimage.binary_dilation(magenta, iterations=3)
    if hidden.all():
        return pixels, share
    rows, columns = ndimage.distance_transform_edt(hidden, return_distances=False, return_indices=True)
    return pixels[rows, columns], share


def _background(tones: np.ndarray) -> np.ndarray:
    """The Lab colour of the background at each pixel: a plane fitted to what surrounds everything."""
    height, width, _ = tones.shape
    rim = max(1, round(0.03 * min(height, width)))
    border = np.concatenate(
        [part.reshape(-1, 3) for part in (tones[:rim], tones[-rim:], tones[:, :rim], tones[:, -rim:])]
    )
    rows, columns = np.mgrid[0:height, 0:width]
    across = np.stack((np.ones_like(rows), rows / height - 0.5, columns / width - 0.5), axis=-1).astype(np.float32)
    plane = np.broadcast_to(np.median(border, axis=0), tones.shape)
    every = (slice(None, None, 4), slice(None, None, 4))
    for near in (16.0, 8.0):
        same = np.linalg.norm(tones[every] - plane[every], axis=-1) < near
        if same.sum() < 16:
            return plane
        slopes, *_ = np.linalg.lstsq(across[every][same], tones[every][same], rcond=None)
        plane = across @ slopes
    return plane


def _outlines(contrast: np.ndarray) -> list[_Outline]:
    """Everything that stands out, each cut at half of its own contrast: there an edge is, however soft."""
    found = []
    faint, _ = ndimage.label(contrast > _CONTRAST)
    for number, box in enumerate(ndimage.find_objects(faint), start=1):
        own = faint[box] == number
        if own.sum() < 12:
            continue
        whole = _Outline(box, own, ndimage.binary_fill_holes(own))
        if whole.is_sign:
            # A plate must not be cut at the contrast of its letters.
            found.append(whole)
            continue
        level = max(_CONTRAST, 0.5 * float(np.percentile(contrast[box][own], 90)))
        parts, _ = ndimage.label(own & (contrast[box] > level))
        for part, inner in enumerate(ndimage.find_objects(parts), start=1):
            mask = parts[inner] == part
            rows = slice(box[0].start + inner[0].start, box[0].start + inner[0].stop)
            columns = slice(box[1].start + inner[1].start, box[1].start + inner[1].stop)
            found.append(_Outline((rows, columns), mask, ndimage.binary_fill_holes(mask)))
    return found


def _steepness(pixels: np.ndarray, body: _Outline, tone: np.ndarray, ground: np.ndarray) -> float | None:
    """How fast the light changes across the outline, as share of the whole change per pixel; None if too faint."""
    rows, columns = body.box
    rows = slice(max(0, rows.start - 3), rows.stop + 3)
    columns = slice(max(0, columns.start - 3), columns.stop + 3)
    light = colour.lab(pixels[rows, columns])[..., 0]
    step = abs(float(tone[0]) - float(ground[body.box][..., 0].mean()))
    if step < 8 or min(light.shape) < 6:
        return None
    down, across = np.gradient(light)
    slope = np.hypot(down, across) / step
    padded = np.zeros(light.shape, dtype=bool)
    top, left = body.box[0].start - rows.start, body.box[1].start - columns.start
    padded[top : top + body.mask.shape[0], left : left + body.mask.shape[1]] = body.mask
    edge = ndimage.binary_dilation(padded) & ~ndimage.binary_erosion(padded)
    return float(np.percentile(slope[edge], 60))
