"""Telling an exhausted memory from other errors, in every version of ComfyUI."""

from __future__ import annotations

import comfy.model_management
import torch

_TEXTS = ("out of memory", "allocation on device", "can't allocate memory", "cublas_status_alloc_failed")


def is_out_of_memory(problem: BaseException) -> bool:
    """Of the GPU or of the computer. Never true for an interrupt."""
    management = comfy.model_management
    if isinstance(problem, management.InterruptProcessingException):
        return False
    if isinstance(problem, (torch.cuda.OutOfMemoryError, MemoryError)):
        return True
    # Since 0.17. OOM_EXCEPTION, which is older, stands for any exception where torch has none of its own.
    known = getattr(management, "is_oom", None)
    if known is not None and known(problem):
        return True
    return isinstance(problem, RuntimeError) and any(text in str(problem).lower() for text in _TEXTS)
