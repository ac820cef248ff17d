"""A checkpoint with tiny random weights, for a real sampler on the CPU.

Random weights that ComfyUI's loaders take for an SD3 model: an MMDiT of two blocks, CLIP-L, and a TAESD that
decodes 16 channels. Its pictures are noise, but seed and text each change them. Needs torch alone, downloads nothing.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch

FILE_NAME = "imitatoes_tiny.safetensors"

WIDTH = 128
"""Of the MMDiT: two blocks, because ComfyUI reads the depth as width / 64."""
CONTEXT, POOLED, CHANNELS, PATCH, POSITIONS = 4096, 2048, 16, 2, 48
CLIP_WORDS, CLIP_WIDTH, CLIP_LAYERS, CLIP_TOKENS = 49408, 768, 12, 77
DECODER_WIDTH = 64
_NAMES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.int32: "I32",
    torch.int64: "I64",
}


class Weights:
    """Named random tensors, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.drawn = torch.Generator().manual_seed(seed)
        self.tensors: dict[str, torch.Tensor] = {}

    def noise(self, name: str, *shape: int, deviation: float) -> None:
        self.tensors[name] = torch.randn(shape, generator=self.drawn) * deviation

    def linear(self, name: str, outputs: int, inputs: int, gain: float = 1.0) -> None:
        self.noise(f"{name}.weight", outputs, inputs, deviation=gain / inputs**0.5)
        self.tensors[f"{name}.bias"] = torch.zeros(outputs)

    def convolution(
        self, name: str, outputs: int, inputs: int, side: int = 3, gain: float = 1.0, bias: bool = True
    ) -> None:
        self.noise(f"{name}.weight", outputs, inputs, side, side, deviation=gain / (inputs * side * side) ** 0.5)
        if bias:
            self.tensors[f"{name}.bias"] = torch.zeros(outputs)

    def ones(self, name: str, count: int) -> None:
        self.tensors[name] = torch.ones(count)


def diffusion_model(seed: int) -> dict[str, torch.Tensor]:
    made = Weights(seed)
    made.noise("pos_embed", 1, POSITIONS**2, WIDTH, deviation=0.5)
    made.convolution("x_embedder.proj", WIDTH, CHANNELS, PATCH)
    for name, inputs in (("t_embedder", 256), ("y_embedder", POOLED)):
        made.linear(f"{name}.mlp.0", WIDTH, inputs, 2.0)
        made.linear(f"{name}.mlp.2", WIDTH, WIDTH, 2.0)
    made.linear("context_embedder", WIDTH, CONTEXT, 3.0)
    depth = WIDTH // 64
    for block in range(depth):
        for side in ("context_block", "x_block"):
            name = f"joint_blocks.{block}.{side}"
            only_read = block == depth - 1 and side == "context_block"
            made.linear(f"{name}.attn.qkv", 3 * WIDTH, WIDTH)
            made.ones(f"{name}.attn.ln_q.weight", 64)
            made.ones(f"{name}.attn.ln_k.weight", 64)
            made.linear(f"{name}.adaLN_modulation.1", (2 if only_read else 6) * WIDTH, WIDTH, 0.5)
            if not only_read:
                made.linear(f"{name}.attn.proj", WIDTH, WIDTH)
                made.linear(f"{name}.mlp.fc1", 4 * WIDTH, WIDTH)
                made.linear(f"{name}.mlp.fc2", WIDTH, 4 * WIDTH)
    made.linear("final_layer.linear", PATCH * PATCH * CHANNELS, WIDTH)
    made.linear("final_layer.adaLN_modulation.1", 2 * WIDTH, WIDTH, 0.5)
    return made.tensors


def text_encoder(seed: int) -> dict[str, torch.Tensor]:
    """CLIP-L at its full size, which ComfyUI's own configuration fixes, in 8 bits."""
    made, root = Weights(seed), "transformer.text_model."
    made.noise(f"{root}embeddings.token_embedding.weight", CLIP_WORDS, CLIP_WIDTH, deviation=0.5)
    made.noise(f"{root}embeddings.position_embedding.weight", CLIP_TOKENS, CLIP_WIDTH, deviation=0.1)
    norms = [f"{root}final_layer_norm"]
    for layer in range(CLIP_LAYERS):
        name = f"{root}encoder.layers.{layer}."
        norms += [f"{name}layer_norm1", f"{name}layer_norm2"]
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            made.linear(f"{name}self_attn.{part}", CLIP_WIDTH, CLIP_WIDTH)
        made.linear(f"{name}mlp.fc1", 4 * CLIP_WIDTH, CLIP_WIDTH)
        made.linear(f"{name}mlp.fc2", CLIP_WIDTH, 4 * CLIP_WIDTH)
    for name in norms:
        made.ones(f"{name}.weight", CLIP_WIDTH)
        made.tensors[f"{name}.bias"] = torch.zeros(CLIP_WIDTH)
    made.tensors["transformer.text_projection.weight"] = torch.eye(CLIP_WIDTH)
    return {name: tensor.to(torch.float8_e4m3fn) for name, tensor in made.tensors.items()}


def decoder(seed: int) -> dict[str, torch.Tensor]:
    """TAESD, recognised by `taesd_decoder.1.weight`; its layers are numbered as in its two plain sequences."""
    made = Weights(seed)

    def block(name: str) -> None:
        for layer, gain in ((0, 1.0), (2, 1.0), (4, 0.3)):
            made.convolution(f"{name}.conv.{layer}", DECODER_WIDTH, DECODER_WIDTH, gain=gain)

    made.convolution("taesd_encoder.0", DECODER_WIDTH, 3)
    block("taesd_encoder.1")
    for first in (2, 6, 10):
        made.convolution(f"taesd_encoder.{first}", DECODER_WIDTH, DECODER_WIDTH, gain=1.4, bias=False)
        for layer in range(first + 1, first + 4):
            block(f"taesd_encoder.{layer}")
    made.convolution("taesd_encoder.14", CHANNELS, DECODER_WIDTH)
    made.convolution("taesd_decoder.1", DECODER_WIDTH, CHANNELS, gain=1.4)
    for first in (3, 8, 13):
        for layer in range(first, first + 3):
            block(f"taesd_decoder.{layer}")
        made.convolution(f"taesd_decoder.{first + 4}", DECODER_WIDTH, DECODER_WIDTH, gain=1.4, bias=False)
    block("taesd_decoder.18")
    made.convolution("taesd_decoder.19", 3, DECODER_WIDTH, gain=0.35)
    made.tensors["taesd_decoder.19.bias"] += 0.5
    made.tensors |= {"vae_scale": torch.tensor(1.0), "vae_shift": torch.tensor(0.0)}
    return made.tensors


def save(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """A safetensors file: length of the header, header, and the tensors' bytes one behind the other."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())


def save_checkpoint(path: Path, seed: int = 1) -> None:
    """About 142 MB, nearly all of it the text encoder."""
    parts = {
        "model.diffusion_model.": diffusion_model(seed),
        "text_encoders.clip_l.": text_encoder(seed + 1),
        "first_stage_model.": decoder(seed + 2),
    }
    save(path, {prefix + name: tensor for prefix, part in parts.items() for name, tensor in part.items()})
