"""Telling an exhausted memory from other errors, in every version of ComfyUI."""

from __future__ import annotations

import comfy.model_management
import torch

from ..engine.graph.render_error import says_out_of_memory


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
    return isinstance(problem, RuntimeError) and says_out_of_memory(str(problem))
