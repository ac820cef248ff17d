"""What a model file says of itself without being loaded: sizes and number types of its parts.

Of a safetensors file the header is read (8 bytes of length, then JSON: name to dtype, shape, data_offsets); of any
other file only its size and name are known.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..safetensors_header import BadHeader, header_of

UNKNOWN = ""
WHOLE = "WHOLE"
"""Kind of the one part of a file that holds one model."""
EIGHT_BITS_OR_LESS = frozenset({"fp8", "int8", "fp4", "uint8", "gguf"})
_DTYPES = {
    "F64": "fp64",
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8",
    "F8_E5M2": "fp8",
    "F8_E8M0": "fp8",
    "F4": "fp4",
    "I8": "int8",
    "U8": "uint8",
}
_SCALES = re.compile(r"(scale_weight|scale_input|weight_scale(_2)?|input_scale|scaled_fp8|comfy_quant)$")


class UnreadableModelFile(Exception):
    """The header is cut, too long or not JSON."""


@dataclass(frozen=True)
class ModelPart:
    """size: bytes on disk. elements: count of its numbers without scales. dtype: that most bytes have, such as fp8."""

    size: int
    elements: int
    dtype: str

    @property
    def quantised(self) -> bool:
        return self.dtype in EIGHT_BITS_OR_LESS


@dataclass(frozen=True)
class ModelFile:
    """size: bytes on disk. parts: by kind; a full checkpoint has MODEL, CLIP and VAE, any other file WHOLE alone."""

    name: str
    size: int
    parts: Mapping[str, ModelPart] = field(default_factory=dict)

    def part(self, kind: str) -> ModelPart | None:
        """The part of that kind; of a file with one model, that model."""
        return self.parts.get(kind) or self.parts.get(WHOLE)


def read_model_file(path: Path, name: str, prefixes: Mapping[str, Iterable[str]] | None = None) -> ModelFile:
    """prefixes: of a full checkpoint, by kind; the rest counts as CLIP. Raises OSError, UnreadableModelFile."""
    size = path.stat().st_size
    if path.suffix.lower() not in (".safetensors", ".sft"):
        dtype = "gguf" if path.suffix.lower() == ".gguf" else UNKNOWN
        return ModelFile(name, size, {WHOLE: ModelPart(size, 0, dtype)})
    try:
        entries, _ = header_of(path)
    except BadHeader as problem:
        raise UnreadableModelFile(f"{path.name}: {problem} Download it again.") from problem
    tensors = [(key, entry) for key, entry in entries.items() if key != "__metadata__"]
    kinds = [kind_of_tensor(key, prefixes) if prefixes else WHOLE for key, _ in tensors]
    parts = {}
    for kind in dict.fromkeys(kinds):
        parts[kind] = _part([pair for pair, k in zip(tensors, kinds, strict=True) if k == kind], name)
    return ModelFile(name, size, parts)


def kind_of_tensor(key: str, prefixes: Mapping[str, Iterable[str]]) -> str:
    """MODEL, VAE or, for all others, CLIP."""
    return next((kind for kind, found in prefixes.items() if key.startswith(tuple(found))), "CLIP")


def _part(tensors: Iterable[tuple[str, Any]], name: str) -> ModelPart:
    sizes: Counter[str] = Counter()
    elements = 0
    try:
        for key, entry in tensors:
            begin, end = entry["data_offsets"]
            sizes[_DTYPES.get(entry["dtype"], UNKNOWN)] += end - begin
            if not _SCALES.search(key):
                elements += math.prod(entry["shape"])
    except (KeyError, TypeError, ValueError) as problem:
        raise UnreadableModelFile(
            f"The header of {name} is not what it should be. Download the file again."
        ) from problem
    return ModelPart(sum(sizes.values()), elements, sizes.most_common(1)[0][0] if sizes else UNKNOWN)
