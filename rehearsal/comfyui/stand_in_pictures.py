"""ComfyUI's nodes that write and read picture files, with its names, inputs and outputs."""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import hashlib
import os
from typing import Any

import folder_paths
import numpy as np
import torch
from comfy_api.latest.ui import random_letters, save_png
from PIL import Image, ImageOps


class SaveImage:
    CATEGORY = "image"
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "save_images"
    folder_type, suffix, compress_level = "output", "", 4

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {"images": ("IMAGE", {}), "filename_prefix": ("STRING", {"default": "ComfyUI"})},
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    def save_images(
        self, images: Any, filename_prefix: str = "ComfyUI", prompt: Any = None, extra_pnginfo: Any = None
    ) -> dict[str, Any]:
        prefix = filename_prefix + self.suffix
        saved = save_png(images, prefix, self.folder_type, self.compress_level, prompt, extra_pnginfo)
        return {"ui": {"images": saved}}


class PreviewImage(SaveImage):
    folder_type, compress_level = "temp", 1

    def __init__(self) -> None:
        self.suffix = f"_temp_{random_letters()}"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        hidden = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
        return {"required": {"images": ("IMAGE",)}, "hidden": hidden}


class SaveAnimatedWEBP(SaveImage):
    CATEGORY = "image/animation"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "images": ("IMAGE",),
                "filename_prefix": ("STRING", {"default": "ComfyUI"}),
                "fps": ("FLOAT", {"default": 6.0, "min": 0.01, "max": 1000.0, "step": 0.01}),
                "lossless": ("BOOLEAN", {"default": True}),
                "quality": ("INT", {"default": 80, "min": 0, "max": 100}),
                "method": (["default", "fastest", "slowest"],),
            }
        }

    def save_images(
        self, images: Any, filename_prefix: str, fps: float, lossless: bool, quality: int, method: str
    ) -> dict[str, Any]:
        height, width = images.shape[1:3]
        path = folder_paths.get_save_image_path(filename_prefix, folder_paths.get_output_directory(), width, height)
        folder, name, counter, subfolder, _ = path
        frames = [Image.fromarray((frame.numpy() * 255).clip(0, 255).astype(np.uint8)) for frame in images]
        file = f"{name}_{counter:05}_.webp"
        shown = {"save_all": True, "append_images": frames[1:], "duration": int(1000.0 / fps)}
        frames[0].save(os.path.join(folder, file), lossless=lossless, quality=quality, method=0, **shown)
        return {"ui": {"images": [{"filename": file, "subfolder": subfolder, "type": "output"}], "animated": (True,)}}


class LoadImage:
    CATEGORY = "image"
    RETURN_TYPES = ("IMAGE", "MASK")
    FUNCTION = "load_image"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        folder = folder_paths.get_input_directory()
        files = [one for one in os.listdir(folder) if os.path.isfile(os.path.join(folder, one))]
        files = folder_paths.filter_files_content_types(files, ["image"])
        return {"required": {"image": (sorted(files), {"image_upload": True})}}

    @classmethod
    def VALIDATE_INPUTS(cls, image: str) -> bool | str:
        return folder_paths.exists_annotated_filepath(image) or f"Invalid image file: {image}"

    @classmethod
    def IS_CHANGED(cls, image: str) -> str:
        with open(folder_paths.get_annotated_filepath(image), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def load_image(self, image: str) -> tuple[Any, ...]:
        with Image.open(folder_paths.get_annotated_filepath(image)) as opened:
            picture = ImageOps.exif_transpose(opened)
            pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255.0
            mask = torch.zeros(1, 64, 64)
            if "A" in picture.getbands():
                mask = 1.0 - torch.from_numpy(np.asarray(picture.getchannel("A"), dtype=np.float32) / 255.0)[None]
        return torch.from_numpy(pixels)[None], mask


class LoadImageMask(LoadImage):
    CATEGORY = "mask"
    RETURN_TYPES = ("MASK",)
    FUNCTION = "load_mask"
    CHANNELS = ("alpha", "red", "green", "blue")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {**super().INPUT_TYPES()["required"], "channel": (list(cls.CHANNELS),)}}

    @classmethod
    def IS_CHANGED(cls, image: str, channel: str) -> str:
        return super().IS_CHANGED(image)

    def load_mask(self, image: str, channel: str) -> tuple[Any, ...]:
        pixels, opacity = self.load_image(image)
        return (opacity if channel == "alpha" else pixels[..., self.CHANNELS.index(channel) - 1],)
