"""Stand-ins of Impact's detector nodes: their sockets, and a mask of whatever is red. The real ones need weights."""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import torch


class RedDetector:
    """What UltralyticsDetectorProvider hands on."""

    def __init__(self, model_name):
        self.model_name = model_name

    def detect_combined(self, image, threshold, dilation):
        if "broken" in self.model_name:
            raise RuntimeError("no weights")
        red = image[0, ..., 0] - image[0, ..., 1:3].amax(-1) > threshold
        return red.float()


class UltralyticsDetectorProvider:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model_name": (["bbox/face_yolov8m.pt", "bbox/broken_hand_yolov8s.pt"],)}}

    RETURN_TYPES = ("BBOX_DETECTOR", "SEGM_DETECTOR")
    FUNCTION = "load"
    CATEGORY = "tests"

    def load(self, model_name):
        return RedDetector(model_name), None


class BboxDetectorCombined:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "bbox_detector": ("BBOX_DETECTOR",),
                "image": ("IMAGE",),
                "threshold": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01}),
                "dilation": ("INT", {"default": 4, "min": 0, "max": 255, "step": 1}),
            }
        }

    RETURN_TYPES = ("MASK",)
    FUNCTION = "find"
    CATEGORY = "tests"

    def find(self, bbox_detector, image, threshold, dilation):
        return (torch.unsqueeze(bbox_detector.detect_combined(image, threshold, dilation), 0),)


NODE_CLASS_MAPPINGS = {
    "UltralyticsDetectorProvider": UltralyticsDetectorProvider,
    "BboxDetectorCombined_v2": BboxDetectorCombined,
}
