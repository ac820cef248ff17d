"""Models with tiny random weights that ComfyUI's own loaders take: the shipped tiny checkpoint, and LoRAs for it."""

from __future__ import annotations

import torch

from .tiny_checkpoint import CLIP_WIDTH, Weights, diffusion_model, save, save_checkpoint

__all__ = [
    "compact_upscaler",
    "kl_decoder",
    "lora",
    "lora_of_another_family",
    "lora_of_another_size",
    "save",
    "save_checkpoint",
]

LORA_RANK = 2
KL_WIDTH, KL_LEVELS, KL_CHANNELS = 128, (1, 2, 4, 4), 4
"""Of AutoencoderKL as of SD 1.5: ComfyUI's own configuration fixes it."""


def lora(seed: int = 7, gain: float = 0.3) -> dict[str, torch.Tensor]:
    """For the tiny diffusion model's 13 attention and feed-forward matrices and 12 of CLIP-L's first two layers."""
    made = Weights(seed)

    def part(name: str, outputs: int, inputs: int, deviation: float) -> None:
        made.noise(f"{name}.lora_up.weight", outputs, LORA_RANK, deviation=deviation)
        made.noise(f"{name}.lora_down.weight", LORA_RANK, inputs, deviation=deviation)
        made.tensors[f"{name}.alpha"] = torch.tensor(float(LORA_RANK))

    for name, weight in diffusion_model(seed).items():
        if name.startswith("joint_blocks.") and weight.ndim == 2 and ("attn" in name or "mlp" in name):
            part(f"diffusion_model.{name.removesuffix('.weight')}", *weight.shape, deviation=gain)
    for layer in range(2):
        name = f"lora_te1_text_model_encoder_layers_{layer}_"
        for matrix in ("self_attn_q_proj", "self_attn_k_proj", "self_attn_v_proj", "self_attn_out_proj"):
            part(name + matrix, CLIP_WIDTH, CLIP_WIDTH, deviation=0.05)
        part(name + "mlp_fc1", 4 * CLIP_WIDTH, CLIP_WIDTH, deviation=0.05)
        part(name + "mlp_fc2", CLIP_WIDTH, 4 * CLIP_WIDTH, deviation=0.05)
    return made.tensors


def lora_of_another_family() -> dict[str, torch.Tensor]:
    """The diffusion model's parts of the tiny LoRA under FLUX.1's names: none is known to the tiny model."""
    return {
        n.replace("joint_blocks", "double_blocks"): t for n, t in lora().items() if n.startswith("diffusion_model.")
    }


def lora_of_another_size() -> dict[str, torch.Tensor]:
    """The diffusion model's parts of the tiny LoRA, made for a model 64 wider."""
    wide = {}
    for name, tensor in lora().items():
        if name.startswith("diffusion_model."):
            wide[name] = torch.zeros(len(tensor) + 64, LORA_RANK) if name.endswith("up.weight") else tensor
    return wide


def compact_upscaler(seed: int, factor: int = 2, width: int = 8) -> dict[str, torch.Tensor]:
    """A SRVGGNetCompact, as Real-ESRGAN's smallest models are: two convolutions and a pixel shuffle."""
    made = Weights(seed)
    made.convolution("body.0", width, 3)
    made.ones("body.1.weight", width)
    made.convolution("body.2", width, width)
    made.ones("body.3.weight", width)
    made.convolution("body.4", 3 * factor**2, width, gain=0.3)
    return made.tensors


def kl_decoder(seed: int) -> dict[str, torch.Tensor]:
    """The decoder of an AutoencoderKL, in 16 bits: about 99 MB. Its encoder is left out, which ComfyUI only logs."""
    made = Weights(seed)

    def norm(name: str, channels: int) -> None:
        made.ones(f"{name}.weight", channels)
        made.noise(f"{name}.bias", channels, deviation=0.2)

    def block(name: str, inputs: int, outputs: int) -> None:
        norm(f"{name}.norm1", inputs)
        norm(f"{name}.norm2", outputs)
        made.convolution(f"{name}.conv1", outputs, inputs, gain=1.4)
        made.convolution(f"{name}.conv2", outputs, outputs, gain=0.7)
        if inputs != outputs:
            made.convolution(f"{name}.nin_shortcut", outputs, inputs, side=1)

    width = KL_WIDTH * KL_LEVELS[-1]
    made.convolution("post_quant_conv", KL_CHANNELS, KL_CHANNELS, side=1)
    made.convolution("decoder.conv_in", width, KL_CHANNELS)
    block("decoder.mid.block_1", width, width)
    norm("decoder.mid.attn_1.norm", width)
    for part in ("q", "k", "v", "proj_out"):
        made.convolution(f"decoder.mid.attn_1.{part}", width, width, side=1)
    block("decoder.mid.block_2", width, width)
    for level, factor in reversed(list(enumerate(KL_LEVELS))):
        for index in range(3):
            block(f"decoder.up.{level}.block.{index}", width, KL_WIDTH * factor)
            width = KL_WIDTH * factor
        if level:
            made.convolution(f"decoder.up.{level}.upsample.conv", width, width)
    norm("decoder.norm_out", width)
    made.convolution("decoder.conv_out", 3, width, gain=0.7)
    return {name: tensor.to(torch.float16) for name, tensor in made.tensors.items()}
