"""Memory: how it stands, what the last reports said, and what a graph would want."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from ..engine.memory.graph_sizes import LARGEST_SIZE, SIZE_INPUTS
from ..engine.memory.memory_report import MemoryReportView, memory_report_view
from ..engine.memory.memory_state import MemoryState
from ..engine.memory.preflight import PreflightView
from .errors import BadRequest
from .route import Body, RoutesApp


class PreflightBody(Body):
    """prompt: an API graph, as POST /prompt takes it."""

    prompt: dict[str, dict[str, Any]] = Field(min_length=1, max_length=10_000)


class MemoryView(BaseModel):
    """Amounts in bytes; the newest report first."""

    now: MemoryState
    reports: list[MemoryReportView]


async def show_memory(app: RoutesApp) -> MemoryView:
    reports = [memory_report_view(report) for report in app.memory_reports()]
    return MemoryView(now=await app.memory_state(), reports=reports)


async def estimate_memory(app: RoutesApp, body: PreflightBody) -> PreflightView:
    """Estimates and warnings for a graph, before it is queued."""
    for node_id, node in body.prompt.items():
        if not isinstance(node.get("class_type"), str) or not isinstance(node.get("inputs", {}), dict):
            raise BadRequest(f"prompt: node {node_id} has no class_type or inputs.", "Send a graph in API format.")
        for name in SIZE_INPUTS:
            value = node.get("inputs", {}).get(name)
            if isinstance(value, int) and value > LARGEST_SIZE:
                what = f"prompt: node {node_id}, input {name}: is more than {LARGEST_SIZE}, which nothing renders."
                raise BadRequest(what, "Write the size that you mean.", node=node_id, input_=name)
    return await app.memory_preflight(body.prompt)
