"""One way to decode a latent, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .layerwise import LayerwiseDecoder
from .plan import TilePlan


@dataclass(frozen=True)
class DecodeStep:
    """One way to decode. need: bytes for it, by estimate, for each of `batch` pictures at a time.

    plan: of kind tiles. layers: of kind layerwise.
    """

    kind: Literal["whole", "layerwise", "tiles"]
    need: float
    batch: int = 1
    plan: TilePlan | None = None
    layers: LayerwiseDecoder | None = None
