"""A run as the page and scripts see it: plain JSON, without what only the pack itself needs."""

from __future__ import annotations

from typing import Any

from .journal import BEST, CONTACT_SHEET
from .run import Iteration, Run


def run_view(run: Run) -> dict[str, Any]:
    """The whole run. Every field is optional for a reader: an older page may meet a newer server."""
    best = run.best
    pending = run.pending
    return {
        **run_summary(run),
        "instructions": list(run.instructions),
        "loop_node": run.loop_node,
        "critic_node": run.critic_node,
        "workflow_id": run.workflow_id,
        "prompt_ids": [i.prompt_id for i in run.iterations] + ([pending.prompt_id] if pending else []),
        "pending": {
            "number": len(run.iterations) + 1,
            "prompt_id": pending.prompt_id,
            **pending.plan.model_dump(),
        }
        if pending
        else None,
        "best_iteration": _iteration_view(best) if best else None,
        "checklist": {**run.checklist.model_dump(), "digest": run.checklist.digest} if run.checklist else None,
        "relooks": {str(number): critique.model_dump() for number, critique in run.relooks.items()},
        "iterations": [_iteration_view(i) for i in run.iterations],
        "swap_seconds": round(sum(i.seconds.get("swap", 0.0) for i in run.iterations), 4),
        "recoveries": [recovery.model_dump() for recovery in run.recoveries],
        "contact_sheet": CONTACT_SHEET if run.ended and run.iterations else None,
    }


def run_summary(run: Run) -> dict[str, Any]:
    """One line of the list of runs."""
    best = run.best
    return {
        "run_id": run.id,
        "first_prompt_id": run.first_prompt_id,
        "revision": run.revision,
        "created": run.created,
        "updated": run.updated,
        "goal": run.start.goal,
        "status": run.status,
        "phase": run.phase,
        "waiting": run.ended,
        "reason": run.reason,
        "iteration_count": len(run.iterations),
        "iteration_limit": run.renders_allowed,
        "best": {
            "iteration": best.number,
            "score": best.critique.score,
            "image": (BEST if run.ended and run.status != "unsaved" else best.picture) if best.picture else None,
        }
        if best
        else None,
    }


def _iteration_view(iteration: Iteration) -> dict[str, Any]:
    view = iteration.model_dump(exclude={"fingerprint": True, "plan": {"settings"}})
    return {**view, "settings": iteration.settings.model_dump()}
