"""`from comfy_api.latest import ui`: what a node may show on itself."""

from __future__ import annotations

import json
import os
import random
import string
from typing import Any

import folder_paths
import numpy as np
from comfy.cli_args import args
from PIL import Image
from PIL.PngImagePlugin import PngInfo


def save_png(
    images: Any,
    prefix: str,
    folder_type: str,
    compress_level: int,
    prompt: Any = None,
    extra_pnginfo: dict[str, Any] | None = None,
) -> list[dict[str, str]]:
    """Writes [B,H,W,C] floats 0..1 with the graph inside, and returns `[{filename, subfolder, type}]`."""
    base = folder_paths.get_directory_by_type(folder_type)
    height, width = images[0].shape[:2]
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, base, width, height)
    saved = []
    for index, image in enumerate(images):
        metadata = None
        if not args.disable_metadata:
            metadata = PngInfo()
            if prompt is not None:
                metadata.add_text("prompt", json.dumps(prompt))
            for key, value in (extra_pnginfo or {}).items():
                metadata.add_text(key, json.dumps(value))
        file = f"{name.replace('%batch_num%', str(index))}_{counter + index:05}_.png"
        pixels = np.clip(255.0 * image.cpu().numpy(), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(os.path.join(folder, file), pnginfo=metadata, compress_level=compress_level)
        saved.append({"filename": file, "subfolder": subfolder, "type": folder_type})
    return saved


def random_letters() -> str:
    return "".join(random.choices(string.ascii_lowercase, k=5))


class PreviewImage:
    """Pictures saved to the temporary folder and shown on the node. `cls` gives them the graph as metadata."""

    def __init__(self, image: Any, animated: bool = False, cls: Any = None, **kwargs: Any) -> None:
        hidden = cls.hidden if cls is not None else None
        self.animated = animated
        self.values = save_png(
            image,
            f"ComfyUI_temp_{random_letters()}",
            "temp",
            1,
            getattr(hidden, "prompt", None),
            getattr(hidden, "extra_pnginfo", None),
        )

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.values, "animated": (self.animated,)}


class PreviewText:
    def __init__(self, value: str, **kwargs: Any) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        return {"text": (self.value,)}
