"""Colours as the judge names them: by lightness, chroma and hue angle in CIE Lab."""

from __future__ import annotations

import numpy as np

_LINEAR = np.array([(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) for v in np.arange(256) / 255])
_LINEAR = _LINEAR.astype(np.float32)
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    dtype=np.float32,
) / np.array([[0.9505], [1.0], [1.089]], dtype=np.float32)

COLOURLESS = 8.0
"""Chroma below which a surface is black, grey or white."""

_HUES = ((47, "red"), (82, "orange"), (118, "yellow"), (178, "green"), (250, "cyan"), (305, "blue"), (350, "purple"))
_USUAL_CHROMA = {"red": 72, "orange": 71, "yellow": 73, "green": 56, "cyan": 34, "blue": 68, "purple": 67}


def lab(picture: np.ndarray) -> np.ndarray:
    """uint8 [..., 3] sRGB to float32 [..., 3] Lab (D65): L 0..100, a and b about -100..100."""
    xyz = _LINEAR[picture] @ _TO_XYZ.T
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def name(colour: np.ndarray) -> str:
    """The colour's name, one of the scene language's."""
    lightness, a, b = (float(v) for v in colour)
    if np.hypot(a, b) < COLOURLESS:
        return "black" if lightness < 25 else "white" if lightness > 89 else "grey"
    hue = np.degrees(np.arctan2(b, a)) % 360
    return next((name for end, name in _HUES if hue < end), "red")


def clearness(colour: np.ndarray) -> float:
    """How far from where its name would change, 0..1; 1 is about 15 degrees of hue or 8 units of chroma."""
    lightness, a, b = (float(v) for v in colour)
    chroma = float(np.hypot(a, b))
    apart = abs(chroma - COLOURLESS) / 8
    if chroma < COLOURLESS:
        return min(1.0, apart + 0.4, abs(lightness - 25) / 8, abs(lightness - 89) / 4)
    hue = float(np.degrees(np.arctan2(b, a)) % 360)
    turn = min(min(abs(hue - end), 360 - abs(hue - end)) for end, _ in _HUES)
    return min(1.0, apart, turn / 15)


def vividness(colour: np.ndarray) -> float | None:
    """Chroma against the usual one of that colour: 1 is natural. None for black, grey and white."""
    usual = _USUAL_CHROMA.get(name(colour))
    return None if usual is None else float(np.hypot(colour[1], colour[2])) / usual
