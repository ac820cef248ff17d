"""The engine's check of graphs, with the node classes of this server at little cost.

All of object_info costs up to a second, and node classes stay the same while a server runs: that is asked for once.
What changes is what their lists offer, when a file is added or removed: so the few classes of the graph at hand are
asked for anew, and the loaders of models for editing where somebody wants to know who repairs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..engine.graph.check import check
from ..engine.graph.clip_shapes import ClipShapes
from ..engine.graph.clips import ClipSource, clip_source
from ..engine.graph.edit_templates import find_repairer, template_loaders
from ..engine.graph.finding import Finding
from ..engine.graph.local_edit_parts import EditRefused
from ..engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS, as_queued
from ..engine.graph.loop_plan import LoopPlan
from ..engine.graph.model import Graph, sources
from ..engine.graph.node_class import ObjectInfo
from ..engine.graph.prepare_graph import PreparedGraph, plan_workflow, prepare_graph, shapes_of_workflow
from ..engine.graph.run_request import MOST_LINKS, MOST_NODES, PlanRequest, RunRequest, ShapesRequest
from ..engine.graph.ui_conversion.reading import node_types
from .queue import ServerQueue


class KnownClasses:
    """Every method runs on the server's event loop."""

    def __init__(self, queue: ServerQueue) -> None:
        self._queue = queue
        self._all: ObjectInfo = {}

    async def of(self, graph: Any) -> ObjectInfo:
        """The server's node classes, those that the graph uses as they are now. graph: any JSON."""
        return await self._fresh(_used(graph))

    async def for_repairs(self, graph: Any) -> ObjectInfo:
        """The same, with the loaders of models for editing: whether one is there decides who repairs."""
        return await self._fresh(_used(graph) | template_loaders())

    async def _fresh(self, names: set[str]) -> ObjectInfo:
        known = await self.at_first()
        fresh: dict[str, Any] = {}
        for name in sorted(names & known.keys()):
            fresh |= await self._queue.object_info_of(name)
        return {**known, **fresh}

    async def at_first(self) -> ObjectInfo:
        """The server's node classes as they were when first asked for: all that stays the same, at no cost."""
        if not self._all:
            self._all = await self._queue.object_info()
        return self._all


def _used(graph: Any) -> set[str]:
    nodes = graph.values() if isinstance(graph, Mapping) else ()
    kinds = [node.get("class_type") for node in nodes if isinstance(node, Mapping)]
    return {kind for kind in kinds if isinstance(kind, str)} | node_types(graph) | {LOOP_CLASS, CRITIC_CLASS}


CHECKS_AT_ONCE = 2
"""Of graphs that scripts and pages send: a graph may take seconds, and others need the threads too."""
NOT_READ = "The workflow could not be read."
MOST_WARNINGS = 30
"""Kept with a run. They go to the page with every change of it."""


class RepairCheck(NamedTuple):
    """refusal: why pictures cannot be repaired in place, "" where they can. by_instruction: by a model for editing."""

    refusal: str = ""
    by_instruction: bool = False


class GraphCheck:
    """version: ComfyUI's, as "0.8.0", and frontend: its page's, as "1.35.9"; None where it does not say.

    Every method runs on the server's event loop.
    """

    def __init__(self, known: KnownClasses, version: str | None, frontend: str | None = None) -> None:
        self._known, self._version, self._frontend = known, version, frontend
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        """The graph that a script's order asks for. Raises NotReady."""
        known = await self._known.of(order.workflow)
        async with self._checking:
            return await asyncio.to_thread(prepare_graph, order, known, self._version, self._frontend)

    async def plan(self, request: PlanRequest) -> LoopPlan:
        """How a loop would be put into a workflow. Raises NotReady."""
        known = await self._known.of(request.workflow)
        async with self._checking:
            return await asyncio.to_thread(plan_workflow, request, known, self._frontend)

    async def clip_shapes(self, request: ShapesRequest) -> ClipShapes:
        """Which shapes the clip of a workflow can have. Raises NotReady."""
        known = await self._known.of(request.workflow)
        async with self._checking:
            return await asyncio.to_thread(shapes_of_workflow, request, known, self._frontend)

    async def before_render(
        self, graph: Graph, critic: str, repair_with: str
    ) -> tuple[tuple[Finding, ...], RepairCheck]:
        """What is not right with a graph about to render, and whether pictures can be repaired.

        Neither of one of more than MOST_NODES or MOST_LINKS. Never raises: whatever fails here, the render goes on.
        """
        if _too_large(graph):
            return (), RepairCheck("The workflow is too large.")
        try:
            known = await self._known.for_repairs(graph)
        except Exception:
            logging.exception("Imitatoes: the graph could not be checked")
            return (), RepairCheck(NOT_READ)
        return await self._warnings(graph, known), await _can_repair(graph, critic, repair_with, known)

    async def clip_source(self, graph: Graph, critic: str) -> ClipSource:
        """What a critic's pictures are; of a graph that cannot be read, pictures. Never raises."""
        if _too_large(graph):
            return ClipSource()
        try:
            known = await self._known.at_first()  # asked at each render, and no list of files tells of a clip
            return await asyncio.to_thread(clip_source, graph, known, critic)
        except Exception:
            logging.exception("Imitatoes: whether the pictures are a clip could not be found out")
            return ClipSource()

    async def _warnings(self, graph: Graph, known: ObjectInfo) -> tuple[Finding, ...]:
        try:
            checked = await asyncio.to_thread(lambda: check(as_queued(graph), known, version=self._version))
        except Exception:
            logging.exception("Imitatoes: the graph could not be checked")
            return ()
        return checked.findings[:MOST_WARNINGS]


async def _can_repair(graph: Graph, critic: str, repair_with: str, known: ObjectInfo) -> RepairCheck:
    """Whether a region of the picture that a graph's critic judges can be painted anew, and how."""
    try:
        _, parts = await asyncio.to_thread(find_repairer, graph, known, critic, repair_with)
    except EditRefused as problem:
        return RepairCheck(str(problem))
    except Exception:
        logging.exception("Imitatoes: whether the picture could be repaired could not be found out")
        return RepairCheck(NOT_READ)
    return RepairCheck(by_instruction=parts.by_instruction)


def _too_large(graph: Mapping[str, Any]) -> bool:
    return len(graph) > MOST_NODES or sum(1 for node in graph.values() for _ in sources(node)) > MOST_LINKS
