"""A run as the page and scripts see it: plain JSON, without what only the pack itself needs."""

from __future__ import annotations

from typing import Any

from .journal import BEST, CONTACT_SHEET
from .run import Iteration, Run

TOLD_ITERATIONS = 3
"""A message to the page holds the last iterations only: with all of 200 it would be half a megabyte, three times a
render. A page that misses one asks for the whole run."""


def run_view(run: Run) -> dict[str, Any]:
    """The whole run. Every field is optional for a reader: an older page may meet a newer server."""
    return {**_run_fields(run), "iterations": [_iteration_view(i) for i in run.iterations]}


def run_message(run: Run) -> dict[str, Any]:
    """run_view with the last iterations only; iteration_count says how many there are."""
    return {**_run_fields(run), "iterations": [_iteration_view(i) for i in run.iterations[-TOLD_ITERATIONS:]]}


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
        "stopping": run.stopping,
        "waiting": run.ended,
        "reason": run.reason,
        "workflow_id": run.workflow_id,
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


def _run_fields(run: Run) -> dict[str, Any]:
    best = run.best
    pending = run.pending
    return {
        **run_summary(run),
        "instructions": list(run.instructions),
        "pass_score": run.start.pass_score,
        "start_settings": run.start.settings.model_dump(),
        "taken": run.taken.iteration if run.taken else None,
        "loop_node": run.loop_node,
        "critic_node": run.critic_node,
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
        "swap_seconds": round(sum(i.seconds.get("swap", 0.0) for i in run.iterations), 4),
        "warnings": [finding.to_api() for finding in run.warnings],
        "recoveries": [recovery.model_dump() for recovery in run.recoveries],
        "contact_sheet": CONTACT_SHEET if run.ended and run.iterations else None,
    }


def _iteration_view(iteration: Iteration) -> dict[str, Any]:
    """seed_text: the page's numbers are exact below 2**53 only."""
    view = iteration.model_dump(exclude={"fingerprint": True, "plan": {"settings"}})
    return {**view, "settings": iteration.settings.model_dump(), "seed_text": str(iteration.settings.seed)}
