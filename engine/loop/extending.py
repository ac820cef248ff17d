"""Longer than one clip: the last frame, or frames, of a run's best clip start the next run, and both are joined.

Each segment is a run of its own, until it is good. What comes out of a run that goes on from another is the whole clip.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..graph import ui_workflow
from ..graph.extend_graph import ExtendRefused, extend_graph, frames_to_begin_with, run_extended
from ..graph.model import Graph, inputs_of
from ..settings import draw_seed
from .clip_saving import CannotEncode
from .journal import Journal
from .ports import ClipFiles
from .refusals import NotNow
from .run import Run
from .run_ids import RUN_ID

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Segment:
    """graph: of the first render of the next segment. extra_pnginfo: what nodes embed in pictures, with the workflow
    as it is then; None where the run before had none."""

    graph: Graph
    extra_pnginfo: dict[str, Any] | None


async def next_segment(
    journal: Journal, clips: ClipFiles, run: Run, goal: str, prompt: str, frames: int = 0
) -> Segment:
    """The segment behind a run's best clip. frames: how many of its last ones begin it; 0 for as many as its model is
    known to take. Raises NotNow, and OSError where they are not written."""
    if not run.ended:
        raise NotNow("The run still goes on. Extend its clip once it has ended.")
    return await asyncio.to_thread(_next_segment, journal, clips, run, goal, prompt, frames)


def _next_segment(journal: Journal, clips: ClipFiles, run: Run, goal: str, prompt: str, frames: int) -> Segment:
    clip = journal.best_clip(run)
    if clip is None:
        raise NotNow("The run has kept no clip. Run a workflow that makes a video, and saves it.")
    try:
        graph, extra_pnginfo = journal.load_graph(run.id)
        known = frames_to_begin_with(graph)
        shown = clips.last_frames(clip, frames or known)
        picture = f"{journal.root.name}/{run.id}/{journal.save_last_frames(run.id, shown)} [output]"
        settings = run.start.settings.model_copy(update={"prompt": prompt, "seed": draw_seed()})
        extended = extend_graph(graph, run.loop_node, goal, prompt, settings.seed, picture)
        loaders = [name for name, node in extended.items() if inputs_of(node).get("image") == picture]
        embedded = ui_workflow.in_extra_pnginfo(extra_pnginfo, run.loop_node, settings, goal)
        return Segment(extended, ui_workflow.with_pictures(embedded, dict.fromkeys(loaders, picture)))
    except (CannotEncode, ExtendRefused) as problem:
        raise NotNow(str(problem)) from problem
    except (ValueError, KeyError) as problem:
        raise NotNow("The graph of this run cannot be read, so its clip cannot be extended.") from problem


def extended_run(graph: Mapping[str, Any]) -> str:
    """The id of the run that a graph about to render goes on from; "" for none."""
    name, _ = run_extended(graph)
    return name if RUN_ID.fullmatch(name) else ""


def close_folder(journal: Journal, clips: ClipFiles | None, run: Run) -> tuple[bool, str]:
    """Write what an ended run leaves behind, its best clip joined to the one that it goes on from.

    Whether they were joined, and what kept them from it, in words; then the best clip is the segment alone. Blocks:
    call it from a thread. Raises OSError.
    """
    journal.close(run)
    if not run.extends:
        return False, ""
    alone = journal.best_clip(run) is None
    problem = "" if alone else _join(journal, clips, run)
    if alone or problem:
        journal.save_best_clip(run)
    return not (alone or problem), problem


def _join(journal: Journal, clips: ClipFiles | None, run: Run) -> str:
    """Write the whole clip as the best one. What kept it from that, in words; never raises."""
    if clips is None:
        return "Clips cannot be joined here."
    try:
        former, segment = journal.kept_best_clip(run.extends), journal.best_clip(run)
        if former is None:
            return "The clip before is gone, so this segment stands alone."
        _, shared = run_extended(journal.load_graph(run.id)[0])
        journal.save_joined(run.id, lambda stream: clips.join(former, segment, stream, max(shared, 1)))
    except CannotEncode as problem:
        return str(problem)
    except (OSError, ValueError) as problem:
        LOG.warning("Imitatoes: the clips of runs %s and %s could not be joined: %s", run.extends, run.id, problem)
        return "The clips could not be joined; the server log says why."
    return ""
