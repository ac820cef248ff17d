"""The interrupt flag and what little there is to say about memory without a GPU."""

from __future__ import annotations

import gc
import threading
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


def is_device_cpu(device: torch.device) -> bool:
    return device.type == "cpu"


def module_size(module: torch.nn.Module) -> int:
    """Bytes of its weights."""
    return sum(value.nelement() * value.element_size() for value in module.state_dict().values())


def load_models_gpu(
    models: list[Any], memory_required: float = 0, force_patch_weights: bool = False, force_full_load: bool = False
) -> None:
    """Without a GPU nothing moves; the models count as loaded."""
    for model in models:
        if model not in current_loaded_models:
            current_loaded_models.insert(0, model)


def get_total_memory(dev: Any = None, torch_total_too: bool = False) -> Any:
    """Bytes; with `torch_total_too` a pair."""
    total = psutil.virtual_memory().total
    return (total, total) if torch_total_too else total


def get_free_memory(dev: Any = None, torch_free_too: bool = False) -> Any:
    """Bytes; with `torch_free_too` a pair."""
    free = psutil.virtual_memory().available
    return (free, free) if torch_free_too else free


def free_memory(memory_required: float, device: Any, keep_loaded: list[Any] | None = None) -> list[Any]:
    return []


def loaded_models(only_currently_used: bool = False) -> list[Any]:
    return list(current_loaded_models)


def unload_all_models() -> None:
    current_loaded_models.clear()


def soft_empty_cache(force: bool = False) -> None:
    gc.collect()
