"""Whether a LoRA fits a loaded model, found out by ComfyUI's own code on tensors that have a size and no content.

ComfyUI's modules are imported when a model is at hand, for then they are loaded anyway; the rehearsal has none of them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch

from ..engine.style.families import family_of_model
from ..engine.style.fit import UNCHECKED, Counts, Fit, Verdict, judge_fit, text_sentence
from ..engine.style.header import Header, read_header
from ..engine.style.installed import LoraFile
from ..engine.style.lora_parts import is_text_encoder, parts_of

Shape = tuple[int, ...]
MOST_RESULTS = 500
MOST_SIDES = 8
"""Of a weight."""
PACKED_SHARE = 0.1
"""Share of matrices stored as integers from which a model counts as packed (4-bit formats, GGUF)."""


@dataclass
class Side:
    """A diffusion model or text encoder as LoRAs address it. key_map: ComfyUI's, LoRA name to weight."""

    key_map: Mapping[str, Any]
    sizes: Mapping[str, Shape]
    packed: bool
    results: dict[Any, Counts] = field(default_factory=dict)


_sides: WeakKeyDictionary[torch.nn.Module, Side] = WeakKeyDictionary()


def family_of(model: Any) -> str:
    """The family of a MODEL; "" where it is unknown."""
    config = getattr(getattr(model, "model", None), "model_config", None)
    if config is None:
        return ""
    unet = getattr(config, "unet_config", None)
    return family_of_model([one.__name__ for one in type(config).__mro__], unet if isinstance(unet, dict) else {})


def fit_of(file: LoraFile, model: Any, clip: Any | None) -> Fit:
    """Compare one file with MODEL and CLIP by its header alone. Raises BadHeader and OSError for an unreadable file."""
    header = read_header(file.path)
    try:
        diffusion = _side(getattr(model, "model", None), _diffusion_side)
        text = _side(getattr(clip, "cond_stage_model", None), _text_side)
        if diffusion is None:
            return UNCHECKED
        counted = _counts(file, header, diffusion, text=False)
        counted_text = _counts(file, header, text, text=True) if text else None
    except Exception:
        # A model or an adapter of a kind that ComfyUI's matching was not written for: say so, and let it try.
        logging.warning("Imitatoes: %s could not be compared with the model.", file.name, exc_info=True)
        return UNCHECKED
    fit = judge_fit(counted, counted_text, diffusion.packed)
    if fit.verdict is Verdict.REFUSE:
        return fit
    text_parts = sum(map(is_text_encoder, parts_of(header.shapes)))
    return Fit(fit.verdict, f"{fit.sentence} {text_sentence(text_parts, counted_text)}".strip())


def _side(module: Any, made: Any) -> Side | None:
    if not isinstance(module, torch.nn.Module):
        return None
    if module not in _sides:
        _sides[module] = made(module)
    return _sides[module]


def _diffusion_side(module: torch.nn.Module) -> Side:
    import comfy.lora

    return _described(module, comfy.lora.model_lora_keys_unet(module, {}))


def _text_side(module: torch.nn.Module) -> Side:
    import comfy.lora

    return _described(module, comfy.lora.model_lora_keys_clip(module, {}))


def _described(module: torch.nn.Module, key_map: Mapping[str, Any]) -> Side:
    weights = module.state_dict()
    matrices = [weight for weight in weights.values() if weight.dim() == 2]
    packed = [one for one in matrices if not one.is_floating_point()]
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    return Side(key_map, shapes, bool(packed) and len(packed) >= PACKED_SHARE * len(matrices))


def _counts(file: LoraFile, header: Header, side: Side, text: bool) -> Counts:
    key = (file.path, file.stamp)
    if key not in side.results:
        if len(side.results) >= MOST_RESULTS:
            side.results.clear()
        side.results[key] = count(header.shapes, side, text)
    return side.results[key]


def count(shapes: Mapping[str, Shape], side: Side, text: bool) -> Counts:
    """Match names with ComfyUI's own loader, then compare sizes. text: whether the side is the text encoder's."""
    import comfy.lora
    import comfy.lora_convert

    ghosts = comfy.lora_convert.convert_lora({name: _ghost(name, shape) for name, shape in shapes.items()})
    loaded = comfy.lora.load_lora(ghosts, side.key_map, log_missing=False)
    right, example = 0, None
    for target, patch in loaded.items():
        weight, part = (target, None) if isinstance(target, str) else (target[0], target[1])
        if weight not in side.sizes:
            continue
        wanted = list(side.sizes[weight])
        if part is not None:
            dimension, _, length = part  # ComfyUI's (dimension, start, length): one part of several joined weights
            wanted[dimension] = length
        change = _size_of_change(patch)
        if change is None or _same_size(change, wanted):
            right += 1
        else:
            example = example or (weight, tuple(wanted), change)
    parts = sum(is_text_encoder(name) == text for name in parts_of(shapes))
    return Counts(parts, len(loaded), right, example)


def _ghost(name: str, shape: Shape) -> torch.Tensor:
    """A tensor without content, except where the loader looks at the content: a scale, and the size to enlarge to."""
    if name.endswith(".alpha"):
        return torch.ones(())
    if name.endswith(".reshape_weight"):
        if math.prod(shape) > MOST_SIDES:
            raise ValueError(f"{name} is no list of sides")
        return torch.zeros(shape)
    return torch.empty(shape, device="meta")


def _same_size(change: Shape, wanted: list[int]) -> bool:
    return math.prod(change) == math.prod(wanted) and (not change or change[0] == wanted[0])


def _size_of_change(patch: Any) -> Shape | None:
    """Size of the change that a patch makes; None for kinds that do not show it, which count as fitting."""
    if isinstance(patch, tuple):
        return tuple(patch[1][0].shape) if patch[0] in ("diff", "set") else None
    kind, weights = getattr(patch, "name", ""), getattr(patch, "weights", ())
    if kind == "lora":
        up, down, _, middle, _, enlarged = weights
        return (up.shape[0], *down.shape[1:]) if middle is None and enlarged is None else None
    if kind == "loha":
        first, second, core = weights[0], weights[1], weights[5]
        return (first.shape[0], second.shape[-1]) if core is None and first.dim() == 2 else None
    return None
