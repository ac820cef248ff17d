"""A run as an answer. Of a long one that takes some milliseconds, in which the server would answer nobody else."""

from __future__ import annotations

import asyncio

from ..engine.loop.run import Run
from ..engine.loop.view import RunView, run_view


async def tell_run(run: Run) -> RunView:
    """The whole run, made in a thread."""
    return await asyncio.to_thread(run_view, run)
