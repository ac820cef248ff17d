"""How much memory the next step needs, from the objects it will work with, by ComfyUI's own estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .memory import ComfyMemory
from .model_introspection import is_dynamic, patchers_in


@dataclass(frozen=True)
class Need:
    """amount: bytes. source: how it was found, in words."""

    amount: int
    source: str


def need_of(memory: ComfyMemory, model: Any = None, vae: Any = None, latent: Any = None) -> Need:
    """The larger of sampling with `model` and decoding with `vae`, for LATENT `latent`; any of them may be None.

    Counts weights that are not on the device yet (none on a CPU: there loading moves nothing).
    """
    shape = _shape(latent)
    found = [Need(memory.working(), "what ComfyUI wants free for any step")]
    if model is not None:
        found.append(_sampling(memory, model, shape))
    if vae is not None:
        found.append(_decoding(memory, vae, shape))
    return max(found, key=lambda need: need.amount)


def _sampling(memory: ComfyMemory, model: Any, shape: tuple[int, ...] | None) -> Need:
    amount = memory.working() + _not_loaded(memory, model)
    if shape is None or not hasattr(model, "memory_required"):
        return Need(amount, "sampling: weights still to load; no latent is linked to tell the size")
    # ComfyUI reserves for two passes at once: the prompt and the negative (comfy/sampler_helpers.py).
    amount += int(model.memory_required([shape[0] * 2, *shape[1:]]))
    return Need(amount, f"sampling a latent of {_words(shape)}, ComfyUI's estimate")


def _decoding(memory: ComfyMemory, vae: Any, shape: tuple[int, ...] | None) -> Need:
    amount = memory.working() + _not_loaded(memory, vae)
    if shape is None or not hasattr(vae, "memory_used_decode"):
        return Need(amount, "decoding: weights still to load; no latent is linked to tell the size")
    if getattr(vae, "latent_dim", 2) == 2 and len(shape) == 5:
        shape = (*shape[:2], *shape[3:])
    try:
        amount = int(vae.memory_used_decode(shape, vae.vae_dtype)) + _not_loaded(memory, vae)
    except (IndexError, TypeError):  # a latent of other dimensions than the VAE decodes
        return Need(amount, f"decoding: the linked latent of {_words(shape)} does not suit the VAE, so a guess")
    return Need(amount, f"decoding a latent of {_words(shape)}, ComfyUI's estimate")


def _not_loaded(memory: ComfyMemory, value: Any) -> int:
    if memory.on_cpu:
        return 0
    first = next(patchers_in(value), None)
    if first is None or is_dynamic(first):
        return 0
    return max(0, int(first.model_size()) - int(first.loaded_size()))


def _shape(latent: Any) -> tuple[int, ...] | None:
    samples = latent.get("samples") if isinstance(latent, Mapping) else None
    if getattr(samples, "is_nested", False) and hasattr(samples, "unbind"):
        samples = samples.unbind()[0]  # audio and video side by side: the video comes first
    shape = getattr(samples, "shape", None)
    return tuple(int(side) for side in shape) if shape is not None and len(shape) >= 3 else None


def _words(shape: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in shape)
