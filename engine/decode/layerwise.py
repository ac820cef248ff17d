"""Decoding layer by layer, each layer in stripes of rows: the picture of a whole decode in about half its memory.

For the decoder of AutoencoderKL (SD 1.5, SDXL, SD3, FLUX, Z-Image). Tiles decoded one after the other differ from the
whole picture because group norms and attention see only the tile (ComfyUI #500). Here every layer is finished for the
whole picture before the next one begins: convolutions get each stripe with the rows next to it, norms use the whole
picture's mean and variance, attention takes the queries piece by piece. So only what lies between two layers is held,
never the copies that a layer makes on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional

from .decoder_structure import Unsupported, steps_of

STRIPES = 16
"""Of the largest layer; smaller ones take fewer. More need less memory and more time: rows between are done twice."""
COPIES = 6
"""Stripes in memory while one is worked on: with its neighbours, normed, convolved, and what the convolution takes."""
SCORES = 2**24
"""Attention scores held at a time."""
RESERVE = 1.5
"""What a decode took in the worst case measured, of what the layers' sizes add up to (1024 pixels, float32, CPU)."""
SAMPLE = 12
"""Cells of the side of the piece that is decoded both ways to see that they agree."""


class Sink(Protocol):
    """Takes finished rows: pixels [B, 3, rows, W] as the model gives them, whose first is row `top` of the picture."""

    def __call__(self, top: int, pixels: torch.Tensor) -> None: ...


class _Reached(Exception):
    """Carries the decoder's input out of the model."""

    def __init__(self, given: torch.Tensor) -> None:
        super().__init__()
        self.given = given


class LayerwiseDecoder:
    """model: one whose `decode(latent)` ends in its `decoder`. Raises Unsupported for a decoder of another kind.

    stripes: of the largest layer.
    """

    def __init__(self, model: nn.Module, stripes: int = STRIPES) -> None:
        self._model, self._stripes = model, stripes
        self._decoder: Any = getattr(model, "decoder", None)
        self._steps = steps_of(self._decoder)
        self._elements = 0

    def need(self, cells: int, space: int, dtype: torch.dtype) -> float:
        """Bytes for a latent of so many cells, of `space` x `space` pixels each. Counted from the layers' channels."""
        area = cells * space**2 // self._growth
        held, largest = self._extent(area)
        attention = 6 * self._decoder.conv_in.out_channels * area + 3 * SCORES
        # Statistics are taken in float32 whatever the dtype.
        stripes = COPIES * largest / self._stripes * max(4, dtype.itemsize)
        return RESERVE * (max(held, attention) * dtype.itemsize + stripes)

    def layers(self) -> int:
        """How often `decode` calls `passed`."""
        return len(self._steps) + 1

    def decode(self, latent: torch.Tensor, sink: Sink, passed: Callable[[], None] = lambda: None) -> None:
        """latent: [1, C, h, w], of the model's device and dtype. Everything goes to the sink, from the top down.

        passed: called after each layer, and may raise.
        """
        given = self._decoder_input(latent)
        self._elements = max(1, self._extent(given.shape[-2] * given.shape[-1])[1] // self._stripes)
        x = self._decoder.conv_in(given)
        del given
        for kind, module in self._steps:
            if kind == "block":
                x = self._block(module, x)
            elif kind == "attention":
                x = self._attention(module, x)
            else:
                x = self._upsample(module, x)
            passed()
        self._finish(x, sink)
        passed()

    def agrees(self, latent: torch.Tensor) -> bool:
        """Whether a small piece of the latent comes out as the model itself decodes it.

        Says so for certain, whatever version of ComfyUI the model comes from and whatever it does around its decoder.
        """
        piece = latent[:1, :, :SAMPLE, :SAMPLE]
        expected = self._model.decode(piece).float()
        rows: list[torch.Tensor] = []
        LayerwiseDecoder(self._model, stripes=3).decode(piece, lambda top, pixels: rows.append(pixels.float()))
        found = torch.cat(rows, dim=2)
        tolerance = 1e-3 if latent.dtype == torch.float32 else 0.05
        return found.shape == expected.shape and bool(
            (found - expected).abs().mean() <= tolerance * expected.abs().mean()
        )

    @property
    def _growth(self) -> int:
        """Pixels that each cell of the decoder's own input becomes. FLUX.2 has 2 x 2 of them in a latent's cell."""
        return 4 ** sum(kind == "upsample" for kind, _ in self._steps)

    def _extent(self, area: int) -> tuple[int, int]:
        """(elements held between layers, elements of the largest one), for that many cells of the decoder's input."""
        channels = stored = self._decoder.conv_in.out_channels
        held = largest = 0
        for kind, module in self._steps:
            if kind == "block":
                channels = module.conv1.out_channels
                held = max(held, area * (max(stored, channels) + channels))
                stored = max(stored, channels)
            elif kind == "upsample":
                held = max(held, area * (stored + 4 * channels))
                area, stored = 4 * area, channels
            largest = max(largest, area * stored)
        return held, largest

    def _decoder_input(self, latent: torch.Tensor) -> torch.Tensor:
        """What the model makes of a latent before its decoder: the hook ends the decode there."""

        def stop(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            raise _Reached(given[0])

        hook = self._decoder.register_forward_pre_hook(stop)
        try:
            self._model.decode(latent)
        except _Reached as reached:
            return reached.given
        finally:
            hook.remove()
        raise Unsupported("the model does not use its decoder")

    def _rows(self, x: torch.Tensor) -> Iterator[tuple[int, int]]:
        """Stripes [top, bottom) of x, each as large as memory was counted for."""
        height = x.shape[2]
        count = min(height, -(-x.numel() // self._elements))
        for i in range(count):
            yield i * height // count, (i + 1) * height // count

    def _norm(self, norm: nn.GroupNorm, x: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        """The group norm with the statistics of all of x, as a function of any part of x.

        A group norm whose statistics are given is a batch norm that no longer learns.
        """
        # Sums around a value near the mean: as exact as torch.var_mean, in a tenth of its time on a CPU.
        near = x[:, :, :1].float().mean(dim=(0, 2, 3)).unflatten(0, (norm.num_groups, -1)).mean(1)
        total, squares = torch.zeros_like(near), torch.zeros_like(near)
        for top, bottom in self._rows(x):
            part = x[:, :, top:bottom].unflatten(1, (norm.num_groups, -1)).float() - near.view(1, -1, 1, 1, 1)
            total += part.sum(dim=(0, 2, 3, 4))
            squares += torch.linalg.vector_norm(part.movedim(1, 0).flatten(1), dim=1) ** 2
        count = x.numel() // norm.num_groups
        mean, variance = near + total / count, squares / count - (total / count) ** 2
        size = norm.num_channels // norm.num_groups
        mean, variance = mean.repeat_interleave(size), variance.repeat_interleave(size)
        weight, bias = (value.detach().to(x.device, torch.float32) for value in (norm.weight, norm.bias))
        return lambda part: functional.batch_norm(part, mean, variance, weight, bias, eps=norm.eps)

    def _convolved(
        self, x: torch.Tensor, work: Callable[[torch.Tensor], torch.Tensor], scale: int = 1
    ) -> Iterator[tuple[int, torch.Tensor]]:
        """(first row, result) of each stripe. work: what a 3 x 3 convolution ends; scale: rows it makes of one."""
        height = x.shape[2]
        for top, bottom in self._rows(x):
            above = max(0, top - 1)
            done = work(x[:, :, above : min(height, bottom + 1)])
            yield top * scale, done[:, :, (top - above) * scale : (bottom - above) * scale]

    def _block(self, block: Any, x: torch.Tensor) -> torch.Tensor:
        """A residual block. x is overwritten where it has room for the result."""
        norm = self._norm(block.norm1, x)
        hidden = x.new_empty((x.shape[0], block.conv1.out_channels, *x.shape[2:]))
        for top, rows in self._convolved(x, lambda part: block.conv1(functional.silu(norm(part), inplace=True))):
            hidden[:, :, top : top + rows.shape[2]] = rows
        norm = self._norm(block.norm2, hidden)
        channels = block.conv2.out_channels
        out = x[:, :channels] if channels <= x.shape[1] else torch.empty_like(hidden)
        for top, rows in self._convolved(hidden, lambda part: block.conv2(functional.silu(norm(part), inplace=True))):
            place = slice(top, top + rows.shape[2])
            before = x[:, :, place]
            if block.in_channels != block.out_channels:
                before = block.nin_shortcut(before)
            torch.add(before, rows, out=out[:, :, place])
        return out

    def _attention(self, attention: Any, x: torch.Tensor) -> torch.Tensor:
        normed = attention.norm(x)
        query, key, value = (
            layer(normed).flatten(2).transpose(1, 2).unsqueeze(1) for layer in (attention.q, attention.k, attention.v)
        )
        piece = max(1, SCORES // key.shape[2])
        for start in range(0, query.shape[2], piece):
            place = (slice(None), slice(None), slice(start, start + piece))
            query[place] = functional.scaled_dot_product_attention(query[place], key, value)
        return x.add_(attention.proj_out(query.squeeze(1).transpose(1, 2).reshape(x.shape)))

    def _upsample(self, upsample: Any, x: torch.Tensor) -> torch.Tensor:
        out = x.new_empty((x.shape[0], upsample.conv.out_channels, 2 * x.shape[2], 2 * x.shape[3]))
        for top, rows in self._convolved(x, upsample, scale=2):
            out[:, :, top : top + rows.shape[2]] = rows
        return out

    def _finish(self, x: torch.Tensor, sink: Sink) -> None:
        norm = self._norm(self._decoder.norm_out, x)
        last = self._decoder.conv_out
        for top, rows in self._convolved(x, lambda part: last(functional.silu(norm(part), inplace=True))):
            sink(top, torch.tanh(rows) if self._decoder.tanh_out else rows)
