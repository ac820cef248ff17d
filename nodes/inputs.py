"""Inputs of our nodes that differ with ComfyUI's version."""

from __future__ import annotations

import inspect
from typing import Any

from comfy_api.latest import io


def advanced_int(name: str, **options: Any) -> io.Int.Input:
    """A whole number that the page keeps folded away, where its version can."""
    known = "advanced" in inspect.signature(io.Int.Input.__init__).parameters
    return io.Int.Input(name, **options, **({"advanced": True} if known else {}))
