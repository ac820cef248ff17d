"""Several things awaited at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def all_or_none(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Await all. Where one raises, an interrupt above all, the others are cancelled and waited for first."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
