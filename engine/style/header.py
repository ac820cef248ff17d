"""The header of a safetensors file: names, shapes and metadata, without reading a tensor."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 100 * 2**20
"""ComfyUI's own limit for a header (comfy.utils.safetensors_header)."""


class BadHeader(ValueError):
    """A file that is no usable safetensors file. The message says what is wrong and what to do, without the name."""


@dataclass(frozen=True)
class Header:
    """shapes: tensor name to shape. metadata: texts that the maker's program wrote."""

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """Read the 8-byte length and the JSON behind it. Raises BadHeader; OSError where the file cannot be opened."""
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise BadHeader("the file is empty or cut short. Get it again.")
        length = struct.unpack("<Q", start)[0]
        if length > MOST_BYTES:
            raise BadHeader("it is not a safetensors file (its header would be larger than 100 MB).")
        text = file.read(length)
        if len(text) < length:
            raise BadHeader("the file is cut short. Get it again.")
        header, data_bytes = _parsed(text), path.stat().st_size - 8 - length
    if data_bytes < header.data_bytes:
        raise BadHeader(f"the file is cut short: {header.data_bytes - data_bytes} bytes are missing. Get it again.")
    return Header(header.shapes, header.metadata)


@dataclass(frozen=True)
class _Parsed(Header):
    data_bytes: int


def _parsed(text: bytes) -> _Parsed:
    try:
        entries = json.loads(text)
        metadata = entries.pop("__metadata__", None) or {}
        shapes = {name: _shape(entry["shape"]) for name, entry in entries.items()}
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
    except (ValueError, AttributeError, KeyError, IndexError, TypeError, RecursionError) as problem:
        raise BadHeader("it is not a safetensors file (its header is not the JSON that belongs there).") from problem
    if not shapes:
        raise BadHeader("it holds no tensors.")
    texts = metadata.items() if isinstance(metadata, dict) else ()
    return _Parsed(shapes, {name: value for name, value in texts if isinstance(value, str)}, end)


def _shape(sides: Any) -> tuple[int, ...]:
    for side in sides:
        if type(side) is not int or side < 0:
            raise ValueError("a side of a shape is no number")
    return tuple(sides)
