"""A real llama.cpp server with a tiny vision model of random numbers, for an interpreter with xllamacpp and gguf.

python tiny_llama.py FOLDER PORT [blind]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

WIDTH, LAYERS, HEADS, INNER, CONTEXT = 64, 2, 4, 128, 8192
EYE_WIDTH, EYE_LAYERS, EYE_HEADS, EYE_INNER, SIDE, PATCH = 32, 2, 2, 64, 56, 14
WORDS = (" ", "\u2581", "yes", "no", '"', ":", "{", "}", "q01", "q02", "1", "2", "3", "good", "poor", ",")
dice = np.random.default_rng(1)


def noise(*shape: int) -> np.ndarray:
    return (dice.standard_normal(shape) * 0.1).astype(np.float32)


def ones(size: int) -> np.ndarray:
    return np.ones(size, np.float32)


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_model(path: Path) -> None:
    """LLaMA with byte tokens and a few words."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 3 + [-100.0] * 256 + [-float(n + 1) for n in range(len(WORDS))])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(WORDS))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:")
    writer.add_tensor("token_embd.weight", noise(len(tokens), WIDTH))
    writer.add_tensor("output_norm.weight", ones(WIDTH))
    writer.add_tensor("output.weight", noise(len(tokens), WIDTH))
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", ones(WIDTH))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", noise(WIDTH, WIDTH))
        for name, shape in (("gate", (INNER, WIDTH)), ("up", (INNER, WIDTH)), ("down", (WIDTH, INNER))):
            writer.add_tensor(f"blk.{layer}.ffn_{name}.weight", noise(*shape))
    finish(writer)


def write_eye(path: Path) -> None:
    """A CLIP picture part with LLaVA's projector."""
    writer = gguf.GGUFWriter(path, "clip")
    for name in ("has_vision_encoder", "has_llava_projector"):
        writer.add_bool(f"clip.{name}", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", False)
    sizes = {"image_size": SIDE, "patch_size": PATCH, "embedding_length": EYE_WIDTH, "feed_forward_length": EYE_INNER}
    sizes |= {"projection_dim": WIDTH, "block_count": EYE_LAYERS, "attention.head_count": EYE_HEADS}
    for name, size in sizes.items():
        writer.add_uint32(f"clip.vision.{name}", size)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    for name in ("image_mean", "image_std"):
        writer.add_array(f"clip.vision.{name}", [0.5, 0.5, 0.5])
    writer.add_tensor("v.class_embd", noise(EYE_WIDTH))
    writer.add_tensor("v.patch_embd.weight", noise(EYE_WIDTH, 3, PATCH, PATCH))
    writer.add_tensor("v.position_embd.weight", noise((SIDE // PATCH) ** 2 + 1, EYE_WIDTH))
    norms = ["v.pre_ln", "v.post_ln"]
    matrices = {"mm.0": (WIDTH, EYE_WIDTH), "mm.2": (WIDTH, WIDTH)}
    for layer in range(EYE_LAYERS):
        norms += [f"v.blk.{layer}.ln1", f"v.blk.{layer}.ln2"]
        matrices |= {f"v.blk.{layer}.attn_{n}": (EYE_WIDTH, EYE_WIDTH) for n in ("q", "k", "v", "out")}
        matrices |= {f"v.blk.{layer}.ffn_down": (EYE_INNER, EYE_WIDTH), f"v.blk.{layer}.ffn_up": (EYE_WIDTH, EYE_INNER)}
    for name in norms:
        writer.add_tensor(f"{name}.weight", ones(EYE_WIDTH))
        writer.add_tensor(f"{name}.bias", 0 * ones(EYE_WIDTH))
    for name, shape in matrices.items():
        writer.add_tensor(f"{name}.weight", noise(*shape))
        writer.add_tensor(f"{name}.bias", 0 * ones(shape[0]))
    finish(writer)


def main(folder: Path, port: int, blind: bool) -> None:
    """Serve until it is killed."""
    write_model(folder / "tiny.gguf")
    options = xllamacpp.CommonParams()
    options.model.path = str(folder / "tiny.gguf")
    if not blind:
        write_eye(folder / "eye.gguf")
        options.mmproj.path = str(folder / "eye.gguf")
    options.n_ctx, options.n_parallel, options.port = CONTEXT, 1, port
    options.cpuparams.n_threads = 1
    server = xllamacpp.Server(options)
    print(server.listening_address, flush=True)  # noqa: T201 - the test waits for this line
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), "blind" in sys.argv[3:])
