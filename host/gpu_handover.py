"""One card for the diffusion model and the judge: they share it where both fit, else they take turns.

Only for an Ollama on this computer. The alternative would be no error but slowness: with the card full, Ollama
computes on the CPU.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..engine.judge.vision_model import ModelStumbled, Question, Reply
from ..engine.memory.figures import decode_figures
from ..engine.memory.gpu_handover import both_fit, partly_on_cpu, room_wanted
from ..engine.memory.graph_sizes import decodes
from ..engine.memory.memory_report import FreedModel, MemoryReport
from ..engine.memory.room import Room, make_room
from ..ollama_client import Connection, OllamaVisionModel, Residence
from .comfy_services import ComfyServices
from .memory import ComfyMemory, OllamaModels
from .model_introspection import identity

LOG = logging.getLogger(__name__)


def sharing_model(
    model: OllamaVisionModel,
    services: ComfyServices,
    connection: Connection,
    auto: bool,
    node: str,
    graph: Mapping[str, Any],
    picture: tuple[int, int, int],
) -> SharingModel:
    """The model of a VLMCritique node. picture: (width, height, frames) of what this graph renders, in pixels."""

    def memory(for_others: bool) -> ComfyMemory:
        own = {identity(patcher) for patcher in services.own_patchers()}
        return ComfyMemory(services.management, own=own, for_others=for_others)

    def working() -> int:
        files = [decode.vae_file for decode in decodes(graph) if not decode.tiled]
        return max([memory(False).working(), *(decode_figures(file).needed(*picture) for file in files)])

    # Neither question is worth an interrupt of its own: both are answered at once, or not at all.
    residence = Residence(connection, interrupted=lambda: False, stop=asyncio.CancelledError)
    external_models = OllamaModels(residence, memory(False).on_cpu, wait_seconds=0.0)
    return SharingModel(model, services, external_models, memory, auto, working, node)


class SharingModel:
    """A judge's model that makes room for itself before its first question of a picture, and afterwards leaves, or
    stays, as the user's keep_alive says. Where its server runs out of memory, all that ComfyUI holds is freed, once.

    auto: whether keep_alive is `auto`: stay while both fit. memory: made anew for each purpose, with for_others or not.
    working: bytes that a render needs beside its models. node: of the critic, for the report.
    swap_seconds: what taking turns has cost so far.
    """

    def __init__(
        self,
        model: OllamaVisionModel,
        services: ComfyServices,
        external_models: OllamaModels,
        memory: Callable[[bool], ComfyMemory],
        auto: bool,
        working: Callable[[], int],
        node: str,
    ) -> None:
        self._model, self._services, self._ollama_models = model, services, external_models
        self._memory, self._auto, self._working, self._node = memory, auto, working, node
        self._room_made, self._all_freed, self._moved_out = False, False, 0
        self.name, self.check, self.digest = model.name, model.check, model.digest
        self.swap_seconds = 0.0

    async def ask(self, question: Question) -> Reply:
        """See VisionModel.ask."""
        if not self._room_made:
            self._room_made = True
            begun = time.perf_counter()
            try:
                await self._make_room()
            finally:
                self.swap_seconds += time.perf_counter() - begun
        try:
            return await self._model.ask(question)
        except ModelStumbled as problem:
            if problem.out_of_memory and not self._all_freed:
                self._all_freed = True
                LOG.info("Imitatoes: %s Freeing what ComfyUI holds, to ask once more.", problem)
                await self._make_room(everything=True)
            raise

    async def release(self) -> None:
        """Stay or leave, and wait until the memory is free. Never raises."""
        if not self._model.asked:
            return
        begun = time.perf_counter()
        try:
            if not self._auto:
                await self._model.release()
            elif self._services.interrupted() or not await self._may_stay():
                await self._model.unload()
        except Exception:
            LOG.exception("Imitatoes: it could not be found out whether %s may stay loaded", self.name)
        finally:
            self._room_made, self._all_freed, self._moved_out = False, False, 0
            self.swap_seconds += time.perf_counter() - begun

    async def _make_room(self, everything: bool = False) -> None:
        """everything: the server had not enough, whatever the estimate was."""
        memory = self._memory(True)
        if memory.on_cpu:
            return  # ComfyUI holds no VRAM, and unloading frees no RAM
        judge = await self._ollama_models.judge(self.name)
        wanted = 0
        if judge is not None:
            wanted = memory.total() if everything else room_wanted(judge)
        if wanted <= memory.free():
            return
        # Ollama itself sends its other models away when a new one needs their place.
        room = await make_room(memory, None, wanted, ("own", "unused", "rest"), self._services.pause)
        self._moved_out += sum(freed.size for freed in room.freed)
        report = self._report(memory, room, wanted)
        self._services.reports.add(report)
        LOG.info("Imitatoes: room for %s: %s", self.name, "; ".join(report.describe()))

    async def _may_stay(self) -> bool:
        judge = await self._ollama_models.judge(self.name)
        memory = self._memory(False)
        if judge is not None and not memory.on_cpu and (warning := partly_on_cpu(judge)):
            LOG.warning("Imitatoes: %s", warning)
        if judge is None or not judge.takes(in_ram=memory.on_cpu):
            return True  # nobody answers, it is gone already, or it is nowhere in ComfyUI's way
        return both_fit(memory.free(), self._moved_out, self._working())

    def _report(self, memory: ComfyMemory, room: Room, wanted: int) -> MemoryReport:
        return MemoryReport(
            time=time.time(),
            by="hand-over",
            node=self._node,
            where=memory.where,
            total=memory.total(),
            before=room.before,
            need=wanted,
            need_from=f"{self.name} in Ollama, about",
            freed=tuple(FreedModel(name=f.name, group=f.group, size=f.size) for f in room.freed),
            after=room.after,
            enough=room.after >= wanted,
            seconds=round(room.seconds, 4),
        )
