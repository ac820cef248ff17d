"""Run folders that version 0.1.0 wrote, and what it answered about each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent / "comfyui" / "kept_runs"
VIEWS = json.loads((KEPT / "views.json").read_text(encoding="utf-8"))


def missing(old: Any, new: Any) -> list[str]:
    """Where new lacks something that old has or says another thing, as paths; new may know more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [f"{key}.{rest}" for key, value in old.items() for rest in missing(value, new.get(key))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [f"{at}.{rest}" for at, pair in enumerate(zip(old, new, strict=True)) for rest in missing(*pair)]
    return [] if old == new else [f"{old!r} became {new!r}"]
