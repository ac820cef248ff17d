"""Which model family a graph renders with, and how far a run may move its steps and cfg."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MODEL_FILE_INPUTS = ("ckpt_name", "unet_name", "model_name", "gguf_name")
DISTILLED_CFG = 1.5
"""At or below this cfg the model is taken for a distilled one, whose cfg must stay (facts: cfg > 1 there is wrong)."""


@dataclass(frozen=True)
class Ranges:
    """Inclusive ranges of steps and cfg. Always contain the user's own values."""

    steps: tuple[int, int]
    cfg: tuple[float, float]


@dataclass(frozen=True)
class _Family:
    name: str
    files: re.Pattern[str]
    steps: tuple[int, int]
    cfg: tuple[float, float]


@cache
def _families() -> tuple[_Family, ...]:
    rows = json.loads((Path(__file__).parent / "families.json").read_text(encoding="utf-8"))["families"]
    return tuple(
        _Family(r["name"], re.compile(r["files"], re.IGNORECASE), tuple(r["steps"]), tuple(r["cfg"])) for r in rows
    )


def family_of(graph: Mapping[str, Any]) -> str:
    """Name of the family of the first model file that is known, in the order of the graph; empty when none is."""
    for node in graph.values():
        for name in MODEL_FILE_INPUTS:
            file = node.get("inputs", {}).get(name)
            if isinstance(file, str):
                for family in _families():
                    if family.files.search(file):
                        return family.name
    return ""


def ranges(family: str, steps: int, cfg: float) -> Ranges:
    """Ranges for a family, widened to hold the user's own steps and cfg.

    Unknown family: steps from two thirds to one and a half times the user's, cfg two either way. cfg stays as it is
    where the user's is at most DISTILLED_CFG.
    """
    known = next((f for f in _families() if f.name == family), None)
    step_range = known.steps if known else (max(1, steps * 2 // 3), steps + (steps + 1) // 2)
    cfg_range = known.cfg if known else (max(1.0, cfg - 2), cfg + 2)
    if cfg <= DISTILLED_CFG:
        cfg_range = (cfg, cfg)
    return Ranges(
        (min(step_range[0], steps), max(step_range[1], steps)), (min(cfg_range[0], cfg), max(cfg_range[1], cfg))
    )
