"""Waiting for the end of the prompt in flight, and cutting off a render that takes too long."""

from __future__ import annotations

import asyncio
import time

from .live_runs import LiveRun
from .ports import PromptState, Queue

POLL_SECONDS = 0.005
"""How often a waiting run looks for the end of its prompt. Costs about 10 microseconds each time."""
NEAR_END_POLL_SECONDS = 0.001
NEAR_END_SECONDS = 0.1
"""So long after the critic's report the end of the prompt is expected at any moment, and looked for more often."""


async def end_of_prompt(queue: Queue, live: LiveRun, poll: float = POLL_SECONDS) -> PromptState:
    """How the run's pending prompt has ended. live.late: set where it was cancelled for its time."""
    prompt_id = live.run.pending.prompt_id
    limit, rendering_since = 60 * live.run.start.limits.render_minutes, None
    live.late = False
    while True:
        state = queue.state(prompt_id)
        if state.ended:
            return state
        if state.kind == "running" and live.run.phase == "rendering":
            rendering_since = rendering_since or time.monotonic()
            if limit and not live.late and time.monotonic() - rendering_since > limit:
                live.late = True
                await queue.cancel(prompt_id)
        near = live.report is not None and time.monotonic() - live.reported_at < NEAR_END_SECONDS
        await asyncio.sleep(NEAR_END_POLL_SECONDS if near else poll)
