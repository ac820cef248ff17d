"""What to do about a render that failed: change one thing and try again, or say why not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph.model import Graph
from ..graph.node_class import ObjectInfo
from ..graph.patch import redo
from ..graph.recovery import Change, explain_giving_up, next_change
from ..graph.render_error import RenderError
from .plan import Recovery
from .ports import SubmissionRejected
from .run import Run, Stop

CONTINUE = "Put that right, then continue the run."
TIMEOUT = "timeout"
"""Kind of a Recovery that no error asked for. The others are the kinds of graph.recovery."""


def apply_recoveries(graph: Graph, recoveries: Iterable[Recovery]) -> Graph:
    """The user's graph with what earlier failures made necessary. Raises PatchRefused when it is another graph."""
    for recovery in recoveries:
        graph = redo(graph, recovery.patch)
    return graph


def plan_retry(
    run: Run, graph: Graph, error: RenderError, tried: Sequence[Recovery], object_info: ObjectInfo
) -> Recovery | Stop:
    """The change with which a failed render is tried again, or the end of the run.

    graph: as it was queued. tried: what was changed for this very render before.
    """
    changes = [Change(kind=one.kind, sentence=one.sentence, patch=one.patch) for one in tried if one.kind != TIMEOUT]
    change = next_change(graph, error, changes, object_info)
    if change is None:
        return Stop("failed", f"{explain_giving_up(graph, error, changes, object_info).sentence} {CONTINUE}")
    return Recovery(
        number=len(run.iterations) + 1,
        kind=change.kind,
        error=error.first_line,
        sentence=change.sentence,
        patch=change.patch,
    )


def plan_after_timeout(run: Run, tried: Sequence[Recovery]) -> Recovery | Stop:
    """A render that took longer than its limit is tried once more; a second time ends the run."""
    minutes = f"{run.start.limits.render_minutes:g} minutes"
    if any(one.kind == TIMEOUT for one in tried):
        reason = f"The render took longer than {minutes} twice. Raise render_minutes or make the render smaller, "
        return Stop("failed", f"{reason}then queue again.")
    return Recovery(
        number=len(run.iterations) + 1,
        kind=TIMEOUT,
        error=f"The render took longer than {minutes}.",
        sentence=f"It took longer than {minutes}, was interrupted, and is rendered once more.",
    )


def explain_refusal(graph: Graph, problem: SubmissionRejected, object_info: ObjectInfo) -> Stop:
    """The end of a run whose next render the server did not take: it would not take it the next time either."""
    why = str(problem)
    if problem.error is not None and problem.error.kind != "other":
        why = explain_giving_up(graph, problem.error, (), object_info).sentence
    return Stop("failed", f"ComfyUI refused the next render. {why}")
