"""A VAE without ComfyUI: the engine's port, with memory that is only counted."""

from __future__ import annotations

import torch
from pack.engine.decode.plan import Compression

SPACE = 8
VIDEO = Compression(SPACE, lambda cells: 4 * cells - 3, lambda cell: 4 * cell)
BYTES = 1000.0
"""That the fake estimates for each cell."""


class OutOfMemory(Exception):
    pass


class Interrupted(BaseException):
    pass


class FakeVae:
    """Decodes by nearest neighbours and a 3 x 3 convolution, so that overlaps of two cells are enough for tiles to be
    equal to the whole. fails: numbers of the decodes (from 1) at which memory runs out. free_bytes: what it says is
    free. interrupt_at: number of the piece after which the user interrupts."""

    spare = 0.15
    dtype = torch.float32

    def __init__(self, free_bytes=1e12, fails=(), video=False, interrupt_at=None, layerwise=None):
        torch.manual_seed(0)
        self.compression = VIDEO if video else Compression(SPACE)
        self.free_bytes, self.fails, self.interrupt_at = free_bytes, set(fails), interrupt_at
        self.convolution = torch.nn.Conv2d(4, 3, 3, padding=1).requires_grad_(False)
        self.way = layerwise
        self.loaded, self.decoded, self.bars, self.tidied = [], [], [], 0

    def estimate(self, shape):
        cells = 1.0
        for side in shape[2:]:
            cells *= side
        return BYTES * cells

    def load(self, need):
        self.loaded.append(need)

    def free(self):
        return self.free_bytes

    def most(self):
        return self.free_bytes

    def layerwise(self, latent):
        return self.way

    def middle(self, latent):
        return None

    def decode_layers(self, layers, latent, sink, passed):
        layers.decode(latent, sink, passed)

    def decode(self, latent):
        self.decoded.append(tuple(latent.shape))
        if len(self.decoded) in self.fails:
            raise OutOfMemory
        return self.pixels(latent)

    def pixels(self, latent):
        if latent.ndim == 4:
            return self.convolution(torch.nn.functional.interpolate(latent, scale_factor=SPACE, mode="nearest"))
        frames = [latent[:, :, :1], latent[:, :, 1:].repeat_interleave(4, dim=2)]
        flat = torch.cat(frames, dim=2).movedim(2, 1).flatten(0, 1)
        return self.pixels(flat).unflatten(0, (len(latent), -1)).movedim(1, 2)

    def ran_out(self, problem):
        return isinstance(problem, OutOfMemory)

    def tidy(self):
        self.tidied += 1

    def progress(self, total):
        bar = [0, total]
        self.bars.append(bar)

        def passed():
            bar[0] += 1
            if bar[0] == self.interrupt_at:
                raise Interrupted

        return passed


class FakeLayerwise:
    """Decodes as the fake does. bytes: what it says it needs."""

    def __init__(self, vae, need, fails=False):
        self.vae, self.bytes, self.fails = vae, need, fails

    def need(self, cells, space, dtype):
        return self.bytes

    def layers(self):
        return 2

    def decode(self, latent, sink, passed):
        if self.fails:
            raise OutOfMemory
        whole = self.vae.pixels(latent)
        passed()
        half = whole.shape[2] // 2
        sink(0, whole[:, :, :half])
        sink(half, whole[:, :, half:])
        passed()
