"""Writing the pictures of a render into the run folder, each with the graph that paints it again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..graph import ui_workflow
from ..graph.loop_nodes import as_queued, with_settings
from ..judge.picture import Picture
from .batch_pictures import PictureSource
from .journal import Journal
from .outcome import unsaved_reason
from .run_context import PromptContext, RunContext


class PictureSaving:
    """Of one render. sources: by picture, see picture_sources; empty where the pictures are no batch (the frames of a
    clip), of which only one is written. embed: whether pictures carry their graph. seconds: spent on it so far.
    """

    def __init__(
        self,
        journal: Journal,
        place: RunContext,
        prompt_context: PromptContext,
        pictures: Sequence[Picture],
        sources: Sequence[PictureSource | None],
        embed: bool,
    ) -> None:
        self._journal, self._place, self._prompt_context = journal, place, prompt_context
        self._pictures, self._sources, self._embed = pictures, sources, embed
        self.seconds = 0.0

    async def save(self, index: int) -> tuple[str | None, str]:
        """The picture's file name; None, and why, where it could not be written."""
        started = time.perf_counter()
        try:
            return await asyncio.to_thread(self._write, index), ""
        except OSError as problem:
            return None, unsaved_reason(problem)
        finally:
            self.seconds += time.perf_counter() - started

    def _write(self, index: int) -> str:
        run, plan, image = self._place.run, self._place.plan, self._pictures[index].image
        batched = len(self._sources) > 1
        source = self._sources[index] if batched else None
        metadata = self._metadata(source) if self._embed else {}
        return self._journal.save_picture(run.id, plan, image, metadata, index if batched else None)

    def _metadata(self, source: PictureSource | None) -> Mapping[str, Any]:
        """What is embedded in the picture: its graph, and the workflow, with the seed that is its own."""
        asked, start = self._prompt_context, self._place.run.start
        graph, settings = as_queued(asked.graph), self._place.plan.settings
        if source is not None and source.seed != settings.seed:
            settings = settings.model_copy(update={"seed": source.seed})
            graph = with_settings(graph, asked.loop_node, settings, start.goal, start.checklist)
        shown = (asked.loop_node, settings, start.goal, start.checklist)
        return {"prompt": graph, **(ui_workflow.in_extra_pnginfo(asked.extra_pnginfo, *shown) or {})}
