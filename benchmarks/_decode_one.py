"""One decode in a process of its own, which ComfyUI's interpreter runs: seconds, peak memory, and the pixels.

    python _decode_one.py COMFYUI_PATH CASE METHOD FILE

Prints one JSON object on its last line and writes the pixels to FILE. Weights are random, so this measures arithmetic,
never what a picture looks like.
"""

from __future__ import annotations

import gc
import inspect
import json
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIDE = 1024
FRAMES, WIDTH, HEIGHT = 5, 640, 320
"""Of the video. Five frames are two of the latent; wide enough that VAEDecodeTiled's 512 pixels are not all of it."""
LIMIT = 0.6
"""Of ComfyUI's estimate for a whole decode: what ours may plan with."""
SAMPLE_SECONDS = 0.002


def image_vae(seed: int) -> Any:
    """AutoencoderKL as of SD 1.5, with 32 channels where that has 128."""
    import comfy.sd
    from comfy.ldm.models.autoencoder import AutoencoderKL

    structure = {"double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 32}
    structure |= {"ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0}
    config = {"params": {"ddconfig": structure, "embed_dim": 4}}
    return comfy.sd.VAE(sd=drawn(AutoencoderKL(**config["params"]), seed), config=config)


def video_vae(seed: int) -> Any:
    """Wan 2.1's, with 32 channels where that has 96, if this version lets a file say so."""
    import comfy.sd
    from comfy.ldm.wan.vae import WanVAE

    free = "image_channels" in inspect.signature(WanVAE.__init__).parameters
    structure = {"dim": 32 if free else 96, "z_dim": 16, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 2}
    structure |= {"attn_scales": [], "temperal_downsample": [False, True, True], "dropout": 0.0}
    return comfy.sd.VAE(sd=drawn(WanVAE(**structure), seed))


def drawn(model: Any, seed: int) -> dict[str, Any]:
    """The model's weights, drawn: convolutions keep the size of what passes through them, norms do nothing."""
    import torch

    torch.manual_seed(seed)
    for layer in model.modules():
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Conv3d)):
            torch.nn.init.kaiming_uniform_(layer.weight, a=5**0.5)
            if layer.bias is not None:
                torch.nn.init.uniform_(layer.bias, -0.05, 0.05)
        elif isinstance(layer, torch.nn.GroupNorm):
            torch.nn.init.ones_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    return model.state_dict()


def picture_like(channels: int, height: int, width: int, seed: int) -> Any:
    """A latent [1, C, h, w] with as much in large shapes as in small ones, as pictures have it. White noise would hide
    what tiles do to colours, because each tile of it has the same mean."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    latent = torch.zeros(1, channels, height, width)
    for octave in range(8):
        size = (max(2, height >> octave), max(2, width >> octave))
        noise = torch.randn(1, channels, *size, generator=draw)
        latent += torch.nn.functional.interpolate(noise, size=(height, width), mode="bicubic")
    return latent / latent.std()


def image_case() -> tuple[Any, Any]:
    return image_vae(0), picture_like(4, SIDE // 8, SIDE // 8, 1)


def video_case() -> tuple[Any, Any]:
    """Frames that share most of what they show."""
    import torch

    frames, height, width = (FRAMES + 3) // 4, HEIGHT // 8, WIDTH // 8
    still = picture_like(16, height, width, 99)
    moving = [picture_like(16, height, width, seed) for seed in range(frames)]
    return video_vae(0), torch.stack([0.8 * still + 0.6 * one for one in moving], dim=2)


CASES = {"image_1024": image_case, "video": video_case}
METHODS = {
    "image_1024": ("ours", "ours_tiles", "core_tiled", "core_fallback"),
    "video": ("ours", "core_tiled", "core_fallback"),
}
"""ours_tiles: ours as for other VAEs, or where not even a decode layer by layer fits."""


def method(name: str, vae: Any, latent: Any) -> Callable[[], Any]:
    """The decode to be measured; its result is [B,H,W,C] or [B,F,H,W,C]."""
    import torch

    if name == "whole":
        return lambda: vae.decode(latent)
    if name == "core_tiled":
        import nodes

        return lambda: nodes.VAEDecodeTiled().decode(vae, {"samples": latent}, 512, 64, 64, 8)[0]
    if name == "core_fallback":
        decode = vae.first_stage_model.decode
        answers = iter([torch.cuda.OutOfMemoryError("out of memory")])

        def fails_once(*given: Any, **options: Any) -> Any:
            for problem in answers:
                raise problem
            return decode(*given, **options)

        vae.first_stage_model.decode = fails_once
        return lambda: vae.decode(latent)
    pack = types.ModuleType("pack")
    pack.__path__ = [str(ROOT)]
    sys.modules["pack"] = pack
    from pack.engine.decode.decoding import decode as ours
    from pack.engine.decode.options import DecodeOptions
    from pack.host.vae import ComfyVae

    limit = LIMIT * vae.memory_used_decode(latent.shape, vae.vae_dtype) / 2**30
    # An overlap of one's own rules out decoding layer by layer.
    asked = DecodeOptions(memory_limit_gb=limit, overlap=128 if name == "ours_tiles" else 0)

    def run() -> Any:
        done = ours(latent, ComfyVae(vae), asked)
        print(done.report)
        return done.pixels.movedim(1, -1)

    return run


def measured(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """(processor seconds, bytes that resident memory grew by at its highest, result)."""
    import psutil

    process, ended = psutil.Process(), threading.Event()
    gc.collect()
    before = highest = process.memory_info().rss

    def watch() -> None:
        nonlocal highest
        while not ended.wait(SAMPLE_SECONDS):
            highest = max(highest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.process_time()
    result = run()
    seconds = time.process_time() - begun
    highest = max(highest, process.memory_info().rss)
    ended.set()
    watcher.join()
    return seconds, float(highest - before), result


def main(arguments: list[str]) -> None:
    comfyui, case, name, file = arguments
    sys.argv = [sys.argv[0], "--cpu"]
    sys.path.insert(0, comfyui)
    import comfy.options

    comfy.options.enable_args_parsing()
    import torch

    with torch.inference_mode():
        vae, latent = CASES[case]()
        vae.decode(latent[..., :8, :8])  # what is done only once is not measured
        seconds, peak, pixels = measured(method(name, vae, latent))
    torch.save(pixels.reshape(-1, *pixels.shape[-3:]).clone(), file)
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
