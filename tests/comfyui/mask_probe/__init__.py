"""A node pack for the tests: batches of pictures, boxes, and what a mask and memory management hold."""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import math

import comfy.model_management
import torch


class Pictures:
    """A batch of smooth random pictures, each its own."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "make"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        numbers = {name: ("INT", {"default": 1, "max": 100000}) for name in ("count", "height", "width", "first")}
        return {"required": numbers}

    def make(self, count, height, width, first):
        pictures = []
        for seed in range(first, first + count):
            coarse = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(seed))
            pictures.append(torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1))
        return (torch.cat(pictures).movedim(1, -1),)


class Boxes:
    RETURN_TYPES = ("BOUNDING_BOX",)
    FUNCTION = "make"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {name: ("FLOAT", {"default": 0.0}) for name in ("x", "y", "width", "height")}}

    def make(self, **box):
        return ([[box]],)


class Masks:
    """Tells what came out of TextSegmentMask."""

    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "tell"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        kinds = {"mask": "MASK", "boxes": "BOUNDING_BOX", "preview": "IMAGE", "found": "INT", "report": "STRING"}
        return {"required": {name: (kind, {"forceInput": True}) for name, kind in kinds.items()}}

    def tell(self, mask, boxes, preview, found, report):
        told = {
            "shape": list(mask.shape),
            "dtype": str(mask.dtype),
            "low": float(mask.min()),
            "high": float(mask.max()),
            "finite": bool(torch.isfinite(mask).all()),
            "shares": [float(one.mean()) for one in mask],
            "sums": [math.fsum((one * torch.arange(one.numel()).view(one.shape)).flatten().tolist()) for one in mask],
            "boxes": boxes,
            "preview": list(preview.shape),
            "found": found,
            "report": report,
        }
        return {"ui": {"told": [told]}}


class LoadedModels:
    """Names of the models that memory management holds now."""

    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "tell"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    @classmethod
    def IS_CHANGED(cls):
        return float("nan")

    def tell(self):
        entries = comfy.model_management.current_loaded_models
        return {"ui": {"told": [{"loaded": [type(e.model.model).__name__ for e in entries if e.model is not None]}]}}


NODE_CLASS_MAPPINGS = {
    "ProbePictures": Pictures,
    "ProbeBoxes": Boxes,
    "ProbeMasks": Masks,
    "ProbeLoadedModels": LoadedModels,
}
