"""A LoRA's family by the names and sizes of its parts. They cannot lie, as metadata can.

Signatures: the module names of ComfyUI's, diffusers' and kohya's models, with or without their prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from .families import family_of_width
from .lora_parts import LoraPart, is_text_encoder

_PREFIX = re.compile(
    r"^(?:base_model\.model\.|(?:model\.)?diffusion_model\.|transformer\.|unet\."
    r"|lora_unet__?|lora_transformer_|lycoris_|diffusion_model_)+"
)


def family_of_parts(parts: Mapping[str, LoraPart]) -> str:
    """The family whose modules these are; "" where they are none's that is known, or of a text encoder alone."""
    own = {_flat(name): part for name, part in parts.items() if not is_text_encoder(name)}
    for signed, family in _SIGNATURES:
        if any(signed(name) for name in own):
            return family(own)
    return ""


def _flat(module: str) -> str:
    return _PREFIX.sub("", module).replace(".", "_")


def _sides(parts: Mapping[str, LoraPart], names: str, side: str) -> set[int]:
    """The sides of the parts whose names end so."""
    sought = re.compile(rf"(?:{names})$")
    found = (getattr(part, side) for name, part in parts.items() if sought.search(name))
    return {value for value in found if value is not None}


def _only(values: Iterable[int]) -> int | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _highest(parts: Mapping[str, LoraPart], names: str) -> int:
    """The highest block number behind these words; -1 for none."""
    numbers = re.compile(rf"(?:^|_){names}_(\d{{1,9}})_")
    return max((int(found[1]) for name in parts if (found := numbers.search(name))), default=-1)


def _stable_diffusion(parts: Mapping[str, LoraPart]) -> str:
    by_context = {768: "SD 1.5", 1024: "SD 2", 1280: "SDXL refiner", 2048: "SDXL"}
    context = _only(_sides(parts, "attn2_(?:processor_)?to_k(?:_lora)?", "inputs"))
    if context is not None:
        return by_context.get(context, "")
    # Only SDXL has more than one transformer block behind each other.
    return "SDXL" if _highest(parts, "transformer_blocks") >= 2 else ""


def _two_streams(parts: Mapping[str, LoraPart]) -> str:
    """FLUX.1, FLUX.2, Chroma and HunyuanVideo have blocks of the same names."""
    names = " ".join(parts)
    if "distilled_guidance_layer" in names:
        return "Chroma"
    hunyuan = re.search(r"mlp_fc1|individual_token_refiner|modulation_linear|_mod_linear", names)
    if hunyuan or _highest(parts, "double_blocks") >= 19:
        return "HunyuanVideo"
    width = _only(_sides(parts, "img_attn_qkv|attn_to_[qkv]|linear1|to_qkv_mlp_proj", "inputs"))
    # FLUX.2's gated feed-forward: 6 x width in one matrix; FLUX.1's is 4 x.
    gated = width is not None and (
        _sides(parts, "img_mlp_0|ff_linear_in", "outputs") == {6 * width}
        or _sides(parts, "linear1|to_qkv_mlp_proj", "outputs") == {9 * width}
    )
    if gated or "to_qkv_mlp_proj" in names or "stream_modulation" in names or width in (4096, 6144):
        return family_of_width("FLUX.2", width)
    return "FLUX.1" if width in (3072, None) else ""


def _one_list_of_two_streams(parts: Mapping[str, LoraPart]) -> str:
    """transformer_blocks with add_q_proj and no single blocks: Qwen-Image, SD3, part of FLUX.1 in diffusers."""
    width = _only(_sides(parts, "attn_to_[qkv]", "inputs"))
    names = " ".join(parts)
    if re.search(r"img_mod|img_mlp|txt_mlp", names) or _highest(parts, "transformer_blocks") >= 38:
        return "Qwen-Image"
    if width in (1536, 2432):
        return "SD3"
    return "FLUX.1" if re.search(r"ff_context|norm1_context", names) and width == 3072 else ""


def _of_width(family: str, side: str, known: tuple[int, ...]) -> Callable[[Mapping[str, LoraPart]], str]:
    def found(parts: Mapping[str, LoraPart]) -> str:
        width = _only(_sides(parts, side, "inputs"))
        return family_of_width(family, width) if width in known else ""

    return found


def _ltx(parts: Mapping[str, LoraPart]) -> str:
    if any("audio" in name for name in parts):
        return "LTX-2"
    width = _only(_sides(parts, "attn1_to_[qkv]", "inputs"))
    return family_of_width("LTX-Video", width) if width in (2048, 4096) else ""


def _has(*patterns: str) -> Callable[[str], bool]:
    sought = re.compile("|".join(patterns))
    return lambda name: sought.search(name) is not None


_SIGNATURES: tuple[tuple[Callable[[str], bool], Callable[[Mapping[str, LoraPart]], str]], ...] = (
    (_has(r"(?:down|up|mid|input|output|middle)_blocks?_.*(?:attn|proj|conv|emb|ff)"), _stable_diffusion),
    (_has(r"^double_blocks_\d", r"^single_blocks_\d", r"^single_transformer_blocks_\d"), _two_streams),
    (_has(r"^joint_blocks_\d"), lambda parts: "SD3"),
    (
        _has(r"^transformer_blocks_\d+_.*attn_add_[qkv]_proj", r"^transformer_blocks_\d+_img_mod"),
        _one_list_of_two_streams,
    ),
    (
        _has(r"^layers_\d+_(?:attention|feed_forward_w)"),
        _of_width("Lumina 2", "attention_(?:qkv|to_[qkv])|feed_forward_w1", (2304, 3840)),
    ),
    (
        _has(r"^blocks_\d+_(?:self_attn|cross_attn)_"),
        _of_width("Wan", "self_attn_[qkv]|cross_attn_q", (1536, 3072, 5120)),
    ),
    (_has(r"^transformer_blocks_\d+_(?:audio_)?attn[12]_to_"), _ltx),
)
