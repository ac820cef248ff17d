"""A LoRA's parts: which module each tensor belongs to, and what size of weight it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UP = (
    ".lora_up.weight .lora_B.weight .lora_B.default.weight _lora.up.weight .lora.up.weight "
    ".lora_linear_layer.up.weight .lora_B .hada_w1_a"
).split()
DOWN = (
    ".lora_down.weight .lora_A.weight .lora_A.default.weight _lora.down.weight .lora.down.weight "
    ".lora_linear_layer.down.weight .lora_A .hada_w1_b"
).split()
_OTHER = (
    ".alpha .dora_scale .lora_mid.weight .hada_w2_a .hada_w2_b .hada_t1 .hada_t2 .lokr_w1 .lokr_w2 .lokr_w1_a "
    ".lokr_w1_b .lokr_w2_a .lokr_w2_b .lokr_t2 .oft_blocks .rescale .diff .diff_b .set_weight .w_norm .b_norm "
    ".reshape_weight .a1.weight .a2.weight .b1.weight .b2.weight .lora_B.bias .bias"
).split()
_ENDINGS: dict[str, list[str]] = {}
"""Of tensor names, as ComfyUI's weight adapters read them (0.3.64 to 0.33.0), by their last word, longest first."""
for _ending in sorted([*UP, *DOWN, *_OTHER], key=len, reverse=True):
    _ENDINGS.setdefault(_ending.rpartition(".")[2], []).append(_ending)

_TEXT_ENCODER = ("lora_te", "lora_prior_te", "text_encoder", "clip_l.", "clip_g.", "t5xxl.")


@dataclass
class LoraPart:
    """outputs, inputs: sides of the weight that it changes; None where the tensors do not tell."""

    outputs: int | None = None
    inputs: int | None = None


def parts_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, LoraPart]:
    """The parts by module name, prefix included, in the order of the file."""
    parts: dict[str, LoraPart] = {}
    for name, shape in shapes.items():
        module, ending = module_of(name)
        part = parts.setdefault(module, LoraPart())
        if ending in UP and shape:
            part.outputs = shape[0]
        elif ending in DOWN and len(shape) > 1:
            part.inputs = shape[1]
    return parts


def module_of(name: str) -> tuple[str, str]:
    """(module, ending) of a tensor's name; the whole name where no ending is known."""
    possible = _ENDINGS.get(name.rpartition(".")[2], ())
    ending = next((one for one in possible if name.endswith(one)), "")
    return name[: len(name) - len(ending)], ending


def is_text_encoder(module: str) -> bool:
    """Whether a part belongs to a text encoder, not to the diffusion model."""
    return module.startswith(_TEXT_ENCODER)
