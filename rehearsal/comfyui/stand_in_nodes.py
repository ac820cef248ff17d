"""ComfyUI's own nodes as far as an ordinary SDXL or FLUX.1 graph needs them, with its names, inputs and outputs.

A model is a name, conditioning carries its text, and a sampled latent is the painted picture folded into
8 x 8 blocks: [B, 192, H/8, W/8], so that any part of it decodes by itself.
"""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import copy
import os
import time
from typing import Any

import comfy.utils
import numpy as np
import torch
from comfy_names import SAMPLERS, SCHEDULERS, TEXT_ENCODER_PAIRS, with_files
from stand_in_inpainting import SetLatentNoiseMask, VAEEncodeForInpaint
from stand_in_pictures import LoadImage, LoadImageMask, PreviewImage, SaveAnimatedWEBP, SaveImage
from stand_in_text import PreviewAny

_FOLD = 8
_MAX_RESOLUTION = 16384


class StandInModel:
    """A diffusion model or text encoder: its file name is all there is."""

    def __init__(self, name: str) -> None:
        self.name = name


class StandInVae(StandInModel):
    """Decodes [B, 192, h, w] to [B, 8h, 8w, 3] floats 0..1, any other latent to grey, and encodes the other way."""

    downscale_ratio = _FOLD

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.pixel_unshuffle(pixels[..., :3].movedim(-1, 1), _FOLD)

    def decode(self, samples: torch.Tensor) -> torch.Tensor:
        if samples.shape[1] != 3 * _FOLD**2:
            return torch.full((samples.shape[0], samples.shape[2] * _FOLD, samples.shape[3] * _FOLD, 3), 0.5)
        return torch.nn.functional.pixel_shuffle(samples, _FOLD).movedim(1, -1)

    def decode_tiled(self, samples: torch.Tensor, **tiling: Any) -> torch.Tensor:
        return self.decode(samples)


class CheckpointLoaderSimple:
    CATEGORY = "loaders"
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "load_checkpoint"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"ckpt_name": (with_files("checkpoints"), {})}}

    def load_checkpoint(self, ckpt_name: str) -> tuple[Any, ...]:
        return StandInModel(ckpt_name), StandInModel(ckpt_name), StandInVae(ckpt_name)


class UNETLoader:
    CATEGORY = "advanced/loaders"
    RETURN_TYPES = ("MODEL",)
    FUNCTION = "load_unet"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        weights = ["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"]
        return {"required": {"unet_name": (with_files("diffusion_models"),), "weight_dtype": (weights,)}}

    def load_unet(self, unet_name: str, weight_dtype: str) -> tuple[Any, ...]:
        return (StandInModel(unet_name),)


class DualCLIPLoader:
    CATEGORY = "advanced/loaders"
    RETURN_TYPES = ("CLIP",)
    FUNCTION = "load_clip"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        files = with_files("text_encoders")
        return {
            "required": {"clip_name1": (files,), "clip_name2": (files,), "type": (TEXT_ENCODER_PAIRS,)},
            "optional": {"device": (["default", "cpu"], {"advanced": True})},
        }

    def load_clip(self, clip_name1: str, clip_name2: str, type: str, device: str = "default") -> tuple[Any, ...]:
        return (StandInModel(f"{clip_name1}, {clip_name2}"),)


class VAELoader:
    CATEGORY = "loaders"
    RETURN_TYPES = ("VAE",)
    FUNCTION = "load_vae"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"vae_name": ([*with_files("vae"), "pixel_space"],)}}

    def load_vae(self, vae_name: str) -> tuple[Any, ...]:
        return (StandInVae(vae_name),)


class CLIPTextEncode:
    CATEGORY = "conditioning"
    RETURN_TYPES = ("CONDITIONING",)
    FUNCTION = "encode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"text": ("STRING", {"multiline": True, "dynamicPrompts": True}), "clip": ("CLIP", {})}}

    def encode(self, clip: Any, text: str) -> tuple[Any, ...]:
        return ([[torch.zeros(1, 77, 8), {"pooled_output": torch.zeros(1, 8), "rehearsal_text": text}]],)


class _Conditioning:
    RETURN_TYPES = ("CONDITIONING",)
    FUNCTION = "change"

    def _with(self, conditioning: Any, **values: Any) -> tuple[Any, ...]:
        return ([[tensor, {**options, **values}] for tensor, options in conditioning],)


class ConditioningZeroOut(_Conditioning):
    CATEGORY = "advanced/conditioning"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"conditioning": ("CONDITIONING",)}}

    def change(self, conditioning: Any) -> tuple[Any, ...]:
        return self._with(conditioning, rehearsal_text="")


class FluxGuidance(_Conditioning):
    CATEGORY = "advanced/conditioning/flux"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        guidance = ("FLOAT", {"default": 3.5, "min": 0.0, "max": 100.0, "step": 0.1})
        return {"required": {"conditioning": ("CONDITIONING", {}), "guidance": guidance}}

    def change(self, conditioning: Any, guidance: float) -> tuple[Any, ...]:
        return self._with(conditioning, guidance=guidance)


class EmptyLatentImage:
    CATEGORY = "latent"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "generate"
    side, step, channels = 512, 8, 4

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        size = ("INT", {"default": cls.side, "min": 16, "max": _MAX_RESOLUTION, "step": cls.step})
        batch = ("INT", {"default": 1, "min": 1, "max": 4096})
        return {"required": {"width": size, "height": size, "batch_size": batch}}

    def generate(self, width: int, height: int, batch_size: int = 1) -> tuple[Any, ...]:
        return ({"samples": torch.zeros(batch_size, self.channels, height // _FOLD, width // _FOLD)},)


class EmptySD3LatentImage(EmptyLatentImage):
    CATEGORY = "latent/sd3"
    side, step, channels = 1024, 16, 16


class LatentUpscaleBy:
    CATEGORY = "latent"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "upscale"
    METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        scale = ("FLOAT", {"default": 1.5, "min": 0.01, "max": 8.0, "step": 0.01})
        return {"required": {"samples": ("LATENT",), "upscale_method": (list(cls.METHODS),), "scale_by": scale}}

    def upscale(self, samples: dict[str, Any], upscale_method: str, scale_by: float) -> tuple[Any, ...]:
        """By the nearest cell whatever the method: a folded picture has nothing between two cells."""
        rows, columns = (round(side * scale_by) for side in samples["samples"].shape[-2:])
        upscaled = torch.nn.functional.interpolate(samples["samples"], size=(rows, columns), mode="nearest-exact")
        return ({**samples, "samples": upscaled},)


class KSampler:
    CATEGORY = "sampling"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "sample"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "model": ("MODEL", {}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}),
                "steps": ("INT", {"default": 20, "min": 1, "max": 10000}),
                "cfg": ("FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01}),
                "sampler_name": (SAMPLERS, {}),
                "scheduler": (SCHEDULERS, {}),
                "positive": ("CONDITIONING", {}),
                "negative": ("CONDITIONING", {}),
                "latent_image": ("LATENT", {}),
                "denoise": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.01}),
            }
        }

    def sample(
        self,
        model: Any,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        positive: Any,
        negative: Any,
        latent_image: Any,
        denoise: float = 1.0,
    ) -> tuple[Any, ...]:
        # Imported here, so that graphs without a sampler run where there is no painter.
        from world.painter import paint

        progress = comfy.utils.ProgressBar(steps)
        for step in range(steps):
            time.sleep(float(os.environ.get("REHEARSAL_STEP_SECONDS", "0")))
            progress.update_absolute(step + 1, steps)

        if "noise_mask" in latent_image:
            return (_painted_inside(latent_image, _text(positive), _text(negative), seed, denoise),)
        batch, _, rows, columns = latent_image["samples"].shape
        pictures = [
            paint(
                prompt=_text(positive),
                negative=_text(negative),
                seed=(seed + index) % 2**64,
                steps=steps,
                cfg=positive[0][1].get("guidance", cfg),
                width=columns * _FOLD,
                height=rows * _FOLD,
            )
            for index in range(batch)
        ]
        pixels = torch.from_numpy(np.stack(pictures).astype(np.float32) / 255.0).movedim(-1, 1)
        sampled = copy.copy(latent_image)
        sampled["samples"] = torch.nn.functional.pixel_unshuffle(pixels, _FOLD)
        return (sampled,)


def _painted_inside(latent: dict[str, Any], prompt: str, negative: str, seed: int, denoise: float) -> dict[str, Any]:
    """A latent with a noise mask: only what the mask covers is painted."""
    from world.inpainting import paint_inside

    old = torch.nn.functional.pixel_shuffle(latent["samples"], _FOLD).movedim(1, -1)
    mask = latent["noise_mask"].reshape(-1, 1, *latent["noise_mask"].shape[-2:]).float()
    mask = torch.nn.functional.interpolate(mask, size=tuple(old.shape[1:3]), mode="nearest")[:, 0] > 0.5
    pictures = []
    for index, picture in enumerate(old):
        pixels = (picture.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        inside = mask[index % len(mask)].numpy()
        painted = paint_inside(pixels, inside, prompt, negative, (seed + index) % 2**64, denoise)
        new = torch.from_numpy(painted.astype(np.float32) / 255.0)
        pictures.append(torch.where(mask[index % len(mask)][..., None], new, picture))
    samples = torch.nn.functional.pixel_unshuffle(torch.stack(pictures).movedim(-1, 1), _FOLD)
    return {**latent, "samples": samples}


def _text(conditioning: Any) -> str:
    return ", ".join(filter(None, (options.get("rehearsal_text", "") for _, options in conditioning)))


class VAEDecode:
    CATEGORY = "latent"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "decode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"samples": ("LATENT", {}), "vae": ("VAE", {})}}

    def decode(self, vae: StandInVae, samples: dict[str, Any]) -> tuple[Any, ...]:
        return (vae.decode(samples["samples"]),)


class VAEEncode:
    CATEGORY = "latent"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "encode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"pixels": ("IMAGE",), "vae": ("VAE",)}}

    def encode(self, vae: StandInVae, pixels: torch.Tensor) -> tuple[Any, ...]:
        return ({"samples": vae.encode(pixels)},)


NODE_CLASSES: dict[str, Any] = {
    node.__name__: node
    for node in (
        CheckpointLoaderSimple,
        UNETLoader,
        DualCLIPLoader,
        VAELoader,
        CLIPTextEncode,
        ConditioningZeroOut,
        FluxGuidance,
        EmptyLatentImage,
        EmptySD3LatentImage,
        LatentUpscaleBy,
        KSampler,
        VAEDecode,
        VAEEncode,
        VAEEncodeForInpaint,
        SetLatentNoiseMask,
        SaveImage,
        PreviewImage,
        SaveAnimatedWEBP,
        LoadImage,
        LoadImageMask,
        PreviewAny,
    )
}
DISPLAY_NAMES = {
    "CheckpointLoaderSimple": "Load Checkpoint",
    "UNETLoader": "Load Diffusion Model",
    "VAELoader": "Load VAE",
    "CLIPTextEncode": "CLIP Text Encode (Prompt)",
    "EmptyLatentImage": "Empty Latent Image",
    "LatentUpscaleBy": "Upscale Latent By",
    "VAEDecode": "VAE Decode",
    "VAEEncode": "VAE Encode",
    "VAEEncodeForInpaint": "VAE Encode (for Inpainting)",
    "SetLatentNoiseMask": "Set Latent Noise Mask",
    "LoadImageMask": "Load Image (as Mask)",
    "SaveImage": "Save Image",
    "PreviewImage": "Preview Image",
    "LoadImage": "Load Image",
    "PreviewAny": "Preview as Text",
}
