"""The tutorial's picture as ComfyUI passes pictures on."""

from __future__ import annotations

import numpy as np
import torch

from .painter import paint


def paint_image(prompt: str, negative: str, seed: int, steps: int, cfg: float, width: int, height: int) -> torch.Tensor:
    """The picture of these settings by a stark painter (see paint) as IMAGE [1, H, W, 3], float 0..1."""
    picture = paint(prompt, negative, seed, steps, cfg, width, height, stark=True)
    return torch.from_numpy(picture[None].astype(np.float32) / 255.0)
