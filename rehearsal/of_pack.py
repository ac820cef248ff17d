"""Modules of the pack for scripts: it has no name of its own before ComfyUI gives it one (as in tests/conftest.py)."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def of_pack(name: str) -> Any:
    """A module by its name in the pack, as "engine.judge.self_test". From then on `pack` can be imported from."""
    if "pack" not in sys.modules:
        pack = types.ModuleType("pack")
        pack.__path__ = [str(ROOT)]
        sys.modules["pack"] = pack
    return importlib.import_module(f"pack.{name}")
