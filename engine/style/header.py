"""What a LoRA file's header tells: names and shapes of its tensors, and metadata, without reading a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..safetensors_header import BadHeader, header_of

__all__ = ["BadHeader", "Header", "read_header"]

AGAIN = "Get it again."
LONGEST_NAME = 1000
"""Characters of a tensor's name."""
MOST_BYTES = 2**48
"""More than any file has."""


@dataclass(frozen=True)
class Header:
    """shapes: tensor name to shape. metadata: texts that the maker's program wrote."""

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """Raises BadHeader, whose message says what is wrong and what to do; OSError where the file cannot be opened."""
    try:
        entries, begin = header_of(path)
    except BadHeader as problem:
        raise BadHeader(f"{problem} {AGAIN}") from problem
    metadata = entries.pop("__metadata__", None) or {}
    try:
        shapes = {name: _shape(entry["shape"]) for name, entry in entries.items()}
        end = max((_side(entry["data_offsets"][1]) for entry in entries.values()), default=0)
        if any(len(name) > LONGEST_NAME for name in entries):
            raise ValueError("a name of thousands of characters")
    except (ValueError, AttributeError, KeyError, IndexError, TypeError) as problem:
        raise BadHeader(
            f"it is not a safetensors file (its header is not the JSON that belongs there). {AGAIN}"
        ) from problem
    if not shapes:
        raise BadHeader("it holds no tensors.")
    missing = end - (path.stat().st_size - begin)
    if missing > 0:
        raise BadHeader(f"the file is cut short: {missing} bytes are missing. {AGAIN}")
    texts = metadata.items() if isinstance(metadata, dict) else ()
    return Header(shapes, {name: value for name, value in texts if isinstance(value, str)})


def _shape(sides: Any) -> tuple[int, ...]:
    return tuple(map(_side, sides))


def _side(value: Any) -> int:
    """A side of a shape, or a place in the file."""
    if type(value) is not int or not 0 <= value < MOST_BYTES:
        raise ValueError("a size or place is no number that a file can have")
    return value
