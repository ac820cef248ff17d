"""The engine's check of graphs, with the node classes of this server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from ..engine.graph.check import check
from ..engine.graph.finding import Finding
from ..engine.graph.make_ready import Ready, make_ready
from ..engine.graph.order import MOST_NODES, Order
from .known_classes import KnownClasses

MOST_WARNINGS = 30
"""Kept with a run. They go to the page with every change of it."""


class GraphCheck:
    """version: ComfyUI's, as "0.8.0"; None where it does not say. Every method runs on the server's event loop."""

    def __init__(self, known: KnownClasses, version: str | None) -> None:
        self._known, self._version = known, version

    async def make_ready(self, order: Order) -> Ready:
        """The graph that a script's order asks for. Raises NotReady."""
        known = await self._known.of(order.workflow)
        return await asyncio.to_thread(make_ready, order, known, self._version)

    async def warnings(self, graph: Mapping[str, Any]) -> tuple[Finding, ...]:
        """What is not right with a graph about to render; nothing for one beyond all measure.

        Never raises: whatever fails here, the render goes on.
        """
        if len(graph) > MOST_NODES:
            return ()
        try:
            known = await self._known.of(graph)
            checked = await asyncio.to_thread(check, graph, known, version=self._version)
        except Exception:
            logging.exception("Imitatoes: the graph could not be checked")
            return ()
        return checked.findings[:MOST_WARNINGS]
