"""The judge without a model: what can be measured in a picture, whatever it shows.

Only gates and tie-breakers (docs/design-notes.md, 6.1): these figures find broken pictures and compare technical
quality within one run. They are no aesthetic objective; noise, for one, raises every measure of sharpness.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from .clip import Clip
from .critique import Critique
from .letters import sentence_case
from .picture import Picture, resize, rgb

LONG_SIDE = 768
BLACK_BELOW = 8 / 255
FLAT_BELOW = 1.5 / 255
"""Standard deviation. One object of 6 % of the width on a plain ground gives about 0.05 at full contrast."""
MOTION_FAULT = 0.35
"""What a flicker, a cut or a standstill takes from 1: as much as strong noise."""
BLIND = "This judge measures the picture and cannot see what it shows."

NOT_FINITE_REASON = (
    "The picture holds values that are not numbers (NaN or infinite). "
    "Try another VAE, or run the VAE or the model in higher precision."
)
BLACK_REASON = "The picture is completely black. Check the sampler's settings and the VAE, or try another seed."
FLAT_REASON = "The picture is one flat colour. Check steps, denoise and the VAE, or try another seed."


@torch.inference_mode()
def broken(image: torch.Tensor | Picture) -> str | None:
    """The hard gate: a sentence when IMAGE [H,W,C] (float 0..1) is black, flat or not finite, else None.

    It looks at the coarse picture, so that faint noise does not make a blank one look full.
    Raises ValueError for a tensor that is no picture.
    """
    picture = Picture.of(image)
    return _fault(picture.coarse) if picture.finite else NOT_FINITE_REASON


@torch.inference_mode()
def measure(image: torch.Tensor | Picture) -> dict[str, float]:
    """Measures of IMAGE [H,W,C] (float 0..1; C 1, 3 or 4), by name. All finite. Raises ValueError for other shapes.

    finite, black, flat: 1.0 or 0.0.   luma, contrast (95th less 5th percentile), clipped_low, clipped_high (share of
    pixels): 0..1.   colourfulness: Hasler and Suesstrunk, of values 0..1, about 0 to 0.6.   entropy: bits of the
    brightness histogram, 0..8.   sharpness: variance of the Laplacian.   tenengrad: mean squared Sobel gradient.
    noise: Immerkaer's sigma, 0..1.   blockiness: brightness steps on the 8-pixel grid relative to those beside it,
    about 1; 2 at JPEG quality 12.
    Noise and blockiness come from the middle of the picture at full size, the rest at a long side of at most 768.
    """
    picture = Picture.of(image)
    full = rgb(picture.image)
    height, width = full.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    small = resize(full, max(1, round(height * scale)), max(1, round(width * scale)))
    fault = _fault(picture.coarse)
    colour = np.ascontiguousarray(small.numpy(), dtype=np.float32)
    grey = _luma(colour)
    levels = np.bincount((grey * 255).round().astype(np.uint8).ravel(), minlength=256) / grey.size
    low, high = np.searchsorted(np.cumsum(levels), (0.05, 0.95)) / 255
    present = levels[levels > 0]
    middle = _luma(_middle(full).numpy())
    return {
        "finite": float(picture.finite),
        "black": float(fault == BLACK_REASON),
        "flat": float(fault == FLAT_REASON),
        "luma": float(grey.mean()),
        "contrast": float(high - low),
        "clipped_low": float(levels[:2].sum()),
        "clipped_high": float(levels[254:].sum()),
        "colourfulness": _colourfulness(colour),
        "entropy": float(max(0.0, -(present * np.log2(present)).sum())),
        "sharpness": _laplacian_variance(grey),
        "tenengrad": _tenengrad(grey),
        "noise": _noise(middle),
        "blockiness": (_blockiness(middle) + _blockiness(middle.T)) / 2,
    }


def critique(image: torch.Tensor | Picture, others: Sequence[Mapping[str, float]] = (), goal: str = "") -> Critique:
    """A verdict on technical quality alone. others: the measures of the run's earlier pictures. Of a clip its middle
    frame is measured, and its motion; goal: what is wished may be a clip that stands still, or flickers.

    `technical` is 0 for a black, flat or not finite picture; each warning lowers it from 1. There is no score, and
    nothing passes, because nobody has seen what the picture shows.
    """
    begun = time.perf_counter()
    measures = measure(image)
    fault = _hard_gate(measures)
    warnings = [] if fault else _warnings(measures, others)
    faults: tuple[str, ...] = ()
    if isinstance(image, Clip):
        measures |= image.measures
        faults = image.faults(goal)
        warnings += [(MOTION_FAULT, sentence_case(one)) for one in faults]
    score = 0.0 if fault else max(0.05, round(1 - sum(weight for weight, _ in warnings), 4))
    said = fault or ". ".join(text for _, text in warnings) or "Technically sound"
    return Critique(
        judge="offline",
        outcome="judged",
        technical=score,
        sees_content=False,
        measures=measures,
        faults=faults,
        reason=f"{said.rstrip('.')}. {BLIND}",
        seconds=round(time.perf_counter() - begun, 4),
    )


def _hard_gate(measures: Mapping[str, float]) -> str | None:
    if not measures["finite"]:
        return NOT_FINITE_REASON
    if measures["black"]:
        return BLACK_REASON
    return FLAT_REASON if measures["flat"] else None


def _warnings(measures: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> list[tuple[float, str]]:
    """What lowers the score, by how much, in words. Limits from docs/design-notes.md, 6.1."""
    found: list[tuple[float, str]] = []
    if measures["clipped_high"] > 0.25:
        found.append((0.15, f"{measures['clipped_high']:.0%} of the picture is pure white"))
    if measures["clipped_low"] > 0.25:
        found.append((0.15, f"{measures['clipped_low']:.0%} of the picture is pure black"))
    if measures["contrast"] < 0.08:
        found.append((0.2, "There is very little contrast"))
    if measures["noise"] > 0.08:
        found.append((0.35, "There is a lot of noise"))
    if measures["blockiness"] > 1.6:
        found.append((0.2, "Blocks of 8 pixels show, as from strong JPEG compression"))
    usual = _median(others, "sharpness")
    if measures["sharpness"] < 1e-5:
        found.append((0.35, "Nothing in the picture is sharp"))
    elif usual is not None and measures["sharpness"] < 0.2 * usual:
        found.append((0.35, "It is much less sharp than the other pictures of this run"))
    usual = _median(others, "noise")
    if usual is not None and 0.02 < measures["noise"] <= 0.08 and measures["noise"] > 3 * usual:
        found.append((0.2, "It is much noisier than the other pictures of this run"))
    return found


def _median(others: Sequence[Mapping[str, float]], name: str) -> float | None:
    """Over the sound pictures of the run; a black one must not set the standard."""
    values = [other[name] for other in others if name in other and _hard_gate({**_SOUND_GATE, **other}) is None]
    return float(np.median(values)) if values else None


_SOUND_GATE = {"finite": 1.0, "black": 0.0, "flat": 0.0}


def _fault(coarse: torch.Tensor) -> str | None:
    if coarse.max() < BLACK_BELOW:
        return BLACK_REASON
    return FLAT_REASON if coarse.flatten(0, 1).std(dim=0, correction=0).max() < FLAT_BELOW else None


def _middle(full: torch.Tensor) -> torch.Tensor:
    """At most 768 x 768 pixels from the middle, beginning on the 8-pixel grid."""
    top, left = (max(0, (side - LONG_SIDE) // 2) // 8 * 8 for side in full.shape[:2])
    return full[top : top + LONG_SIDE, left : left + LONG_SIDE]


def _luma(colour: np.ndarray) -> np.ndarray:
    return colour[..., 0] * 0.299 + colour[..., 1] * 0.587 + colour[..., 2] * 0.114


def _colourfulness(colour: np.ndarray) -> float:
    red, green, blue = colour[..., 0], colour[..., 1], colour[..., 2]
    across, along = red - green, (red + green) / 2 - blue
    return float(np.hypot(across.std(), along.std()) + 0.3 * np.hypot(across.mean(), along.mean()))


def _laplacian_variance(grey: np.ndarray) -> float:
    if min(grey.shape) < 3:
        return 0.0
    centre = grey[1:-1, 1:-1]
    return float((grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre).var())


def _tenengrad(grey: np.ndarray) -> float:
    if min(grey.shape) < 3:
        return 0.0
    down = grey[:-2] + 2 * grey[1:-1] + grey[2:]
    across = down[:, 2:] - down[:, :-2]
    right = grey[:, :-2] + 2 * grey[:, 1:-1] + grey[:, 2:]
    along = right[2:] - right[:-2]
    return float((across * across + along * along).mean())


def _noise(grey: np.ndarray) -> float:
    """Immerkaer (1996): mean absolute response of a mask that ignores planes and edges."""
    if min(grey.shape) < 3:
        return 0.0
    rows = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    response = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.abs(response).mean() * np.sqrt(np.pi / 2) / 6)


def _blockiness(grey: np.ndarray) -> float:
    """Mean step between columns on the 8-pixel grid, relative to the mean of the steps elsewhere."""
    if grey.shape[1] < 24:
        return 1.0
    steps = np.abs(grey[:, 1:] - grey[:, :-1]).mean(axis=0)
    on_grid = np.arange(steps.size) % 8 == 7
    return float((steps[on_grid].mean() + 1e-4) / (steps[~on_grid].mean() + 1e-4))
