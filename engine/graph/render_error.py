"""What went wrong with a render, told apart by what can be done about it."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .graph_view import GraphView

ErrorKind = Literal["out_of_memory", "sizes", "missing_file", "invalid_value", "unknown_class", "other"]

_OUT_OF_MEMORY = re.compile(
    r"out of memory|allocation on device|can.?t allocate memory|CUBLAS_STATUS_ALLOC_FAILED", re.IGNORECASE
)
"""Texts of torch, CUDA and ComfyUI (docs/design-notes.md, 14.1)."""
_FILE_CHARACTERS = re.compile(r"[\w\-. \\/]+")
_FILE_ENDING = re.compile(r"\.(?:safetensors|ckpt|pt|pth|bin|gguf|sft)\b", re.IGNORECASE)
_NODE = re.compile(r"node (?=\S)", re.IGNORECASE)
_ABSENT = re.compile(r" does not exist", re.IGNORECASE)
_EXPECTED = re.compile(r"expected size (\d{1,9}) but got size (\d{1,9})\b", re.IGNORECASE)
_TENSOR_A, _TENSOR_B = (re.compile(rf"tensor {name} \((\d{{1,9}})\)", re.IGNORECASE) for name in "ab")
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


# Messages may be of any length and content: each of these looks at a text once.


def _holds_in_order(text: str, first: str, then: str) -> bool:
    """Whether both texts stand in it, in any case, the second behind the first."""
    lowered = text.lower()
    at = lowered.find(first)
    return at >= 0 and lowered.find(then, at + len(first)) >= 0


def _absent_class(text: str) -> str:
    """What "node X does not exist" names; empty where nothing does."""
    for line in text.splitlines():
        found = _NODE.search(line)
        if found and (behind := _ABSENT.search(line, found.end() + 1)):
            return line[found.end() : behind.start()]
    return ""


def says_out_of_memory(message: str) -> bool:
    """Whether an error's text is that of an exhausted memory, of the GPU or of the computer."""
    return bool(_OUT_OF_MEMORY.search(message))


LONGEST_LINE = 1000
"""Characters of a message that are told in a sentence."""


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
        text = self.message.lower()
        if "sizes of tensors must match" in text or _holds_in_order(
            text, "size of tensor a ", " must match the size of tensor b"
        ):
            return "sizes"
        if name == "missing_node_type" or self.class_type:
            return "unknown_class"
        if name == "FileNotFoundError" or any(words in text for words in ("no such file", "file not found")):
            return "missing_file"
        if any(_holds_in_order(line, "with filename ", " not found") for line in text.splitlines()):
            return "missing_file"
        if name in _VALIDATION:
            return "missing_file" if name == "value_not_in_list" and self.file else "invalid_value"
        return "other"

    @property
    def first_line(self) -> str:
        """The message without its details; the type where there is none."""
        return (self.message.strip().splitlines() or [self.type])[0][:LONGEST_LINE]

    @property
    def file(self) -> str:
        """The first model file that the message names; empty for none."""
        for run in _FILE_CHARACTERS.finditer(self.message):
            endings = [one.end() for one in _FILE_ENDING.finditer(run[0]) if one.start() > 0]
            if endings:
                return run[0][: endings[-1]].strip()
        return ""

    @property
    def class_type(self) -> str:
        """The node class that the message says is not there; empty for none."""
        return _absent_class(self.message)

    @property
    def sizes(self) -> tuple[int, int] | None:
        """The two sizes of a mismatch, in the units of the tensor; None when the message names none."""
        if expected := _EXPECTED.search(self.message):
            return int(expected[1]), int(expected[2])
        if one := _TENSOR_A.search(self.message):
            others = list(_TENSOR_B.finditer(self.message, one.end()))
            return (int(one[1]), int(others[-1][1])) if others else None
        return None


def heading(view: GraphView, error: RenderError) -> str:
    """The node it happened in, to begin a sentence with; "The render" where none is known."""
    return view.nodes[error.node].heading() if error.node in view.nodes else "The render"
