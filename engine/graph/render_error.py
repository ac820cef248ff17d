"""What went wrong with a render, told apart by what can be done about it."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .model import GraphView

ErrorKind = Literal["out_of_memory", "sizes", "missing_file", "invalid_value", "unknown_class", "other"]

_OUT_OF_MEMORY = re.compile(
    r"out of memory|allocation on device|can.?t allocate memory|CUBLAS_STATUS_ALLOC_FAILED", re.IGNORECASE
)
"""Texts of torch, CUDA and ComfyUI (docs/design-notes.md, 14.1)."""
_SIZES = re.compile(
    r"sizes of tensors must match|size of tensor a .* must match the size of tensor b", re.IGNORECASE | re.DOTALL
)
_MISSING_FILE = re.compile(r"no such file|with filename .* not found|file not found", re.IGNORECASE)
_UNKNOWN_CLASS = re.compile(r"node (\S.*?) does not exist", re.IGNORECASE)
_FILE = re.compile(r"[\w\-. \\/]+\.(?:safetensors|ckpt|pt|pth|bin|gguf|sft)\b", re.IGNORECASE)
_VALIDATION = (
    "value_not_in_list",
    "value_smaller_than_min",
    "value_bigger_than_max",
    "invalid_input_type",
    "required_input_missing",
    "return_type_mismatch",
    "bad_linked_input",
    "custom_validation_failed",
    "prompt_outputs_failed_validation",
)
"""Error types of POST /prompt: the graph was refused, so sending it again changes nothing."""


def says_out_of_memory(message: str) -> bool:
    """Whether an error's text is that of an exhausted memory, of the GPU or of the computer."""
    return bool(_OUT_OF_MEMORY.search(message))


class RenderError(BaseModel):
    """An execution_error of the history, or an error of POST /prompt.

    type: exception_type, or the server's error type. node: id of the node it happened in, empty when none is named.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    message: str
    node: str = ""

    @property
    def kind(self) -> ErrorKind:
        name = self.type.rsplit(".", 1)[-1]
        if "OutOfMemory" in name or name == "MemoryError" or says_out_of_memory(self.message):
            return "out_of_memory"
        if _SIZES.search(self.message):
            return "sizes"
        if name == "missing_node_type" or _UNKNOWN_CLASS.search(self.message):
            return "unknown_class"
        if name == "FileNotFoundError" or _MISSING_FILE.search(self.message):
            return "missing_file"
        if name in _VALIDATION:
            return "missing_file" if name == "value_not_in_list" and self.file else "invalid_value"
        return "other"

    @property
    def first_line(self) -> str:
        """The message without its details; the type where there is none."""
        return (self.message.strip().splitlines() or [self.type])[0]

    @property
    def file(self) -> str:
        """The first model file that the message names; empty for none."""
        found = _FILE.search(self.message)
        return found.group().strip() if found else ""

    @property
    def class_type(self) -> str:
        """The node class that the message says is not there; empty for none."""
        found = _UNKNOWN_CLASS.search(self.message)
        return found.group(1) if found else ""

    @property
    def sizes(self) -> tuple[int, int] | None:
        """The two sizes of a mismatch, in the units of the tensor; None when the message names none."""
        numbers = re.search(
            r"expected size (\d+) but got size (\d+)|tensor a \((\d+)\).*tensor b \((\d+)\)", self.message, re.I | re.S
        )
        if not numbers:
            return None
        one, other = (int(number) for number in numbers.groups() if number)
        return one, other


def heading(view: GraphView, error: RenderError) -> str:
    """The node it happened in, to begin a sentence with; "The render" where none is known."""
    return view.nodes[error.node].heading() if error.node in view.nodes else "The render"
