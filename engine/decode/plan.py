"""Which tiles a latent is decoded in: the fewest that fit. Pure; sizes in latent cells unless pixels are named."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .options import DecodeOptions

SMALLEST_SIDE = 256
"""Pixels. Below it a tile knows too little of the picture, and the error shows (docs/design-notes.md, 9.2)."""
LARGE_TILE, LARGE_OVERLAP, SMALL_OVERLAP = 512, 128, 64
"""Pixels. A decoder's convolutions see some 17 cells around each, the far ones hardly; half of that, 64 pixels, is
enough to hide a seam, and tiles that are large anyway can afford twice as much."""
LEAST_OVERLAP, LEAST_TILE = 2, 4
"""Cells, along any axis. A smaller tile would be overlap only."""

Shape = tuple[int, ...]
"""Of a latent: [B, C, h, w] or [B, C, t, h, w]."""
Estimate = Callable[[Shape], float]
"""Bytes that decoding a latent of this shape takes."""


@dataclass(frozen=True)
class Compression:
    """What a cell becomes. space: pixels of its side. frames: latent frames to frames. first_frame: place in the whole
    video of the first frame that a piece gives which begins at this latent frame."""

    space: int
    frames: Callable[[int], int] = lambda cells: cells
    first_frame: Callable[[int], int] = lambda cell: cell


@dataclass(frozen=True)
class Axis:
    """`count` equal pieces of `tile` cells that cover `length` cells, evenly spread."""

    length: int
    tile: int
    count: int = 1

    def starts(self) -> list[int]:
        if self.count == 1:
            return [0]
        return [round(i * (self.length - self.tile) / (self.count - 1)) for i in range(self.count)]


@dataclass(frozen=True)
class TilePlan:
    """fits: False for the smallest tiles there are where even they are estimated to need more than there is."""

    time: Axis
    rows: Axis
    columns: Axis
    fits: bool = True

    @property
    def tiles(self) -> int:
        return self.time.count * self.rows.count * self.columns.count

    @property
    def work(self) -> float:
        """Cells decoded, of those there are: 1.0 without any overlap."""
        return math.prod(axis.count * axis.tile / axis.length for axis in (self.time, self.rows, self.columns))

    @property
    def striped(self) -> bool:
        """Whether each tile spans the picture from edge to edge."""
        return self.rows.count == 1 or self.columns.count == 1

    def tile_of(self, shape: Shape) -> Shape:
        """Shape of one tile of a latent of that shape, one picture or video at a time."""
        time = (self.time.tile,) if len(shape) == 5 else ()
        return (1, shape[1], *time, self.rows.tile, self.columns.tile)


def plan_tiles(
    shape: Shape, compression: Compression, estimate: Estimate, budget: float, asked: DecodeOptions | None = None
) -> TilePlan:
    """The fewest tiles of at most `budget` bytes each; of equally many stripes before grids, then the squarest.

    Never one tile where more are possible. Time is split last, because its seams flash; but where the user has given a
    temporal_size, no piece is longer. A tile_size is an upper limit.
    """
    asked = asked or DecodeOptions()
    smallest = None
    for time in _time_axes(shape, compression, asked):
        found = [
            TilePlan(time, rows, columns)
            for rows in _side_axes(shape[-2], compression.space, asked)
            for columns in _side_axes(shape[-1], compression.space, asked)
        ]
        found = [plan for plan in found if plan.tiles > 1] or found
        fitting = [plan for plan in found if estimate(plan.tile_of(shape)) <= budget]
        if fitting:
            return min(fitting, key=_preference)
        smallest = min(found, key=lambda plan: (math.prod(plan.tile_of(shape)), plan.tiles))
    return TilePlan(smallest.time, smallest.rows, smallest.columns, fits=False)


def _preference(plan: TilePlan) -> tuple[float, ...]:
    return plan.tiles, not plan.striped, -min(plan.rows.tile, plan.columns.tile), plan.work, plan.columns.count


def _side_axes(length: int, space: int, asked: DecodeOptions) -> Iterator[Axis]:
    """All ways to split a side, from the fewest pieces on."""
    limit = max(LEAST_TILE, asked.tile_size // space) if asked.tile_size else length
    least = min(length, limit, max(LEAST_TILE, SMALLEST_SIDE // space))
    given = False
    for count in range(1, length + 1):
        axis = _side(length, count, space, asked)
        if axis is None or (axis.tile < least and given):
            break
        if axis.tile <= limit:
            given = True
            yield axis
    if not given:
        yield Axis(length, length)


def _side(length: int, count: int, space: int, asked: DecodeOptions) -> Axis | None:
    """None where so many pieces would be nothing but overlap."""
    if count == 1:
        return Axis(length, length)
    if asked.overlap:
        return _split(length, count, math.ceil(asked.overlap / space))
    # A quarter of a tile whose size is given, as VAEDecodeTiled has it.
    most = asked.tile_size // 4 if asked.tile_size else LARGE_OVERLAP
    large = _split(length, count, min(most, LARGE_OVERLAP) // space)
    if large is not None and large.tile * space >= LARGE_TILE:
        return large
    return _split(length, count, min(most, SMALL_OVERLAP) // space)


def _split(length: int, count: int, overlap: int) -> Axis | None:
    overlap = max(LEAST_OVERLAP, overlap)
    tile = math.ceil((length + (count - 1) * overlap) / count)
    return Axis(length, tile, count) if tile > overlap and length - tile >= count - 1 else None


def _time_axes(shape: Shape, compression: Compression, asked: DecodeOptions) -> Iterator[Axis]:
    """The whole time first, or the longest pieces that the user allows; then twice as many, and so on."""
    if len(shape) == 4:
        yield Axis(1, 1)
        return
    length = shape[2]
    overlap = _cells(asked.temporal_overlap, compression) if asked.temporal_overlap else LEAST_OVERLAP
    limit = max(LEAST_TILE, _cells(asked.temporal_size, compression)) if asked.temporal_size else length
    count, given = 1, False
    while True:
        axis = Axis(length, length) if count == 1 else _split(length, count, overlap)
        if axis is None or (axis.tile < LEAST_TILE and given):
            break
        if axis.tile <= limit:
            given = True
            yield axis
        count = count * 2 if given else count + 1
    if not given:
        yield Axis(length, length)


def _cells(frames: int, compression: Compression) -> int:
    """The most latent frames that give no more than so many frames; at least one."""
    cells = 1
    while compression.frames(cells + 1) <= frames:
        cells += 1
    return cells
