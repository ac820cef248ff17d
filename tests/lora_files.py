"""LoRA files of ten model families, as names and shapes: what a trainer writes, made from each model's architecture.

Written to disk they are files with a true header and holes for tensors, so that full-size ones cost nothing.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

RANK = 4
FAMILIES = (
    "SD 1.5",
    "SDXL",
    "FLUX.1",
    "FLUX.2 dev",
    "FLUX.2 klein 4B",
    "Qwen-Image",
    "Z-Image",
    "Wan 14B",
    "Wan 1.3B",
    "LTX-Video",
)
NAMINGS = ("kohya", "comfyui")
Modules = Iterator[tuple[str, int, int]]
"""(name, outputs, inputs) of each module that a LoRA is commonly trained on."""

# (diffusers' block, ComfyUI's blocks, width, transformer blocks in each)
_SD15 = (
    ("down_blocks_0", "input_blocks", (1, 2), 320, 1),
    ("down_blocks_1", "input_blocks", (4, 5), 640, 1),
    ("down_blocks_2", "input_blocks", (7, 8), 1280, 1),
    ("mid_block", "middle_block", (), 1280, 1),
    ("up_blocks_1", "output_blocks", (3, 4, 5), 1280, 1),
    ("up_blocks_2", "output_blocks", (6, 7, 8), 640, 1),
    ("up_blocks_3", "output_blocks", (9, 10, 11), 320, 1),
)
_SDXL = (
    ("down_blocks_1", "input_blocks", (4, 5), 640, 2),
    ("down_blocks_2", "input_blocks", (7, 8), 1280, 10),
    ("mid_block", "middle_block", (), 1280, 10),
    ("up_blocks_0", "output_blocks", (0, 1, 2), 1280, 10),
    ("up_blocks_1", "output_blocks", (3, 4, 5), 640, 2),
)


def _unet(blocks: tuple, context: int, kohya: bool) -> Modules:
    for diffusers, comfyui, places, width, depth in blocks:
        for n, place in enumerate(places or (None,)):
            block = f"{comfyui}.{place}.1" if place is not None else f"{comfyui}.1"
            attention = f"{diffusers}_attentions_{n}" if kohya else block
            for layer in range(depth):
                name = f"{attention}.transformer_blocks.{layer}"
                for attn, inputs in (("attn1", width), ("attn2", context)):
                    yield f"{name}.{attn}.to_q", width, width
                    yield f"{name}.{attn}.to_k", width, inputs
                    yield f"{name}.{attn}.to_v", width, inputs
                    yield f"{name}.{attn}.to_out.0", width, width
                yield f"{name}.ff.net.0.proj", 8 * width, width
                yield f"{name}.ff.net.2", width, 4 * width


def _flux(width: int, doubles: int, singles: int, into: int, out_of: int) -> Modules:
    """into, out_of: sides of the feed-forward in widths; FLUX.2's is gated, 6 and 3."""
    for block in range(doubles):
        for side in ("img", "txt"):
            name = f"double_blocks.{block}.{side}"
            yield f"{name}_attn.qkv", 3 * width, width
            yield f"{name}_attn.proj", width, width
            yield f"{name}_mlp.0", into * width, width
            yield f"{name}_mlp.2", width, out_of * width
    for block in range(singles):
        yield f"single_blocks.{block}.linear1", (3 + into) * width, width
        yield f"single_blocks.{block}.linear2", width, (1 + out_of) * width


def _qwen(width: int = 3072, blocks: int = 60) -> Modules:
    for block in range(blocks):
        name = f"transformer_blocks.{block}"
        for part in ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"):
            yield f"{name}.attn.{part}", width, width
        for side in ("img", "txt"):
            yield f"{name}.{side}_mlp.net.0.proj", 4 * width, width
            yield f"{name}.{side}_mlp.net.2", width, 4 * width
            yield f"{name}.{side}_mod.1", 6 * width, width


def _z_image(width: int = 3840, layers: int = 30, hidden: int = 10240) -> Modules:
    for layer in range(layers):
        yield f"layers.{layer}.attention.qkv", 3 * width, width
        yield f"layers.{layer}.attention.out", width, width
        yield f"layers.{layer}.feed_forward.w1", hidden, width
        yield f"layers.{layer}.feed_forward.w2", width, hidden
        yield f"layers.{layer}.feed_forward.w3", hidden, width


def _wan(width: int, blocks: int, hidden: int) -> Modules:
    for block in range(blocks):
        for attn in ("self_attn", "cross_attn"):
            for part in "qkvo":
                yield f"blocks.{block}.{attn}.{part}", width, width
        yield f"blocks.{block}.ffn.0", hidden, width
        yield f"blocks.{block}.ffn.2", width, hidden


def _ltx(width: int = 2048, blocks: int = 28) -> Modules:
    for block in range(blocks):
        name = f"transformer_blocks.{block}"
        for attn in ("attn1", "attn2"):
            for part in ("to_q", "to_k", "to_v", "to_out.0"):
                yield f"{name}.{attn}.{part}", width, width
        yield f"{name}.ff.net.0.proj", 4 * width, width
        yield f"{name}.ff.net.2", width, 4 * width


def modules(family: str, kohya: bool) -> Modules:
    return {
        "SD 1.5": lambda: _unet(_SD15, 768, kohya),
        "SDXL": lambda: _unet(_SDXL, 2048, kohya),
        "FLUX.1": lambda: _flux(3072, 19, 38, 4, 4),
        "FLUX.2 dev": lambda: _flux(6144, 8, 48, 6, 3),
        "FLUX.2 klein 4B": lambda: _flux(3072, 5, 20, 6, 3),
        "Qwen-Image": _qwen,
        "Z-Image": _z_image,
        "Wan 14B": lambda: _wan(5120, 40, 13824),
        "Wan 1.3B": lambda: _wan(1536, 30, 8960),
        "LTX-Video": _ltx,
    }[family]()


def text_modules(prefix: str = "lora_te1_", width: int = 768, layers: int = 12) -> Modules:
    """Of CLIP-L, in kohya's names."""
    for layer in range(layers):
        name = f"{prefix}text_model_encoder_layers_{layer}"
        for part in "qkv":
            yield f"{name}_self_attn_{part}_proj", width, width
        yield f"{name}_self_attn_out_proj", width, width
        yield f"{name}_mlp_fc1", 4 * width, width
        yield f"{name}_mlp_fc2", width, 4 * width


def shapes(family: str, naming: str = "kohya", text: bool = False) -> dict[str, tuple[int, ...]]:
    """Tensor name to shape. text: with parts for CLIP-L. kohya: lora_unet_ and underscores; comfyui: dots."""
    kohya = naming == "kohya"
    named = [
        ("lora_unet_" + name.replace(".", "_") if kohya else f"diffusion_model.{name}", outputs, inputs)
        for name, outputs, inputs in modules(family, kohya)
    ]
    named += text_modules() if text else ()
    found: dict[str, tuple[int, ...]] = {}
    for name, outputs, inputs in named:
        up, down = ("lora_up", "lora_down") if kohya or name.startswith("lora_te") else ("lora_B", "lora_A")
        found |= {f"{name}.{up}.weight": (outputs, RANK), f"{name}.{down}.weight": (RANK, inputs)}
        if kohya:
            found[f"{name}.alpha"] = ()
    return found


def write_lora(path: Path, shapes: dict[str, tuple[int, ...]], metadata: dict[str, str] | None = None) -> Path:
    """A safetensors file of 16-bit zeros, which take no place on most disks."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, shape in shapes.items():
        begin = end
        size = 2
        for side in shape:
            size *= side
        end += size
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [begin, end]}
    return write_raw(path, json.dumps(header).encode(), end)


def write_raw(path: Path, header: bytes, data_bytes: int = 0, length: int | None = None) -> Path:
    """length: what the file says of its header's length; its true one where None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header) if length is None else length) + header)
        file.truncate(8 + len(header) + data_bytes)
    return path
