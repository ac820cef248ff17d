"""How much work a function does: the lines of the pack that it runs. Clocks depend on the machine, this does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from .conftest import ROOT

_OURS = tuple(str(ROOT / room) for room in ("engine", "host", "nodes", "routes", "ollama_client"))


def steps_of(work: Callable[[], Any]) -> int:
    """Lines of the pack that the call runs, each as often as it is run."""
    count = 0

    def step(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        count += event == "line"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Any], size: int) -> float:
    """By which the work grows when the size doubles: about 2 where it is in proportion, 4 where it is the square."""
    return steps_of(lambda: work(2 * size)) / steps_of(lambda: work(size))
