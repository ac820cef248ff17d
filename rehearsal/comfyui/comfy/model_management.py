"""The interrupt flag and what little there is to say about memory without a GPU."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import psutil
import torch

OOM_EXCEPTION = torch.cuda.OutOfMemoryError
current_loaded_models: list[Any] = []

_interrupt = threading.Event()


class InterruptProcessingException(Exception):
    """Raised inside the running node once somebody asked to interrupt."""


def interrupt_current_processing(value: bool = True) -> None:
    if value:
        _interrupt.set()
    else:
        _interrupt.clear()


def processing_interrupted() -> bool:
    return _interrupt.is_set()


def throw_exception_if_processing_interrupted() -> None:
    """Raises InterruptProcessingException and takes the flag down with it."""
    if _interrupt.is_set():
        _interrupt.clear()
        raise InterruptProcessingException


def get_torch_device() -> torch.device:
    return torch.device("cpu")


def unet_offload_device() -> torch.device:
    return torch.device("cpu")


def intermediate_device() -> torch.device:
    return torch.device("cpu")


def should_use_fp16(device: Any = None, **limits: Any) -> bool:
    return False


def is_device_cpu(device: torch.device) -> bool:
    return device.type == "cpu"


def get_total_memory(dev: Any = None, torch_total_too: bool = False) -> Any:
    """Bytes; with `torch_total_too` a pair."""
    total = psutil.virtual_memory().total
    return (total, total) if torch_total_too else total


def get_free_memory(dev: Any = None, torch_free_too: bool = False) -> Any:
    """Bytes; with `torch_free_too` a pair."""
    free = psutil.virtual_memory().available
    return (free, free) if torch_free_too else free


def minimum_inference_memory() -> float:
    """Bytes; of Linux, without --reserve-vram."""
    return (1024**3) * 0.8 + 400 * 1024**2


def free_memory(memory_required: float, device: Any, keep_loaded: list[Any] | None = None) -> list[Any]:
    return []


def loaded_models(only_currently_used: bool = False) -> list[Any]:
    return list(current_loaded_models)


def module_size(module: torch.nn.Module) -> int:
    """Bytes of its weights."""
    return sum(tensor.nelement() * tensor.element_size() for tensor in module.state_dict().values())


class LoadedModel:
    """An entry of current_loaded_models. Its model is gone as soon as nobody else holds it."""

    def __init__(self, model: Any) -> None:
        self._model = weakref.ref(model)
        self.device = model.load_device
        self.currently_used = True

    @property
    def model(self) -> Any:
        return self._model()

    def model_memory(self) -> int:
        return self.model.model_size()

    def model_loaded_memory(self) -> int:
        return self.model.loaded_size()


def load_models_gpu(
    models: Any,
    memory_required: float = 0,
    force_patch_weights: bool = False,
    minimum_memory_required: float | None = None,
    force_full_load: bool = False,
) -> None:
    current_loaded_models[:] = [entry for entry in current_loaded_models if entry.model is not None]
    for patcher in models:
        if all(entry.model is not patcher for entry in current_loaded_models):
            current_loaded_models.insert(0, LoadedModel(patcher))
        patcher.partially_load(patcher.load_device)


def unload_all_models() -> None:
    for entry in current_loaded_models:
        if entry.model is not None:
            entry.model.detach()
    current_loaded_models.clear()


def soft_empty_cache(force: bool = False) -> None:
    gc.collect()
