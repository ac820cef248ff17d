"""Pictures that cost about what a photograph costs to encode: smooth colour, some detail and grain."""

from __future__ import annotations

import functools

import torch

_LEVELS = ((8, 0.5), (64, 0.25), (256, 0.08))
"""Cells across the picture, and how strongly noise of that coarseness counts."""
_GRAIN = 0.02
"""Standard deviation of single pixels, of 0..1: about 5 levels of 255, a photograph at medium sensitivity."""


def photo(size: int, seed: int) -> torch.Tensor:
    """IMAGE [size, size, 3], float 0..1: the same for the same seed."""
    drawn = torch.Generator().manual_seed(seed % 2**63)
    down, right = torch.randint(0, size, (2,), generator=drawn).tolist()
    # Moved instead of drawn anew: at 4096 pixels drawing takes seconds, and the render is not what is measured.
    return torch.roll(_base(size), (down, right), (0, 1))


@functools.lru_cache(maxsize=1)
def _base(size: int) -> torch.Tensor:
    drawn = torch.Generator().manual_seed(7)
    picture = torch.full((1, 3, size, size), 0.5)
    for cells, strength in _LEVELS:
        noise = torch.rand(1, 3, cells, cells, generator=drawn).sub_(0.5)
        picture += strength * torch.nn.functional.interpolate(noise, size=(size, size), mode="bilinear")
    picture += _GRAIN * torch.randn(1, 3, size, size, generator=drawn)
    return picture[0].clamp_(0, 1).movedim(0, -1).contiguous()
