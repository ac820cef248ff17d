"""Longer than one clip: the last frame of a run's best clip starts the next run, whose best clip is joined to it.

Each segment is a run of its own, until it is good. What comes out of a run that goes on from another is the whole clip.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from ..graph.extend_graph import LAST_FRAME, ExtendRefused, extend_graph, run_extended
from ..graph.model import Graph
from ..settings import draw_seed
from .clip_saving import CannotEncode
from .journal import Journal
from .ports import ClipFiles
from .refusals import NotNow
from .run import Run
from .run_ids import RUN_ID

LOG = logging.getLogger(__name__)


async def next_segment(journal: Journal, clips: ClipFiles, run: Run, goal: str, prompt: str) -> Graph:
    """The graph of the segment behind a run's best clip. Raises NotNow, and OSError where its frame is not written."""
    if not run.ended:
        raise NotNow("The run still goes on. Extend its clip once it has ended.")
    return await asyncio.to_thread(_next_segment, journal, clips, run, goal, prompt)


def _next_segment(journal: Journal, clips: ClipFiles, run: Run, goal: str, prompt: str) -> Graph:
    clip = journal.best_clip(run)
    if clip is None:
        raise NotNow("The run has kept no clip. Run a workflow that makes a video, and saves it.")
    try:
        graph, _ = journal.load_graph(run.id)
        journal.save_last_frame(run.id, clips.last_frame(clip))
        picture = f"{journal.root.name}/{run.id}/{LAST_FRAME} [output]"
        return extend_graph(graph, run.loop_node, goal, prompt, draw_seed(), picture)
    except (CannotEncode, ExtendRefused) as problem:
        raise NotNow(str(problem)) from problem
    except (ValueError, KeyError) as problem:
        raise NotNow("The graph of this run cannot be read, so its clip cannot be extended.") from problem


def extended_run(graph: Mapping[str, Any]) -> str:
    """The id of the run that a graph about to render goes on from; "" for none."""
    name = run_extended(graph)
    return name if RUN_ID.fullmatch(name) else ""


def join_to_former(journal: Journal, clips: ClipFiles | None, run: Run) -> str:
    """Make the best clip of an ended run that goes on from another the whole one. What kept it from that, in words;
    then its best clip is the segment alone. Blocks: call it from a thread. Never raises."""
    if not run.extends or clips is None:
        return ""
    try:
        former, segment = journal.kept_best_clip(run.extends), journal.best_clip(run)
        if segment is None:
            return ""
        if former is None:
            return "The clip before is gone, so this segment stands alone."
        journal.save_joined(run.id, lambda stream: clips.join(former, segment, stream))
    except CannotEncode as problem:
        return str(problem)
    except (OSError, ValueError) as problem:
        LOG.warning("Imitatoes: the clips of runs %s and %s could not be joined: %s", run.extends, run.id, problem)
        return "The clips could not be joined; the server log says why."
    return ""
