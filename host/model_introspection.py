"""Which of ComfyUI's models a value holds, and what a model is. By their attributes, so that packs' own kinds count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST, MOST = 5, 1000
"""How deep into lists and dictionaries a value is searched, and at most how many entries of each."""


def patchers_in(value: Any, deepest: int = DEEPEST) -> Iterator[Any]:
    """The patchers of a MODEL, CLIP, VAE or control net, also inside lists and dictionaries such as conditioning."""
    if _is_patcher(value):
        yield value
        for additional in _called(value, "model_patches_models"):
            if _is_patcher(additional):
                yield additional
    elif _is_patcher(getattr(value, "patcher", None)):
        yield from patchers_in(value.patcher, deepest)
    elif isinstance(value, Mapping | list | tuple):
        if deepest > 0:
            entries = value.values() if isinstance(value, Mapping) else value
            for entry, _ in zip(entries, range(MOST), strict=False):
                yield from patchers_in(entry, deepest - 1)
    else:
        yield from (p for p in _called(value, "get_models") if _is_patcher(p))


def identity(patcher: Any) -> str:
    """The same for a patcher and all its clones (with LoRAs, say), as long as the model lives."""
    return str(id(patcher.model))


def kind_of(patcher: Any) -> str:
    """MODEL, CLIP or VAE; "" for anything else."""
    model = patcher.model
    if hasattr(model, "diffusion_model"):
        return "MODEL"
    if hasattr(model, "encode_token_weights"):
        return "CLIP"
    if hasattr(model, "encode") and hasattr(model, "decode"):
        return "VAE"
    return ""


def name_of(patcher: Any) -> str:
    """For people: kind and class, such as "MODEL Flux"."""
    return f"{kind_of(patcher)} {type(patcher.model).__name__.strip('_')}".strip()


def elements_of(patcher: Any) -> int:
    """Count of the model's numbers; 0 when it cannot be counted. For a MODEL that of the diffusion model alone."""
    try:
        counted = getattr(patcher.model, "diffusion_model", patcher.model)
        return sum(parameter.numel() for parameter in counted.parameters())
    except Exception:  # packs bring models whose parameters are no ordinary tensors; nothing is lost by not knowing
        return 0


def is_dynamic(patcher: Any) -> bool:
    """Whether ComfyUI (0.16 and later) moves this model's weights in and out by itself while it computes."""
    asked = getattr(patcher, "is_dynamic", None)
    return bool(asked()) if callable(asked) else False


def _is_patcher(value: Any) -> bool:
    return hasattr(value, "model") and hasattr(value, "load_device") and hasattr(value, "model_size")


def _called(value: Any, name: str) -> list[Any]:
    method = getattr(value, name, None)
    if not callable(method) or isinstance(value, type):
        return []
    try:
        return list(method())
    except Exception:  # a method of that name may be anything; then the value holds no models that we know of
        return []
