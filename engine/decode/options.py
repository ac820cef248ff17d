"""What the user asks of a decode (data), checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

MODES = ("auto", "whole", "tiled")
SMALLEST_TILE = 64
"""Pixels. VAEDecodeTiled's own least tile_size."""


@dataclass(frozen=True)
class DecodeOptions:
    """mode: auto decodes whole where that fits, whole never tiles, tiled always does.

    tile_size, overlap: pixels; temporal_size, temporal_overlap: frames; memory_limit_gb, margin_gb: GiB that decoding
    may use at most, and that it leaves alone. 0 always means automatic. Raises ValueError, which begins with the name
    of the input.
    """

    mode: str = "auto"
    tile_size: int = 0
    overlap: int = 0
    temporal_size: int = 0
    temporal_overlap: int = 0
    margin_gb: float = 0.0
    memory_limit_gb: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode: '{str(self.mode)[:60]}' is not one of {', '.join(MODES)}.")
        for name in ("tile_size", "overlap", "temporal_size", "temporal_overlap", "margin_gb", "memory_limit_gb"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{name}: {value} is not possible. Use 0 for automatic, or a larger number.")
        if 0 < self.tile_size < SMALLEST_TILE:
            raise ValueError(f"tile_size: {self.tile_size} pixels is too small. Use {SMALLEST_TILE} or more, or 0.")
        self._smaller_half("overlap", "tile_size", "pixels")
        self._smaller_half("temporal_overlap", "temporal_size", "frames")

    def _smaller_half(self, overlap: str, size: str, unit: str) -> None:
        if getattr(self, size) and getattr(self, overlap) > getattr(self, size) // 2:
            raise ValueError(
                f"{overlap}: {getattr(self, overlap)} {unit} is more than half of {size} ({getattr(self, size)}). "
                f"Use {getattr(self, size) // 2} or less, or 0."
            )

    @property
    def sized(self) -> bool:
        """Whether the user has given a size of tiles, in space or time."""
        return bool(self.tile_size or self.overlap or self.temporal_size or self.temporal_overlap)
