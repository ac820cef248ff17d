"""One decode from beginning to end: what is tried first, and what comes next when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import torch

from . import wording
from .blend import Canvas
from .decode_step import DecodeStep
from .layerwise import LayerwiseDecoder, Sink
from .options import DecodeOptions
from .plan import Compression, Shape, plan_tiles
from .shared_middle import SharedMiddle

RETRIES = 4
"""Smaller plans tried after the first one ran out of memory. Each halves what may be used."""
GIB = 2**30


class Vae(Protocol):
    """What a decode needs of a VAE and of the machine.

    compression: of its latents. spare: share of free memory, 0..1, that is left alone unless the user says otherwise.
    dtype: of its weights.
    """

    compression: Compression
    spare: float
    dtype: torch.dtype

    def estimate(self, shape: Shape) -> float:
        """Bytes that decoding a latent of that shape takes at most."""
        ...

    def load(self, need: float) -> None:
        """Bring its weights to the device, and make room there for `need` bytes beside them."""
        ...

    def free(self) -> float:
        """Bytes free for decoding now."""
        ...

    def most(self) -> float:
        """Bytes that could be free if nothing else were loaded."""
        ...

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Finished pixels, 0..1, [B, C, H, W] or [B, C, F, H, W], in a tensor of their own."""
        ...

    def layerwise(self, latent: torch.Tensor) -> LayerwiseDecoder | None:
        """The way to decode it layer by layer; None where this VAE has another structure."""
        ...

    def decode_layers(
        self, layers: LayerwiseDecoder, latent: torch.Tensor, sink: Sink, passed: Callable[[], None]
    ) -> None:
        """Decode one picture [1, C, h, w] layer by layer; the sink gets its rows finished, as `decode` returns them."""
        ...

    def middle(self, latent: torch.Tensor) -> SharedMiddle | None:
        """The middle of its decoder for a whole video [B, C, t, h, w], to be given to tiles; None where it has none."""
        ...

    def ran_out(self, problem: Exception) -> bool:
        """Whether an exception means that memory ran out."""
        ...

    def tidy(self) -> None:
        """Give back what a failed attempt has left."""
        ...

    def progress(self, total: int) -> Callable[[], None]:
        """A function to be called after each of `total` pieces. It raises what ComfyUI raises for an interrupt."""
        ...


@dataclass(frozen=True, eq=False)
class Decoded:
    """pixels: [B, C, H, W] or [B, C, F, H, W]. failed: the steps that ran out of memory before."""

    pixels: torch.Tensor
    step: DecodeStep
    report: str
    failed: tuple[DecodeStep, ...] = field(default=())

    @property
    def tiled(self) -> bool:
        return self.step.kind == "layerwise" or (self.step.plan is not None and self.step.plan.tiles > 1)


class NotEnoughMemory(RuntimeError):
    """Nothing that was allowed fitted. The message says what to do."""


def decode(latent: torch.Tensor, vae: Vae, asked: DecodeOptions) -> Decoded:
    """Decode a latent [B, C, h, w] or [B, C, t, h, w] in the memory there is. Raises NotEnoughMemory."""
    shape = tuple(latent.shape)
    whole = vae.estimate(shape)
    ladder = _Ladder(latent, vae, asked, whole)
    vae.load(ladder.first(_allowed(vae.most(), vae, asked)).need)
    free = vae.free()
    step = ladder.first(_allowed(free, vae, asked))
    failed: list[DecodeStep] = []
    while True:
        pixels = _attempt(step, latent, vae)
        if pixels is not None:
            report = wording.report(step, shape, vae.compression.space, whole, free, failed)
            return Decoded(pixels, step, report, tuple(failed))
        # The exception is gone by now, and with it what it held.
        vae.tidy()
        failed.append(step)
        smaller = ladder.below(step) if len(failed) <= RETRIES else None
        if smaller is None:
            raise NotEnoughMemory(wording.out_of_memory(step, vae.compression.space, whole, vae.free()))
        step = smaller


def _allowed(free: float, vae: Vae, asked: DecodeOptions) -> float:
    """Bytes that may be used of those free."""
    margin = asked.margin_gb * GIB if asked.margin_gb else free * vae.spare
    limit = asked.memory_limit_gb * GIB if asked.memory_limit_gb else float("inf")
    return max(0.0, min(free - margin, limit))


class _Ladder:
    """All steps for one latent, from the best to the smallest."""

    def __init__(self, latent: torch.Tensor, vae: Vae, asked: DecodeOptions, whole: float) -> None:
        self._latent, self._vae, self._asked, self._whole = latent, vae, asked, whole

    @cached_property
    def _layerwise(self) -> DecodeStep | None:
        """Looked for only when the whole does not fit."""
        if self._asked.sized or self._latent.ndim != 4:
            return None
        layers = self._vae.layerwise(self._latent[:1])
        if layers is None:
            return None
        cells = self._latent.shape[-2] * self._latent.shape[-1]
        return DecodeStep("layerwise", layers.need(cells, self._vae.compression.space, self._vae.dtype), layers=layers)

    def first(self, budget: float) -> DecodeStep:
        if self._asked.mode == "whole" or (self._asked.mode == "auto" and self._whole <= budget):
            # As many at a time as ComfyUI's VAE.decode takes, which makes the result the same to the bit.
            return DecodeStep("whole", self._whole, batch=self._at_once(self._vae.free(), self._whole))
        if self._layerwise is not None and self._layerwise.need <= min(budget, self._whole):
            return self._layerwise
        # Tiles of a size that the user has given are tried whatever the estimate.
        tiles = self._tiles(float("inf") if self._asked.tile_size else budget)
        return replace(tiles, batch=self._at_once(budget, tiles.need))

    def below(self, step: DecodeStep) -> DecodeStep | None:
        """The next step after one that ran out of memory, one picture at a time; None when there is none."""
        if step.batch > 1:
            return replace(step, batch=1)
        if self._asked.mode == "whole":
            return None
        budget = step.need / 2
        if step.kind == "whole" and self._layerwise is not None and self._layerwise.need <= budget:
            return self._layerwise
        smaller = self._tiles(budget)
        if step.plan is None:
            return smaller if smaller.plan.tiles > 1 else None
        return smaller if smaller.need < step.need else None

    def _at_once(self, budget: float, need: float) -> int:
        return min(len(self._latent), max(1, int(budget / max(1.0, need))))

    def _tiles(self, budget: float) -> DecodeStep:
        shape = tuple(self._latent.shape)
        plan = plan_tiles(shape, self._vae.compression, self._vae.estimate, budget, self._asked)
        return DecodeStep("tiles", self._vae.estimate(plan.tile_of(shape)), plan=plan)


def _attempt(step: DecodeStep, latent: torch.Tensor, vae: Vae) -> torch.Tensor | None:
    """None where memory ran out."""
    try:
        if step.kind == "whole":
            return _whole(latent, vae, step.batch)
        if step.kind == "layerwise":
            return _layer_by_layer(latent, vae, step.layers)
        return _tiles(latent, vae, step)
    except Exception as problem:
        if not vae.ran_out(problem):
            raise
    return None


def _whole(latent: torch.Tensor, vae: Vae, batch: int) -> torch.Tensor:
    passed = vae.progress(-(-len(latent) // batch))
    pixels = None
    for start in range(0, len(latent), batch):
        part = vae.decode(latent[start : start + batch])
        passed()
        if pixels is None:
            pixels = part if len(part) == len(latent) else part.new_empty((len(latent), *part.shape[1:]))
        if pixels is not part:
            pixels[start : start + batch] = part
    return pixels


def _layer_by_layer(latent: torch.Tensor, vae: Vae, layers: LayerwiseDecoder) -> torch.Tensor:
    passed = vae.progress(len(latent) * layers.layers())
    pixels: torch.Tensor | None = None
    for index in range(len(latent)):

        def keep(top: int, rows: torch.Tensor, index: int = index) -> None:
            nonlocal pixels
            if pixels is None:
                height = latent.shape[-2] * vae.compression.space
                pixels = rows.new_empty((len(latent), rows.shape[1], height, rows.shape[3]))
            pixels[index, :, top : top + rows.shape[2]] = rows[0]

        vae.decode_layers(layers, latent[index : index + 1], keep, passed)
    return pixels


def _tiles(latent: torch.Tensor, vae: Vae, step: DecodeStep) -> torch.Tensor:
    starts = range(0, len(latent), step.batch)
    parts = [slice(start, min(len(latent), start + step.batch)) for start in starts]
    canvas = Canvas(step.plan, vae.compression, len(latent), latent.ndim == 5)
    passed = vae.progress(len(parts) * step.plan.tiles)
    for pictures in parts:
        middle = vae.middle(latent[pictures]) if latent.ndim == 5 and step.plan.tiles > 1 else None
        for tile in canvas.places():
            cells = tuple(window.cells for window in tile)
            with nullcontext() if middle is None else middle.given_to(cells):
                pixels = vae.decode(latent[(pictures, slice(None), *cells)])
            canvas.add(pictures, tile, pixels)
            passed()
    return canvas.pixels
