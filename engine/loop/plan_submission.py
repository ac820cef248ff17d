"""From the pending plan of a run to what goes into the queue: the graph with its settings, and what goes with it."""

from __future__ import annotations

import asyncio

from ..graph import ui_workflow
from ..graph.loop_nodes import Graph, with_settings
from ..settings import Settings
from .live_runs import LiveRun
from .plan import Plan
from .ports import Submission
from .repair_rendering import RepairRenders
from .retry import apply_recoveries
from .run import Run


async def plan_graph(repairs: RepairRenders, live: LiveRun) -> Graph:
    """Of the pending render. Raises EditRefused, OSError, ValueError for a repair that cannot be made."""
    run, plan = live.run, live.run.pending.plan
    if plan.repair is None:
        return await asyncio.to_thread(with_settings, live.graph, *_shown(run))
    return apply_recoveries(await repairs.graph(run, plan, live.graph), live.tried)


async def plan_submission(repairs: RepairRenders, live: LiveRun) -> Submission:
    """The pending render as the queue takes it. Raises as plan_graph."""
    run, pending = live.run, live.run.pending
    work = [
        plan_graph(repairs, live),
        asyncio.to_thread(ui_workflow.in_extra_pnginfo, live.extra_pnginfo, *_shown(run)),
    ]
    graph, extra_pnginfo = await asyncio.gather(*work)  # side by side: each waits for a thread
    client_id = live.client_id or run.client_id
    carried = live.carried if pending.plan.repair is None else live.carried.within(graph)
    return Submission(pending.prompt_id, graph, extra_pnginfo, client_id, carried, _why_one_card(run, pending.plan))


def _why_one_card(run: Run, plan: Plan) -> str:
    """Why a render may not be spread over several cards; "" where it may."""
    if plan.repair is not None:
        return "a repair in place is one picture"
    if run.paid_nodes:
        return f"every card would pay for {', '.join(run.paid_nodes)}"
    return "only some of its outputs were queued" if run.targets else ""


def _shown(run: Run) -> tuple[str, Settings, str, str]:
    """What SelfImprovingPrompt shows in the pending render: its node id, settings, goal and checklist."""
    return run.loop_node, run.pending.plan.settings, run.start.goal, run.start.checklist
