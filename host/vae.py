"""A VAE of ComfyUI's as the engine needs it. What differs between versions ends here."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import comfy.model_management
import comfy.utils
import torch

from ..engine.decode.decoder_structure import Unsupported
from ..engine.decode.layerwise import LayerwiseDecoder, Sink
from ..engine.decode.plan import Compression, Shape
from ..engine.decode.shared_middle import SharedMiddle
from ..engine.graph.render_error import says_out_of_memory

LOG = logging.getLogger(__name__)

SPARE, SPARE_ON_CPU = 0.15, 0.4
"""Share of free memory left alone. On a CPU it is the computer's own memory, which others need too."""
STEREO = 2
"""Output channels of VAEs for sound."""

_agreeing: WeakSet[torch.nn.Module] = WeakSet()
"""Models of VAEs that were seen to give the same pixels layer by layer."""


def why_not_ours(vae: Any, latent: torch.Tensor) -> str | None:
    """Why this VAE had better decode this latent by itself, as a clause; None where we can."""
    needed = ("first_stage_model", "patcher", "memory_used_decode", "process_output", "vae_dtype", "device")
    if any(getattr(vae, name, None) is None for name in needed):
        return "it is not one of ComfyUI's own"
    if getattr(vae, "handles_tiling", False):
        return "it splits the work itself"
    if getattr(vae, "extra_1d_channel", None) is not None or getattr(vae, "output_channels", 3) == STEREO:
        return "it is for sound"
    dimensions = getattr(vae, "latent_dim", None)
    if dimensions not in (2, 3) or latent.ndim != dimensions + 2:
        return f"it does not fit a latent of {latent.ndim} dimensions"
    return None


class ComfyVae:
    """The engine's Vae port over a ComfyUI VAE, for which `why_not_ours` found nothing."""

    def __init__(self, vae: Any) -> None:
        self._vae, self._device = vae, vae.device
        self.dtype: torch.dtype = vae.vae_dtype
        self.spare = SPARE_ON_CPU if comfy.model_management.is_device_cpu(self._device) else SPARE
        self.compression = _compression(vae)

    def estimate(self, shape: Shape) -> float:
        return float(self._vae.memory_used_decode(shape, self.dtype))

    def load(self, need: float) -> None:
        whole_weights = getattr(self._vae, "disable_offload", False)
        comfy.model_management.load_models_gpu([self._vae.patcher], memory_required=need, force_full_load=whole_weights)

    def free(self) -> float:
        # With dynamic VRAM the device's own figure is too low, and the patcher has one (0.25 and later).
        of_patcher = getattr(self._vae.patcher, "get_free_memory", None)
        ask = comfy.model_management.get_free_memory if of_patcher is None else of_patcher
        return float(ask(self._device))

    def most(self) -> float:
        if comfy.model_management.is_device_cpu(self._device):
            return self.free()
        weights = comfy.model_management.module_size(self._vae.first_stage_model)
        return float(comfy.model_management.get_total_memory(self._device)) - weights

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        with _on(self._device):
            return self._finished(self._vae.first_stage_model.decode(self._prepared(latent)))

    def decode_layers(
        self, layers: LayerwiseDecoder, latent: torch.Tensor, sink: Sink, passed: Callable[[], None]
    ) -> None:
        with _on(self._device):
            layers.decode(self._prepared(latent), lambda top, rows: sink(top, self._finished(rows)), passed)

    def _prepared(self, latent: torch.Tensor) -> torch.Tensor:
        return latent.to(device=self._device, dtype=self.dtype)

    def _finished(self, pixels: torch.Tensor) -> torch.Tensor:
        # In new versions process_output works in place, in older ones it gives a new tensor: so a copy, and its result.
        own = pixels.to(device=self._vae.output_device, dtype=self._output_dtype(), copy=True)
        return self._vae.process_output(own)

    def _output_dtype(self) -> torch.dtype:
        ask = getattr(self._vae, "vae_output_dtype", None)
        return torch.float32 if ask is None else ask()

    def layerwise(self, latent: torch.Tensor) -> LayerwiseDecoder | None:
        model = self._vae.first_stage_model
        try:
            found = LayerwiseDecoder(model)
            if model not in _agreeing:
                self.load(0)
                with _on(self._device):
                    if not found.agrees(self._prepared(latent)):
                        return None
                _agreeing.add(model)
        except (Unsupported, RuntimeError) as problem:
            # Tiles are left, and an error that is not of this way to decode will come from them too.
            LOG.debug("Imitatoes: this VAE is not decoded layer by layer: %s", problem)
            return None
        return found

    def middle(self, latent: torch.Tensor) -> SharedMiddle | None:
        try:
            with _on(self._device):
                return SharedMiddle(self._vae.first_stage_model, self._prepared(latent))
        except (Unsupported, RuntimeError) as problem:
            LOG.debug("Imitatoes: tiles of this VAE make their own middle: %s", problem)
        # Outside of the except block: what ran out of memory is let go by now.
        self.tidy()
        return None

    def ran_out(self, problem: Exception) -> bool:
        return is_out_of_memory(problem)

    def tidy(self) -> None:
        gc.collect()
        comfy.model_management.soft_empty_cache()

    def progress(self, total: int) -> Callable[[], None]:
        bar = comfy.utils.ProgressBar(total)

        def passed() -> None:
            comfy.model_management.throw_exception_if_processing_interrupted()
            bar.update(1)

        return passed


def _on(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Versions for several GPUs want theirs named around a decode."""
    context = getattr(comfy.model_management, "cuda_device_context", None)
    return contextlib.nullcontext() if context is None else context(device)


def _compression(vae: Any) -> Compression:
    space = int(vae.spacial_compression_decode())
    if vae.latent_dim == 2:
        return Compression(space)
    ratio, place = vae.upscale_ratio, getattr(vae, "upscale_index_formula", None)
    return Compression(space, _times(ratio), _times(place if place is not None else ratio))


def _times(ratios: Any) -> Callable[[int], int]:
    """Of a ratio for (time, height, width), or one for all, the one of time: a factor, or a function."""
    time = ratios[0] if isinstance(ratios, (tuple, list)) else ratios
    return lambda cells: round(time(cells) if callable(time) else time * cells)


def is_out_of_memory(problem: BaseException) -> bool:
    """Of the GPU or of the computer. Never true for an interrupt."""
    management = comfy.model_management
    if isinstance(problem, management.InterruptProcessingException):
        return False
    if isinstance(problem, (torch.cuda.OutOfMemoryError, MemoryError)):
        return True
    # Since 0.17. OOM_EXCEPTION, which is older, stands for any exception where torch has none of its own.
    known = getattr(management, "is_oom", None)
    if known is not None and known(problem):
        return True
    return isinstance(problem, RuntimeError) and says_out_of_memory(str(problem))
