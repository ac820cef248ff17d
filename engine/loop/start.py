"""Starting a run without a page: the graph into the queue, and the run that its prompt begins."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ..graph.model import Graph
from .driver import Driver
from .ports import CarriedRequest, PromptState, Queue, Submission
from .run import Run

PROMPT_POLL_SECONDS = 0.05


async def submit(
    queue: Queue, graph: Graph, client_id: str, extra_data: Mapping[str, Any] | None = None, prompt_id: str = ""
) -> str:
    """Queue a graph as POST /prompt does; its prompt id. client_id: the page that follows it; empty for none.

    extra_data: what goes with it and all later renders. prompt_id: a UUID that nobody has used, where the caller wrote
    it down before; else one is drawn. Raises SubmissionRejected.
    """
    prompt_id = prompt_id or str(uuid.uuid4())
    # Without any client id ComfyUI sends a prompt's progress to every page.
    extra = dict(extra_data or {})
    embedded = extra.pop("extra_pnginfo", None)
    extra_pnginfo = embedded if isinstance(embedded, dict) else None
    carried = CarriedRequest(extra=extra)
    asked = Submission(prompt_id, graph, extra_pnginfo, client_id or uuid.uuid4().hex, carried)
    queued = await queue.submit(asked)
    return prompt_id if queued is None else queued.prompt_id


async def wait_for_run(driver: Driver, prompt_id: str, seconds: float) -> Run | PromptState:
    """The run that a prompt starts or belongs to, as soon as there is one.

    Else where the prompt is: once it has ended without a run, or after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        state = driver.prompt_state(prompt_id)  # first: a run may begin and its prompt end between the two looks
        run = await driver.live.find_by_prompt(prompt_id)
        if run is not None:
            return run
        if state.ended or time.monotonic() >= deadline:
            return state
        await asyncio.sleep(PROMPT_POLL_SECONDS)
