"""The mask that is finished while the clock runs, and the pack's own times for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from ..engine.mask.finishing import Finishing, mask_of
from ..engine.mask.piece import Sighting
from ..engine.mask.pieces import pieces_of_logits
from ..engine.mask.request import read_request
from ..engine.mask.shape import feather, grown, without_holes

HEIGHT, WIDTH = 1080, 1920
GROWTHS = (4, 16, 64, -16)
REPEATS = 5
CLIPSEG_SIDE = 352


@dataclass(frozen=True)
class Growth:
    """ms: of processor time, best of several. off: pixels, how far the outline is off where it is worst."""

    ms: float
    off: float


def logits() -> torch.Tensor:
    """[352, 352], as CLIPSeg gives them: a large thing with a ragged edge and a hole, a small one, and specks."""
    side = np.linspace(-1, 1, CLIPSEG_SIDE)
    y, x = np.meshgrid(side, side, indexing="ij")
    angle = np.arctan2(y, x + 0.3)
    large = 0.42 + 0.08 * np.sin(7 * angle) - np.hypot(y, x + 0.3)
    hole = np.hypot(y, x + 0.3) - 0.1
    small = 0.1 - np.hypot(y - 0.6, x - 0.7)
    noise = np.random.default_rng(1).normal(0, 0.01, y.shape)
    return torch.from_numpy((np.maximum(np.minimum(large, hole), small) + noise) * 30).float()


def scene() -> torch.Tensor:
    """bool [1080, 1920]."""
    planes = torch.nn.functional.interpolate(logits()[None, None], size=(HEIGHT, WIDTH), mode="bilinear")
    return planes[0, 0] > 0


def our_steps(mask: torch.Tensor) -> dict[str, float]:
    """Milliseconds by what is done, and of the whole chain for one picture."""
    request = read_request("thing")
    finishing = Finishing(grow=8, feather=12)

    def chain() -> None:
        pieces = pieces_of_logits(logits(), HEIGHT, WIDTH, "thing", 0.4)
        mask_of([Sighting(pieces)], request, finishing, HEIGHT, WIDTH, 0.4)

    return {
        "Map to pieces": best(lambda: pieces_of_logits(logits(), HEIGHT, WIDTH, "thing", 0.4)),
        "Fill holes": best(lambda: without_holes(mask)),
        **{f"Feather {pixels}": best(lambda p=pixels: feather(mask, p)) for pixels in (4, 16, 64)},
        "Whole chain, grow 8, feather 12": best(chain),
    }


def our_growth(mask: torch.Tensor) -> dict[int, Growth]:
    return {
        growth: Growth(best(lambda g=growth: grown(mask, g)), off_by(mask, grown(mask, growth), growth))
        for growth in GROWTHS
    }


def off_by(mask: torch.Tensor, changed: torch.Tensor, growth: int) -> float:
    """How many pixels the farthest wrong pixel of a grown or shrunk mask is from where the outline belongs."""
    plain = mask.numpy()
    distance = ndimage.distance_transform_edt(~plain) if growth > 0 else -ndimage.distance_transform_edt(plain)
    wrong = (distance <= growth if growth > 0 else distance < growth) != (changed.numpy() > 0.5)
    return float(np.abs(distance - growth)[wrong].max()) if wrong.any() else 0.0


def best(work: Callable[[], object]) -> float:
    """Milliseconds of processor time, the least of several: what others do on the machine only ever adds."""
    times = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        times.append((time.process_time() - begun) * 1000)
    return min(times)
