"""The middle of a video decoder, made once for the whole latent and given to each of its tiles.

Wan's decoder (and Qwen-Image's, which is one) has attention in its middle, which looks at the whole frame. A tile that
makes its middle for itself attends to another picture, and nearly all of the difference between tiles and a whole
decode comes from there: 97 % with random weights. The middle works at the latent's own size, where a whole frame costs
little. Not for decoders with group norms: their tiles differ in every layer.

Done with hooks. The first decode, of the whole latent, keeps what the middle gives and lets only a corner of it go on,
so that the large layers behind have nothing to do. Each tile's decode then gets its part of what was kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .decoder_structure import Unsupported

CORNER = 2
"""Cells of the side of what goes on when only the middle is wanted."""


class SharedMiddle:
    """What the middle of `model.decoder` makes of a latent [B, C, t, h, w]. Kept in the computer's memory.

    Raises Unsupported where there is no such middle.
    """

    def __init__(self, model: nn.Module, latent: torch.Tensor) -> None:
        self._last = _last_of_middle(getattr(model, "decoder", None))
        parts: list[torch.Tensor] = []

        def keep(_: nn.Module, given: Any, made: torch.Tensor) -> torch.Tensor:
            parts.append(made.cpu())
            return made[..., :CORNER, :CORNER].contiguous()

        with _hooked(self._last, keep):
            model.decode(latent)
        if not parts or any(part.ndim != 5 for part in parts):
            raise Unsupported("its middle is not that of a video")
        # Wan goes through a video one latent frame at a time.
        self._whole = torch.cat(parts, dim=2)
        if self._whole.shape[2:] != latent.shape[2:]:
            raise Unsupported("its middle does not lie over the latent")

    @contextmanager
    def given_to(self, cells: tuple[slice, ...]) -> Iterator[None]:
        """While open, decodes are those of a tile: of these cells of the latent, time, rows and columns."""
        left = [self._whole[(..., *cells)]]

        def replace(_: nn.Module, given: Any, made: torch.Tensor) -> torch.Tensor:
            frames = made.shape[2]
            now, left[0] = left[0][:, :, :frames], left[0][:, :, frames:]
            if now.shape != made.shape:
                raise RuntimeError(f"The middle of a tile is {tuple(made.shape)}, not {tuple(now.shape)}.")
            return now.to(made)

        with _hooked(self._last, replace):
            yield


@contextmanager
def _hooked(module: nn.Module, hook: Any) -> Iterator[None]:
    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _last_of_middle(decoder: Any) -> nn.Module:
    middle = getattr(decoder, "middle", None)
    if not isinstance(middle, (nn.Sequential, nn.ModuleList)) or not len(middle):
        raise Unsupported("it has no middle by the name that Wan's has")
    if any(isinstance(module, nn.GroupNorm) for module in decoder.modules()):
        raise Unsupported("it has group norms")
    return middle[-1]
