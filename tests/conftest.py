"""The tree is registered as the package `pack`, so that tests import it without its root ever being on sys.path
(core's `import nodes` would find our package there) and without running the entry point."""

from __future__ import annotations

import sys
import types
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

# A slow computer is no failure: no example has a time of its own, pytest's timeout holds for the whole test.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent

pack = types.ModuleType("pack")
pack.__path__ = [str(ROOT)]
sys.modules["pack"] = pack


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that says what was skipped and what it wants, so that nothing is skipped silently."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(one.longrepr[2]).removeprefix("Skipped: ") for one in skipped if one.longrepr)
    if reasons:
        told = "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"{sum(reasons.values())} tests were skipped. {told}.")
