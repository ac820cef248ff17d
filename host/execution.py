"""The prompt that is executing: its ids and its interrupt."""

from __future__ import annotations

from dataclasses import dataclass

import comfy.model_management
from comfy_execution.utils import get_executing_context


@dataclass(frozen=True)
class Executing:
    """prompt_id and node_id of the node that calls; position: its place when ComfyUI maps it over a list."""

    prompt_id: str
    node_id: str
    position: int


def executing() -> Executing | None:
    """Ids of the execution that this code runs in, None outside of one."""
    context = get_executing_context()
    if context is None:
        return None
    return Executing(str(context.prompt_id), str(context.node_id), int(context.list_index or 0))


def interrupted() -> bool:
    """Whether the user pressed Interrupt. Only looks: clearing the flag is the executor's business."""
    return comfy.model_management.processing_interrupted()


def stop() -> BaseException:
    """What to raise when interrupted."""
    return comfy.model_management.InterruptProcessingException()
