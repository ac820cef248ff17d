"""The tree is registered as the package `pack`, so that tests import it without its root ever being on sys.path
(core's `import nodes` would find our package there) and without running the entry point."""

from __future__ import annotations

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

pack = types.ModuleType("pack")
pack.__path__ = [str(ROOT)]
sys.modules["pack"] = pack
