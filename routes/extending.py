"""Going on from the clip of a run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from ..engine.graph.run_request import LONGEST_TEXT
from .errors import BadRequest
from .route import Body, RoutesApp
from .runs import find_run
from .starting import begun_run, queue_graph

MOST_FRAMES = 33
"""Of a clip, in memory and in one file."""


class ExtendBody(Body):
    """goal: what the next segment must show. prompt: the words to start from; empty: made from the goal. frames: how
    many of the last ones begin it; 0: as many as the model is known to take, one for most. client_id, extra_data: as of
    POST /imitatoes/runs; without extra_pnginfo of its own it has the workflow of the run before."""

    goal: str = Field(min_length=1, max_length=LONGEST_TEXT)
    prompt: str = Field(default="", max_length=LONGEST_TEXT)
    frames: int = Field(default=0, ge=0, le=MOST_FRAMES)
    client_id: str = Field(default="", max_length=200)
    extra_data: dict[str, Any] = Field(default_factory=dict, repr=False)


class ExtendedRun(BaseModel):
    """run_id: of the segment's own run, null while its prompt waits for its turn. extends: the run before."""

    run_id: str | None
    prompt_id: str
    extends: str


async def extend_run(app: RoutesApp, id: str, body: ExtendBody) -> ExtendedRun:
    """The last frame of the best clip starts a run of its own; at its end the clips are one."""
    run = await find_run(app, id)
    if not body.goal.strip():
        raise BadRequest("goal: is empty.", "Say what the next segment must show.", input_="goal")
    segment = await app.next_segment(run, body.goal, body.prompt, body.frames)
    extra_data = {"extra_pnginfo": segment.extra_pnginfo, **body.extra_data}
    prompt_id = await queue_graph(app, segment.graph, body.client_id, extra_data, "Put right what it names.")
    return ExtendedRun(run_id=await begun_run(app, prompt_id), prompt_id=prompt_id, extends=run.id)
