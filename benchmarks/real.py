"""`python dev.py bench real`: see _real_bench.py. Here only what makes the pack's engine importable from there."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

if __name__ == "__main__":
    # The engine belongs to a package that has no name of its own before ComfyUI gives it one (as in tests/conftest.py).
    pack = types.ModuleType("pack")
    pack.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["pack"] = pack
    sys.exit(importlib.import_module("pack.benchmarks._real_bench").main(sys.argv[1:]))
