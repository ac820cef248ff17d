"""Models with tiny random weights that ComfyUI's own loaders take: the shipped tiny checkpoint, and LoRAs for it."""

from __future__ import annotations

import torch
from pack.workflows.tiny_checkpoint import CLIP_WIDTH, Weights, diffusion_model, save, save_checkpoint

__all__ = ["lora", "lora_of_another_family", "lora_of_another_size", "save", "save_checkpoint"]

LORA_RANK = 2


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
