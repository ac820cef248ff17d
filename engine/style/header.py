"""What a LoRA file's header tells: names and shapes of its tensors, and metadata, without reading a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..safetensors_header import BadHeader, header_of

__all__ = ["BadHeader", "Header", "read_header"]

AGAIN = "Get it again."


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
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
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
    for side in sides:
        if type(side) is not int or side < 0:
            raise ValueError("a side of a shape is no number")
    return tuple(sides)
