"""object_info for checks, at little cost.

All of it costs up to a second, and node classes stay the same while a server runs: that is asked for once. What changes
is what their lists offer, when a file is added or removed: so the few classes of the graph at hand are asked for anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS
from ..engine.graph.nodes import ObjectInfo
from .queue import ServerQueue


class KnownClasses:
    """Every method runs on the server's event loop."""

    def __init__(self, queue: ServerQueue) -> None:
        self._queue = queue
        self._all: ObjectInfo = {}

    async def of(self, graph: Any) -> ObjectInfo:
        """The server's node classes, those that the graph uses as they are now. graph: any JSON."""
        if not self._all:
            self._all = await self._queue.object_info()
        fresh: dict[str, Any] = {}
        for name in sorted(_used(graph) & self._all.keys()):
            fresh |= await self._queue.object_info_of(name)
        return {**self._all, **fresh}


def _used(graph: Any) -> set[str]:
    nodes = graph.values() if isinstance(graph, Mapping) else ()
    kinds = [node.get("class_type") for node in nodes if isinstance(node, Mapping)]
    return {kind for kind in kinds if isinstance(kind, str)} | {LOOP_CLASS, CRITIC_CLASS}
