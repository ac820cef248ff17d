"""The run that a prompt begins, as data: everything that is known of it before its first picture. Pure."""

from __future__ import annotations

import time

from ..graph import ui_workflow
from ..graph.family import family_of
from ..graph.loop_nodes import as_queued, judged_node, steered_inputs
from ..graph.model import Graph
from ..unicode_text import mend_texts
from .extending import extended_run
from .plan import Pending
from .policy import first_plan
from .ports import CarriedRequest
from .run import MEASURING, Run
from .run_context import PromptContext


def new_run(run_id: str, prompt_context: PromptContext, carried: CarriedRequest) -> tuple[Run, Graph]:
    """The run, and the graph as it was queued. Takes as long as the graph is large: call it from a thread.

    Every text is one that can be written: whoever queues a graph may put anything in it.
    """
    now = time.time()
    graph = as_queued(prompt_context.graph)
    run = Run(
        id=run_id,
        created=now,
        updated=now,
        start=mend_texts(prompt_context.handle),
        first_prompt_id=mend_texts(prompt_context.prompt_id),
        family=family_of(graph),
        loop_node=mend_texts(prompt_context.loop_node),
        critic_node=mend_texts(prompt_context.critic_node),
        client_id=mend_texts(prompt_context.client_id),
        measured=prompt_context.client_id.startswith(MEASURING),
        workflow_id=mend_texts(ui_workflow.workflow_id(prompt_context.extra_pnginfo)),
        warnings=mend_texts((*prompt_context.warnings, *carried.notes)),
        targets=mend_texts(carried.targets),
        extends=extended_run(graph),
        steered=mend_texts(steered_inputs(graph, prompt_context.loop_node)),
        judged=mend_texts(judged_node(graph, prompt_context.critic_node)),
        paid_nodes=mend_texts(prompt_context.paid_nodes),
        paid_used=1 if prompt_context.paid_nodes else 0,
        can_edit_locally=prompt_context.can_edit_locally,
        edit_refusal=mend_texts(prompt_context.edit_refusal),
        edits_by_instruction=prompt_context.edits_by_instruction,
    )
    return run.model_copy(update={"pending": Pending(prompt_id=run.first_prompt_id, plan=first_plan(run))}), graph
