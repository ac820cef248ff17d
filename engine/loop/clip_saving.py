"""What a run folder keeps of a clip that was judged."""

from __future__ import annotations

import asyncio
import logging

from ..judge.clip import Clip
from .journal import Journal
from .run import ClipRecord
from .run_context import RunContext

LOG = logging.getLogger(__name__)


async def save_clip(journal: Journal, place: RunContext, clip: Clip) -> ClipRecord:
    """Write the frames that were judged; what is kept of the clip. A clip whose frames cannot be written goes on
    without them: only second looks at it need them."""
    strip: str | None = None
    try:
        strip = await asyncio.to_thread(lambda: journal.save_strip(place.run.id, place.plan, clip.strip))
    except OSError as problem:
        LOG.warning("Imitatoes: the frames of a clip of run %s could not be saved: %s", place.run.id, problem)
    return ClipRecord(frames=clip.length, rate=clip.rate, shown=clip.places, strip=strip)
