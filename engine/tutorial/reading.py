"""Reads the word on a sign, letter by letter, by comparing each with the typeface."""

from __future__ import annotations

import string
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy import ndimage

from .lettering import SPACE, glyph

_LETTERS = string.ascii_uppercase + string.digits
_SIDE = 20
_TALL = 96
_SAME = str.maketrans("01", "OI")


def comparable(word: str) -> str:
    """The word for comparing: O for 0 and I for 1, which are easily mistaken, and no spaces."""
    return word.upper().translate(_SAME).replace(" ", "")


def read(sign: np.ndarray) -> str:
    """The word on a cut-out sign, uint8 [h, w, 3], frame included; "" if there is none."""
    height, width = sign.shape[:2]
    if min(height, width) < 8:
        return ""
    scale = _TALL / height
    grey = Image.fromarray(sign).convert("L")
    grey = grey.resize((max(1, round(width * scale)), _TALL), Image.Resampling.BICUBIC)
    light = np.asarray(grey, dtype=np.float32)
    middle = light[_TALL // 4 : -_TALL // 4]
    paper, ink = np.percentile(middle, 70), middle.min()
    if paper - ink < 40:
        return ""
    return _spell(_without_frame(ndimage.binary_opening(light < ink + 0.6 * (paper - ink))))


def _without_frame(written: np.ndarray) -> np.ndarray:
    """Only what lies clear of the rim: the frame does not, nor what shows around it."""
    height, width = written.shape
    pieces, number = ndimage.label(written)
    rim = 3
    outside = np.unique(
        np.concatenate((pieces[:rim].ravel(), pieces[-rim:].ravel(), pieces[:, :rim].ravel(), pieces[:, -rim:].ravel()))
    )
    keep = np.ones(number + 1, dtype=bool)
    keep[0] = False
    keep[outside] = False
    for piece, (rows, columns) in enumerate(ndimage.find_objects(pieces), start=1):
        if columns.stop - columns.start > 0.8 * width or rows.stop - rows.start > 0.9 * height:
            keep[piece] = False
    return keep[pieces]


def _spell(written: np.ndarray) -> str:
    columns, _ = ndimage.label(written.any(axis=0))
    tallest = max(
        (np.ptp(np.nonzero(written[:, span].any(axis=1))[0]) for (span,) in ndimage.find_objects(columns)), default=0
    )
    word, end = "", None
    for (span,) in ndimage.find_objects(columns):
        letter = written[:, span]
        rows = np.nonzero(letter.any(axis=1))[0]
        cut = letter[rows[0] : rows[-1] + 1]
        if cut.shape[0] < 0.6 * tallest:
            continue
        if end is not None and span.start - end > SPACE * tallest:
            word += " "
        word += _closest(cut)
        end = span.stop
    return word


def _closest(cut: np.ndarray) -> str:
    wide = cut.shape[1] / cut.shape[0]
    window = _window(Image.fromarray(np.uint8(cut) * 255))
    names, windows, widths = _alphabet()
    distance = np.abs(windows - window).mean(axis=(1, 2)) + 0.4 * np.abs(widths - wide)
    return names[int(np.argmin(distance))]


def _window(letter: Image.Image) -> np.ndarray:
    return np.asarray(letter.resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float32) / 255


@lru_cache(maxsize=1)
def _alphabet() -> tuple[str, np.ndarray, np.ndarray]:
    pictures = [glyph(letter, 96) for letter in _LETTERS]
    widths = np.array([p.width / p.height for p in pictures])
    return _LETTERS, np.stack([_window(p) for p in pictures]), widths
