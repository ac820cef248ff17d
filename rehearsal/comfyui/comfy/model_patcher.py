"""What memory management moves: a torch module with its two devices."""

from __future__ import annotations

from typing import Any

import torch

import comfy.model_management


class ModelPatcher:
    """A model that `load_models_gpu` brings to `load_device` and unloading takes back to `offload_device`."""

    def __init__(
        self,
        model: torch.nn.Module,
        load_device: torch.device,
        offload_device: torch.device,
        size: int = 0,
        weight_inplace_update: bool = False,
    ) -> None:
        # As in ComfyUI, where it fails for modules whose `device` cannot be set.
        if getattr(model, "device", None) is None:
            model.device = offload_device
        self.model = model
        self.load_device, self.offload_device = load_device, offload_device
        self.size = size
        self.loaded = False

    def model_size(self) -> int:
        """Bytes."""
        if self.size == 0:
            self.size = comfy.model_management.module_size(self.model)
        return self.size

    def loaded_size(self) -> int:
        return self.model_size() if self.loaded else 0

    def partially_load(self, device_to: Any, extra_memory: float = 0, force_patch_weights: bool = False) -> int:
        self.model.to(device_to)
        self.loaded = True
        return self.model_size()

    def detach(self, unpatch_all: bool = True) -> torch.nn.Module:
        self.model.to(self.offload_device)
        self.loaded = False
        return self.model
