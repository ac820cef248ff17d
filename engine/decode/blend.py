"""Putting decoded tiles together: one pass into one buffer, by weights that add up to one everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import torch

from .plan import Axis, Compression, TilePlan

Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Window:
    """Where tiles go along one axis: `cells` of the latent become the pixels (or frames) `place`, by their weights."""

    cells: slice
    place: slice
    weights: torch.Tensor


def weights_of(spans: Sequence[Span]) -> list[torch.Tensor]:
    """Weights 0..1 of spans [start, stop) that cover a line in order: raised cosines where they overlap, 1 elsewhere.

    At each point they add up to 1, and each is above 0. Because they do so along every axis by itself, tiles weighted
    by the product of theirs add up to the picture, and no sum of weights has to be kept.
    """
    found = []
    for i, (start, stop) in enumerate(spans):
        weights = torch.ones(stop - start)
        before = min(len(weights), spans[i - 1][1] - start) if i else 0
        after = min(len(weights), stop - spans[i + 1][0]) if i + 1 < len(spans) else 0
        if before > 0:
            weights[:before] *= _rise(before)
        if after > 0:
            weights[-after:] *= _rise(after).flip(0)
        found.append(weights)
    total = torch.zeros(spans[-1][1])
    for (start, stop), weights in zip(spans, found, strict=True):
        total[start:stop] += weights
    return [weights / total[start:stop] for (start, stop), weights in zip(spans, found, strict=True)]


def _rise(length: int) -> torch.Tensor:
    """From nearly 0 to nearly 1, the same from either end."""
    return torch.sin((torch.arange(length) + 0.5) / length * math.pi / 2) ** 2


def _windows(axis: Axis, spans: Sequence[Span]) -> list[Window]:
    return [
        Window(slice(cell, cell + axis.tile), slice(*span), weights)
        for cell, span, weights in zip(axis.starts(), spans, weights_of(spans), strict=True)
    ]


class Canvas:
    """The buffer that tiles are added to. pixels: [B, C, H, W] or [B, C, F, H, W], complete once every tile is in.

    batch: pictures in it. Made when the first tile comes, which tells the channels, dtype and device.
    """

    def __init__(self, plan: TilePlan, compression: Compression, batch: int, video: bool) -> None:
        space = compression.space
        sides = [
            _windows(axis, [(cell * space, (cell + axis.tile) * space) for cell in axis.starts()])
            for axis in (plan.rows, plan.columns)
        ]
        first, frames = compression.first_frame, compression.frames(plan.time.tile)
        times = _windows(plan.time, [(first(cell), first(cell) + frames) for cell in plan.time.starts()])
        self._axes: list[list[Window]] = [times, *sides] if video else sides
        self._shape = tuple(windows[-1].place.stop for windows in self._axes)
        self._batch = batch
        self.pixels: torch.Tensor | None = None

    def places(self) -> Iterator[tuple[Window, ...]]:
        """One tuple of windows, (time,) rows, columns, for each tile."""
        return product(*self._axes)

    def add(self, pictures: slice, tile: tuple[Window, ...], pixels: torch.Tensor) -> None:
        """Put the decoded tile of these pictures of the batch in its place. pixels is used up.

        Raises WrongSize where it is not of the size that the compression promises.
        """
        expected = tuple(len(window.weights) for window in tile)
        if tuple(pixels.shape[2:]) != expected:
            raise WrongSize(f"a tile came out as {tuple(pixels.shape[2:])} pixels, {expected} were expected")
        if self.pixels is None:
            self.pixels = pixels.new_zeros((self._batch, pixels.shape[1], *self._shape))
        for axis, window in enumerate(tile):
            along = [1] * pixels.ndim
            along[2 + axis] = -1
            pixels = pixels.mul_(window.weights.to(pixels).view(along))
        self.pixels[(pictures, slice(None), *(window.place for window in tile))] += pixels


class WrongSize(RuntimeError):
    """A VAE gives another number of pixels for each cell than it says, so its tiles cannot be put together."""
