"""ComfyUI's nodes that make a latent to be painted in again, with their names, inputs and outputs."""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import math
from typing import Any

import torch


class VAEEncodeForInpaint:
    CATEGORY = "latent/inpaint"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "encode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        grow = ("INT", {"default": 6, "min": 0, "max": 64, "step": 1})
        return {"required": {"pixels": ("IMAGE",), "vae": ("VAE",), "mask": ("MASK",), "grow_mask_by": grow}}

    def encode(self, vae: Any, pixels: torch.Tensor, mask: torch.Tensor, grow_mask_by: int = 6) -> tuple[Any, ...]:
        height, width = pixels.shape[1:3]
        mask = torch.nn.functional.interpolate(
            mask.reshape(-1, 1, *mask.shape[-2:]), size=(height, width), mode="bilinear"
        )
        # What does not fill a cell of the latent is cut off all around.
        down, across = height % vae.downscale_ratio // 2, width % vae.downscale_ratio // 2
        inner_height = height // vae.downscale_ratio * vae.downscale_ratio
        inner_width = width // vae.downscale_ratio * vae.downscale_ratio
        pixels = pixels[:, down : down + inner_height, across : across + inner_width].clone()
        mask = mask[:, :, down : down + inner_height, across : across + inner_width]
        grown = mask
        if grow_mask_by:
            kernel = torch.ones(1, 1, grow_mask_by, grow_mask_by)
            padding = math.ceil((grow_mask_by - 1) / 2)
            grown = torch.nn.functional.conv2d(mask.round(), kernel, padding=padding).clamp(0, 1)
        kept = (1.0 - mask.round())[:, 0, :, :, None]
        samples = vae.encode((pixels - 0.5) * kept + 0.5)
        return ({"samples": samples, "noise_mask": grown[:, :, :inner_height, :inner_width].round()},)


class SetLatentNoiseMask:
    CATEGORY = "latent/inpaint"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "set_mask"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"samples": ("LATENT",), "mask": ("MASK",)}}

    def set_mask(self, samples: dict[str, Any], mask: torch.Tensor) -> tuple[Any, ...]:
        return ({**samples, "noise_mask": mask.reshape(-1, 1, *mask.shape[-2:])},)
