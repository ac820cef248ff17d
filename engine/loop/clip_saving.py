"""What a run folder keeps of a clip that was judged: the frames that were shown, and the clip itself.

The clip is the file that the graph's own video node wrote, sound and all. Where the graph saves none, it is encoded
from its frames while the judge looks at them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ..judge.clip import Clip
from .journal import CLIP_ENDINGS, Journal
from .outcome import unsaved_reason
from .ports import OutputFile, Queue
from .run import ClipRecord, Run
from .run_context import Report, RunContext

LOG = logging.getLogger(__name__)

ClipEncoder = Callable[[Clip, BinaryIO], None]
"""Writes a clip as MP4 to a stream. Raises CannotEncode, OSError. Blocks."""
MOVING = (".webp", ".gif")
"""Endings that are of pictures too: they count only as files of a node that keeps the clip."""
NOT_SAVED = "The render ended before its clip was written."


class CannotEncode(Exception):
    """The message says in words why, and what to do."""


async def save_clip(journal: Journal, place: RunContext, clip: Clip, encode: ClipEncoder | None) -> ClipRecord:
    """Write the frames that were judged, and the clip where the graph saves none; what is kept of it.

    encode: None where a node of the graph saves the clip, whose file keep_clip takes. What cannot be written is told,
    and never ends a run: its picture is there.
    """
    record = ClipRecord(frames=clip.length, rate=clip.rate, shown=clip.places)
    run_id, plan = place.run.id, place.plan
    try:
        strip = await asyncio.to_thread(lambda: journal.save_strip(run_id, plan, clip.strip))
        record = record.model_copy(update={"strip": strip})
        if encode is not None:
            file = await asyncio.to_thread(journal.save_clip, run_id, plan, ".mp4", lambda to: encode(clip, to))
            record = record.model_copy(update={"file": file})
    except CannotEncode as problem:
        record = record.model_copy(update={"problem": str(problem)})
    except OSError as problem:
        LOG.warning("Imitatoes: a clip of run %s could not be saved: %s", run_id, problem)
        record = record.model_copy(update={"problem": unsaved_reason(problem)})
    return record


async def keep_clip(journal: Journal, queue: Queue, run: Run, report: Report) -> Report:
    """The report with the clip that a node of the graph wrote in the pending render, now that it has ended."""
    if report.clip is None or report.clip.file is not None or report.clip.problem:
        return report
    found = clip_file(queue.output_files(run.pending.prompt_id), report.clip_savers)
    try:
        update = {"problem": NOT_SAVED}
        if found is not None:
            name = await asyncio.to_thread(journal.take_clip, run.id, run.pending.plan, found.path)
            update = {"file": name, "problem": ""}
    except OSError as problem:
        LOG.warning("Imitatoes: the clip of run %s could not be taken from %s: %s", run.id, found.path, problem)
        update = {"problem": unsaved_reason(problem)}
    return replace(report, clip=report.clip.model_copy(update=update))


def clip_file(files: Sequence[OutputFile], savers: Sequence[str]) -> OutputFile | None:
    """The clip among what a render wrote: of the nodes that are known to keep it, else any video."""
    named = [one for saver in savers for one in files if one.node == saver and _ending(one.path) in CLIP_ENDINGS]
    videos = [one for one in files if _ending(one.path) in CLIP_ENDINGS and _ending(one.path) not in MOVING]
    return next(iter([*named, *videos]), None)


def _ending(path: Path) -> str:
    return path.suffix.lower()
