"""Which node is executing. The name mirrors ComfyUI's module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple


class ExecutionContext(NamedTuple):
    prompt_id: str
    node_id: str
    list_index: int | None


_current: ContextVar[ExecutionContext | None] = ContextVar("current_executing_context", default=None)


def get_executing_context() -> ExecutionContext | None:
    return _current.get()


@contextlib.contextmanager
def executing(context: ExecutionContext) -> Iterator[None]:
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
