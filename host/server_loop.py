"""From the worker's event loop, where nodes run, to the server's, where the driver lives."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from ..engine.graph.cards import collectors
from ..engine.graph.clips import ClipSource
from ..engine.graph.finding import Finding
from ..engine.graph.model import Graph
from ..engine.loop.batch_pictures import CardShare
from ..engine.loop.run import Run
from ..engine.loop.run_context import PromptContext, Report, RunContext
from .app import App

Result = TypeVar("Result")


class ServerLoopCalls:
    """The driver for code that runs on another event loop, as node coroutines do."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def expect(self, prompt_context: PromptContext) -> None:
        await self._on_server(self._app.expect(prompt_context))

    async def clip_source(self, graph: Graph, critic: str) -> ClipSource:
        return await self._on_server(self._app.clip_source(graph, critic))

    async def begin(self, prompt_context: PromptContext) -> RunContext:
        return await self._on_server(self._app.driver.begin(prompt_context))

    async def shares(self, graph: Mapping[str, Any], count: int) -> tuple[tuple[CardShare, ...], tuple[Finding, ...]]:
        """See Cards.shares."""
        if not collectors(graph):
            return (), ()
        return await self._on_server(self._app.cards.shares(graph, count))

    async def report(self, prompt_id: str, report: Report) -> Run | None:
        async def call() -> Run | None:
            return self._app.driver.report(prompt_id, report)

        return await self._on_server(call())

    async def _on_server(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._app.server.loop))
