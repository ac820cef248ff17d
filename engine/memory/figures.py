"""The figures that estimates go by, read once from figures.json, where each has its source."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FileInput:
    """An input that names a model file. folders: ComfyUI's kinds of folder to look in. kind: what the file holds."""

    folders: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class DecodeFigures:
    """Bytes that decoding takes for each pixel of the result, at 16 bits.

    per_latent_frame: whether it grows with every latent frame; else the video is streamed, and above
    `above_latent_frames` the second figure holds. frames_per_latent: pictures in one latent frame.
    """

    name: str
    files: re.Pattern[str]
    bytes_per_pixel: int
    frames_per_latent: int = 1
    per_latent_frame: bool = False
    above_latent_frames: int | None = None
    bytes_per_pixel_above: int = 0

    def needed(self, width: int, height: int, frames: int) -> int:
        """Bytes for one video or picture of that size in pixels, decoded whole."""
        latent_frames = (max(1, frames) - 1) // self.frames_per_latent + 1
        each = self.bytes_per_pixel
        if self.above_latent_frames is not None and latent_frames > self.above_latent_frames:
            each = self.bytes_per_pixel_above
        return width * height * each * (latent_frames if self.per_latent_frame else 1)


@cache
def raw() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "figures.json").read_text(encoding="utf-8"))


@cache
def file_inputs() -> dict[str, FileInput]:
    """By the input's name."""
    rows = raw()["file_inputs"]
    return {n: FileInput(tuple(r["folders"]), r["kind"]) for n, r in rows.items() if not n.startswith("_")}


@cache
def checkpoint_prefixes() -> dict[str, tuple[str, ...]]:
    """By kind, how the tensors of that part of a full checkpoint begin."""
    rows = raw()["checkpoint_parts"]
    return {kind: tuple(found) for kind, found in rows.items() if not kind.startswith("_")}


def decode_figures(file: str) -> DecodeFigures:
    """Of the family that a VAE's or checkpoint's file name tells; of an AutoencoderKL for any other name."""
    return next(row for row in _decode_rows() if row.files.search(file))


@cache
def _decode_rows() -> tuple[DecodeFigures, ...]:
    rows = []
    for row in raw()["vae_decode"]["rows"]:
        values = {key: value for key, value in row.items() if not key.startswith("_")}
        rows.append(DecodeFigures(**{**values, "files": re.compile(row["files"], re.IGNORECASE)}))
    return tuple(rows)


def working_bytes() -> int:
    """What ComfyUI wants to have free beside the models for any step."""
    return raw()["working"]["bytes"]


def fp8_rule() -> tuple[re.Pattern[str], float]:
    """(model file names, size of a card in GiB up to which those models need their fp8 file)."""
    rule = raw()["rules"]["fp8_up_to_gib"]
    return re.compile(rule["families"], re.IGNORECASE), rule["gib"]
