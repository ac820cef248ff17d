"""Models of ten families in full size and without data, made by ComfyUI's own classes on the "meta" device.

Runs in ComfyUI's Python: `python full_size_models.py COMFYUI_PATH PACK_ROOT FOLDER [FAMILY ...]` compares every LoRA
file of FOLDER with the models that this ComfyUI knows, by the pack's own code, and prints the result as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import types
from pathlib import Path
from typing import Any

_UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "legacy": False,
    "use_checkpoint": False,
    "use_spatial_transformer": True,
    "use_temporal_attention": False,
    "use_temporal_resblock": False,
}
_FLUX = {
    "in_channels": 16,
    "out_channels": 16,
    "patch_size": 2,
    "hidden_size": 3072,
    "num_heads": 24,
    "mlp_ratio": 4.0,
    "depth": 19,
    "depth_single_blocks": 38,
    "axes_dim": [16, 56, 56],
    "theta": 10000,
    "vec_in_dim": 768,
    "context_in_dim": 4096,
    "qkv_bias": True,
    "guidance_embed": True,
    "txt_ids_dims": [],
}
_FLUX2 = {
    "in_channels": 128,
    "out_channels": 128,
    "patch_size": 1,
    "mlp_ratio": 3.0,
    "axes_dim": [32, 32, 32, 32],
    "theta": 2000,
    "vec_in_dim": None,
    "qkv_bias": False,
    "ops_bias": False,
    "global_modulation": True,
    "mlp_silu_act": True,
    "txt_ids_dims": [3],
    "default_ref_method": "index",
    "ref_index_scale": 10.0,
}
_WAN = {
    "image_model": "wan2.1",
    "model_type": "t2v",
    "in_dim": 16,
    "out_dim": 16,
    "freq_dim": 256,
    "patch_size": (1, 2, 2),
    "window_size": (-1, -1),
    "qk_norm": True,
    "cross_attn_norm": True,
    "eps": 1e-6,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "SD 1.5": _UNET
    | {
        "adm_in_channels": None,
        "num_res_blocks": [2, 2, 2, 2],
        "transformer_depth": [1, 1, 1, 1, 1, 1, 0, 0],
        "channel_mult": [1, 2, 4, 4],
        "transformer_depth_middle": 1,
        "use_linear_in_transformer": False,
        "context_dim": 768,
        "num_heads": 8,
        "transformer_depth_output": [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    },
    "SDXL": _UNET
    | {
        "num_classes": "sequential",
        "adm_in_channels": 2816,
        "num_res_blocks": [2, 2, 2],
        "transformer_depth": [0, 0, 2, 2, 10, 10],
        "channel_mult": [1, 2, 4],
        "transformer_depth_middle": 10,
        "use_linear_in_transformer": True,
        "context_dim": 2048,
        "num_head_channels": 64,
        "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10],
    },
    "FLUX.1": _FLUX | {"image_model": "flux"},
    "FLUX.2 dev": _FLUX2
    | {
        "image_model": "flux2",
        "hidden_size": 6144,
        "num_heads": 48,
        "depth": 8,
        "depth_single_blocks": 48,
        "context_in_dim": 15360,
        "guidance_embed": True,
    },
    "FLUX.2 klein 4B": _FLUX2
    | {
        "image_model": "flux2",
        "hidden_size": 3072,
        "num_heads": 24,
        "depth": 5,
        "depth_single_blocks": 20,
        "context_in_dim": 7680,
        "guidance_embed": False,
    },
    "Qwen-Image": {"image_model": "qwen_image", "in_channels": 64, "num_layers": 60},
    "Z-Image": {
        "image_model": "lumina2",
        "patch_size": 2,
        "in_channels": 16,
        "dim": 3840,
        "cap_feat_dim": 2560,
        "n_layers": 30,
        "qk_norm": True,
        "n_heads": 30,
        "n_kv_heads": 30,
        "axes_dims": [32, 48, 48],
        "axes_lens": [1536, 512, 512],
        "rope_theta": 256.0,
        "ffn_dim_multiplier": 8.0 / 3.0,
        "z_image_modulation": True,
        "time_scale": 1000.0,
        "pad_tokens_multiple": 32,
    },
    "Wan 14B": _WAN | {"dim": 5120, "num_heads": 40, "ffn_dim": 13824, "num_layers": 40},
    "Wan 1.3B": _WAN | {"dim": 1536, "num_heads": 12, "ffn_dim": 8960, "num_layers": 30},
    "LTX-Video": {"image_model": "ltxv", "num_layers": 28, "attention_head_dim": 64, "cross_attention_dim": 2048},
}


def model(family: str) -> Any:
    """A MODEL as far as LoRAs see it, or None where this ComfyUI has no such family."""
    import comfy.model_detection
    import torch
    from comfy.ldm.flux.model import FluxParams

    values = dict(CONFIGS[family])
    if values.get("image_model") == "flux":  # older versions know fewer settings of it
        known = {"image_model", *FluxParams.__dataclass_fields__}
        values = {name: value for name, value in values.items() if name in known}
    with contextlib.suppress(TypeError):  # Lumina2's class before there was Z-Image
        config = comfy.model_detection.model_config_from_unet_config(values)
        if config is not None:
            config.set_inference_dtype(torch.float16, None)
            return types.SimpleNamespace(model=config.get_model({}, device="meta"))
    return None


def main(comfyui: str, root: str, folder: str, *families: str) -> None:
    sys.argv = [sys.argv[0], "--cpu"]
    sys.path.insert(0, comfyui)
    pack = types.ModuleType("pack")
    pack.__path__ = [root]
    sys.modules["pack"] = pack
    import comfy.options

    comfy.options.enable_args_parsing()
    from pack.engine.style.installed import read_lora, stamp_of
    from pack.host import lora_fit

    found: dict[str, Any] = {"families": {}, "pairs": []}
    for family in families or CONFIGS:
        given = model(family)
        if given is None:
            continue
        found["families"][family] = lora_fit.family_of(given)
        for path in sorted(Path(folder).glob("*.safetensors")):
            file = read_lora(path.name, path, stamp_of(path))
            began = time.perf_counter()
            fit = lora_fit.fit_of(file, given, None)
            seconds = time.perf_counter() - began
            counts = lora_fit._sides[given.model].results[file.path, file.stamp]
            found["pairs"].append(
                {
                    "lora": path.stem,
                    "lora_family": file.family,
                    "model": family,
                    "counts": [counts.parts, counts.matched, counts.right],
                    "verdict": fit.verdict.value,
                    "sentence": fit.sentence,
                    "seconds": seconds,
                }
            )
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
