"""Stopwatches around functions of the running pack, so that what is measured is the code that users run."""

from __future__ import annotations

import functools
import inspect
import sys
import time
from collections.abc import Callable
from typing import Any

_PACK = "imitatoes"
_spans: list[tuple[str, float, float]] = []
_stopwatches: list[Callable[..., Any]] = []


def attach(stages: dict[str, list[list[str]]], processor: bool = False) -> list[str]:
    """Wrap each [module within the pack, attribute or Class.method]; the names that do not exist.

    processor: a span is as long as the processor time of the calling thread, which other programs have no part in.
    """
    clock = time.thread_time if processor else time.perf_counter
    missing = []
    for stage, targets in stages.items():
        for module_name, attribute in targets:
            owner: Any = _module(module_name)
            *path, name = attribute.split(".")
            for step in path:
                owner = getattr(owner, step, None)
            found = getattr(owner, name, None)
            if found is None:
                missing.append(f"{module_name}:{attribute}")
            elif found not in _stopwatches:
                _stopwatches.append(_timed(stage, found, clock))
                setattr(owner, name, _stopwatches[-1])
    return missing


def taken() -> list[tuple[str, float, float]]:
    """The spans so far, which are then forgotten."""
    done = list(_spans)
    del _spans[: len(done)]
    return done


def _module(name: str) -> Any:
    """ComfyUI loads a pack under its path, so only the end of the module's name is known."""
    return next((module for key, module in list(sys.modules.items()) if key.endswith(f"{_PACK}.{name}")), None)


def _timed(stage: str, function: Callable[..., Any], clock: Callable[[], float]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def timed_coroutine(*args: Any, **kwargs: Any) -> Any:
            begun, before = time.time(), clock()
            try:
                return await function(*args, **kwargs)
            finally:
                _spans.append((stage, begun, begun + clock() - before))

        return timed_coroutine

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        begun, before = time.time(), clock()
        try:
            return function(*args, **kwargs)
        finally:
            _spans.append((stage, begun, begun + clock() - before))

    return timed
