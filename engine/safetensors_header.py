"""The JSON at the beginning of a safetensors file: 8 bytes of length, then names, shapes and places of all tensors."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

MOST_BYTES = 100 * 2**20
"""The format's own limit for a header, and ComfyUI's (comfy.utils.safetensors_header)."""


class BadHeader(ValueError):
    """A file that is no usable safetensors file. The message says what is wrong, without the file's name."""


def header_of(path: Path) -> tuple[dict[str, Any], int]:
    """(by tensor name its entry {dtype, shape, data_offsets}, unchecked, and the maker's texts under "__metadata__";
    at which byte the tensors begin).

    Reads no tensor. Raises BadHeader; OSError where the file cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise BadHeader("the file is empty or cut short.")
        length = struct.unpack("<Q", start)[0]
        if length > MOST_BYTES:
            raise BadHeader("it is not a safetensors file (its header would be larger than 100 MB).")
        text = file.read(length)
    if len(text) < length:
        raise BadHeader("the file is cut short.")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise _not_the_json() from problem
    if not isinstance(header, dict):
        raise _not_the_json()
    return header, 8 + length


def _not_the_json() -> BadHeader:
    return BadHeader("it is not a safetensors file (its header is not the JSON that belongs there).")
