"""The graph of a repair: from a plan and the run's own graph, with its picture and mask as files of the run folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from PIL import Image, ImageDraw

from ..graph.detectors import detector_in, installed_detector
from ..graph.edit_templates import find_repairer
from ..graph.finding import Finding
from ..graph.local_edit import EditMask, LocalEdit, make_edit_graph
from ..graph.local_edit_parts import EditRefused
from ..graph.loop_nodes import with_settings
from ..graph.model import Graph, inputs_of
from ..graph.node_class import ObjectInfo
from ..graph.render_error import RenderError
from ..judge.region_question import SCALE, Box
from .journal import Journal
from .plan import Plan
from .ports import Queue
from .repair_kinds import kind_named
from .run import Run, Stop

MEASURE = 1024
"""Longer side in pixels of the picture that growth and feather of a repair are told for."""
LEAST_FEATHER = 2.0
OLLAMA_BOXES, OLLAMA_JUDGES = "Ollama boxes", ("auto", "ollama")
"""The engine of Text Segment Mask that asks a model of Ollama, see engine.mask.segmenters.kinds, and the values of VLM
Critique's judge with which there is one to ask."""
FEW_FAILING = 2
"""Requirements that may fail in a picture of which it is said that it could not be repaired."""


class RepairRenders:
    """mask_engine: the engine of Text Segment Mask that finds a region on this computer."""

    def __init__(self, queue: Queue, journal: Callable[[], Journal], mask_engine: Callable[[], str]) -> None:
        self._queue, self._journal, self._mask_engine = queue, journal, mask_engine
        self._failed_detectors: frozenset[str] = frozenset()

    async def graph(self, run: Run, plan: Plan, graph: Graph) -> Graph:
        """The graph that renders a repair. graph: the user's own, with what earlier failures made necessary.

        Raises EditRefused where it cannot be made; OSError where the run folder cannot be read or written.
        """
        known = await self._queue.object_info()
        searched = plan.repair is not None and bool(plan.repair.words)
        engine = await asyncio.to_thread(self._mask_engine) if searched else ""
        return await asyncio.to_thread(self._made, run, plan, graph, known, engine)

    async def drop_detector(self, run: Run, plan: Plan, graph: Graph, error: RenderError | None) -> bool:
        """Whether a repair failed in a detector of faces or hands, which none needs: that one is not used again."""
        if error is None:
            return False
        try:
            failed = detector_in(await self.graph(run, plan, graph), error.node)
        except (EditRefused, OSError, ValueError):
            return False
        if failed:
            logging.warning("Imitatoes: %s failed and is not used for repairs: %s", failed, error.first_line)
            self._failed_detectors |= {failed}
        return bool(failed)

    def _made(self, run: Run, plan: Plan, graph: Graph, known: ObjectInfo, engine: str) -> Graph:
        repair, journal = plan.repair, self._journal()
        assert repair is not None and plan.edit_of is not None
        graph, parts = find_repairer(graph, known, run.critic_node, run.start.limits.repair_with)
        source = run.iterations[plan.edit_of - 1]
        if source.picture is None:
            raise EditRefused(f"The picture of iteration {source.number} was not saved.")
        width, height, has_alpha = journal.picture_form(run.id, source.picture)
        mask_file = repair.mask
        if not mask_file and repair.box is not None:
            mask_file = journal.save_mask(run.id, plan, box_mask(repair.box, width, height))
        scale = max(width, height) / MEASURE
        critic = inputs_of(graph[run.critic_node])
        words = repair.words
        finds = "" if repair.mask or repair.whole else kind_named(repair.kind).detects
        detector = installed_detector(finds, known, self._failed_detectors)
        if words and engine == OLLAMA_BOXES:
            if mask_file:
                words = ""  # the judge has pointed already; the same model asked again tells nothing new
            elif critic.get("judge", "auto") not in OLLAMA_JUDGES:
                if detector is None:
                    raise EditRefused(f"Nothing on this computer finds {words}. Put a model into models/text_segment.")
                words = ""
        edit = LocalEdit(
            picture=self._named(run, source.picture),
            mask=EditMask(
                words=words,
                invert=repair.invert,
                file=self._named(run, mask_file) if mask_file else "",
                engine=engine,
                ollama_model=_text(critic.get("model")),
                connection=_text(critic.get("connection")) or "local",
                detector=detector,
            ),
            denoise=repair.denoise,
            has_alpha=has_alpha,
            grow=min(256, round(repair.grow * scale)),
            feather=min(128.0, max(LEAST_FEATHER, round(repair.feather * scale, 1))),
            context=repair.context,
        )
        prompt = repair.instruction if parts.by_instruction and repair.instruction else repair.prompt
        settings = plan.settings.model_copy(update={"prompt": prompt})
        made = make_edit_graph(graph, known, run.critic_node, edit, parts)
        return with_settings(made, run.loop_node, settings, run.start.goal, run.start.checklist)

    def _named(self, run: Run, name: str) -> str:
        """A file of the run folder as LoadImage takes it."""
        return f"{self._journal().root.name}/{run.id}/{name} [output]"


def box_mask(box: Box, width: int, height: int) -> Image.Image:
    """A mask of a picture's size, white in the box, which is told in thousandths."""
    mask = Image.new("L", (width, height))
    left, top, right, bottom = box
    corners = (left * width // SCALE, top * height // SCALE)
    ends = (max(corners[0], right * width // SCALE - 1), max(corners[1], bottom * height // SCALE - 1))
    ImageDraw.Draw(mask).rectangle((*corners, *ends), fill=255)
    return mask


def repair_note(run: Run, reason: str) -> tuple[Finding, ...]:
    """The run's warnings with why its pictures are not repaired; said once."""
    what = f"The picture was not repaired in place. {reason}"
    if any(finding.kind == "no_repair" for finding in run.warnings):
        return run.warnings
    return (*run.warnings, Finding(kind="no_repair", severity="suspicious", what=what, fix="", node=run.critic_node))


def told_why_unrepaired(run: Run, stop: Stop) -> Run:
    """A run that ends unmet, with why it was not repaired in place where that would have been worth a try: hardly
    anything fails in its best picture, and the graph is the reason."""
    best = run.best
    if stop.status not in ("limit", "no_progress") or not run.edit_refusal or best is None:
        return run
    if run.start.limits.repairs == 0 or not 1 <= sum(item.failed for item in best.critique.items) <= FEW_FAILING:
        return run
    return run.model_copy(update={"warnings": repair_note(run, run.edit_refusal)})


def without_repairs(run: Run, reason: str) -> Run:
    """The run once its graph, or this server, has turned out unable to repair pictures."""
    fields = {"can_edit_locally": False, "edit_refusal": reason, "warnings": repair_note(run, reason)}
    return run.model_copy(update=fields)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
