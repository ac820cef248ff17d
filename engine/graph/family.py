"""Which model family a graph renders with, and what is known of each: ranges, sizes, frames, parts that go with it.

The figures and their sources are in families.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .model import inputs_of

MODEL_FILE_INPUTS = ("ckpt_name", "unet_name", "model_name", "gguf_name")
TEXT_ENCODER_TYPE_INPUT = "type"
DISTILLED_CFG = 1.5
"""At or below this cfg the model is taken for a distilled one, whose cfg must stay (docs/design-notes.md, 12.3)."""


@dataclass(frozen=True)
class Ranges:
    """Inclusive ranges of steps and cfg. Always contain the user's own values."""

    steps: tuple[int, int]
    cfg: tuple[float, float]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Size(_Data):
    """Sides in pixels. multiple: the model needs it. step: what we round to. minimum: no side is made smaller."""

    multiple: int
    step: int
    minimum: int = 512
    native: tuple[tuple[int, int], ...] = ()


class Frames(_Data):
    """length = multiple * n + offset. fps: as recommended."""

    multiple: int
    offset: int
    default: int | None = None
    fps: tuple[int, ...] = ()

    def nearest(self, length: int) -> int:
        """The nearest length that fits, at least one frame group."""
        groups = (2 * (length - self.offset) + self.multiple) // (2 * self.multiple)
        return max(groups, 0) * self.multiple + self.offset


class PromptStyle(_Data):
    style: Literal["descriptive", "instructional", "tags", "motion"]
    note: str = ""


class Family(_Data):
    """One row of families.json; its `_about` says what each field means. Patterns are searched without case."""

    name: str
    files: str
    architecture: str
    steps: tuple[int, int]
    cfg: tuple[float, float]
    distilled: bool = False
    guidance: tuple[float, float] | None = None
    shift: tuple[float, float] | None = None
    size: Size | None = None
    frames: Frames | None = None
    negative: bool = True
    prompt: PromptStyle
    clip_types: tuple[str, ...] = ()
    text_encoders: str = ""
    vae: str = ""
    latents: tuple[str, ...] = ()
    min_comfyui: str | None = None
    sources: tuple[str, ...] = Field(min_length=1)


@cache
def families() -> tuple[Family, ...]:
    """All rows, the narrower file names first."""
    rows = json.loads((Path(__file__).parent / "families.json").read_text(encoding="utf-8"))["families"]
    return tuple(Family.model_validate(row) for row in rows)


def family_named(name: str) -> Family | None:
    return next((family for family in families() if family.name == name), None)


def family_of_file(file: str) -> Family | None:
    """The family that a model file's name tells; None for a name of the user's own."""
    return next((family for family in families() if matches(family.files, file)), None)


def matches(pattern: str, file: str) -> bool:
    """Whether a file name fits a pattern of families.json. An empty pattern fits nothing."""
    return bool(pattern) and re.search(pattern, file, re.IGNORECASE) is not None


def family_of(graph: Mapping[str, Any]) -> str:
    """Name of the family of the first model file that is known, in the order of the graph; empty when none is.

    Where the files are the user's own, the text encoder's type and the latent tell, if one family alone has both.
    """
    for node in graph.values():
        for name in MODEL_FILE_INPUTS:
            file = inputs_of(node).get(name)
            family = family_of_file(file) if isinstance(file, str) else None
            if family:
                return family.name
    return _family_of_parts(graph)


def _family_of_parts(graph: Mapping[str, Any]) -> str:
    types = [inputs_of(node).get(TEXT_ENCODER_TYPE_INPUT) for node in graph.values()]
    classes = [node.get("class_type") for node in graph.values() if isinstance(node, Mapping)]
    fitting = [
        family.name
        for family in families()
        if any(kind in family.clip_types for kind in types) and any(name in family.latents for name in classes)
    ]
    return fitting[0] if len(fitting) == 1 else ""


def family_in(graph: Mapping[str, Any]) -> Family | None:
    """What is known of the family that a graph renders with; None for an unknown one."""
    return family_named(family_of(graph))


def ranges(family: str, steps: int, cfg: float) -> Ranges:
    """Ranges for a family, widened to hold the user's own steps and cfg.

    Unknown family: steps from two thirds to one and a half times the user's, cfg two either way. cfg stays as it is
    where the user's is at most DISTILLED_CFG.
    """
    known = family_named(family)
    step_range = known.steps if known else (max(1, steps * 2 // 3), steps + (steps + 1) // 2)
    cfg_range = known.cfg if known else (max(1.0, cfg - 2), cfg + 2)
    if cfg <= DISTILLED_CFG:
        cfg_range = (cfg, cfg)
    return Ranges(
        (min(step_range[0], steps), max(step_range[1], steps)), (min(cfg_range[0], cfg), max(cfg_range[1], cfg))
    )
