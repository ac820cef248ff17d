"""ComfyUI's memory management behind the engine's Memory port. Version differences end here.

The module comfy.model_management is handed in and always called through, because other packs replace its functions.
Nothing here touches torch.cuda: on a CPU it would start the CUDA driver for nothing.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import Any, Literal

from ..engine.judge.vision_model import ModelUnreachable
from ..engine.memory.freeing import Group, Holding
from ..engine.memory.gpu_handover import JudgeModel
from ..engine.memory.memory_report import MemoryReport
from ..engine.memory.memory_state import LoadedModelView, MemoryState, OllamaModelView
from ..ollama_client import Listed, Residence
from .container import limit_and_used
from .model_introspection import elements_of, identity, is_dynamic, kind_of, name_of

ALL = 1e30
"""What ComfyUI itself passes to free everything; infinity would not survive its conversion to a whole number."""


class ComfyMemory:
    """The device ComfyUI computes on, seen for one purpose.

    kept: identities (held.identity) of models that must stay. own: of this pack's models.
    used_later: by kind and count of numbers, whether a later node reads a model.
    for_others: whether the room is made for another program, which cannot use what torch only has in its cache, nor
    what ComfyUI (0.16 and later, dynamic VRAM) would give up on demand.
    forced: also unload models that ComfyUI would give up on demand.
    """

    def __init__(
        self,
        management: Any,
        kept: Collection[str] = (),
        own: Collection[str] = (),
        used_later: Callable[[str, int], bool] = lambda kind, elements: True,
        for_others: bool = False,
        forced: bool = False,
    ) -> None:
        self._management = management
        self.device = management.get_torch_device()
        self._kept, self._own, self._used_later = frozenset(kept), frozenset(own), used_later
        self._for_others, self._forced = for_others, forced or for_others

    @property
    def on_cpu(self) -> bool:
        return getattr(self.device, "type", "") == "cpu"

    @property
    def where(self) -> Literal["RAM", "VRAM"]:
        return "RAM" if self.on_cpu else "VRAM"

    @property
    def dynamic(self) -> bool:
        """Whether ComfyUI moves weights by itself, so that a card that looks full is no trouble."""
        return any(is_dynamic(patcher) for _, patcher in self._loaded())

    def total(self) -> int:
        total = int(self._management.get_total_memory(self.device))
        allowed = limit_and_used() if self.on_cpu else None
        return total if allowed is None else min(total, allowed[0])

    def free(self) -> int:
        """Bytes free for ComfyUI's next step, or for another program where the room is made for one."""
        if self.on_cpu:
            free = int(self._management.get_free_memory(self.device))
            allowed = limit_and_used()
            return free if allowed is None else min(free, max(0, allowed[0] - allowed[1]))
        free, cached = (int(amount) for amount in self._management.get_free_memory(self.device, torch_free_too=True))
        if self._for_others:
            return max(0, free - cached)
        return self._on_demand(free)

    def settle(self) -> None:
        """Collect what nobody holds any more and give cached blocks back. Does nothing for RAM but collect."""
        gc.collect()
        self._management.soft_empty_cache()

    def holdings(self) -> list[Holding]:
        """ComfyUI's models on the device. A model that ComfyUI gives up on demand counts only when forced."""
        return [
            Holding(
                key=identity(patcher),
                name=name_of(patcher),
                group=self._group(patcher),
                size=int(entry.model_loaded_memory()),
                kept=identity(patcher) in self._kept,
            )
            for entry, patcher in self._loaded()
            if self._forced or not is_dynamic(patcher)
        ]

    def release(self, key: str, wanted: float) -> int:
        """Unload that model through ComfyUI, in part where a part is enough.

        The bytes that left the device: none on a CPU.
        """
        ours = [entry for entry, patcher in self._loaded() if identity(patcher) == key]
        before = sum(int(entry.model_loaded_memory()) for entry in ours)
        others = [entry for entry in self._management.current_loaded_models if not _among(entry, ours)]
        # ComfyUI compares with its own figure of what is free, which may be another than ours.
        target = wanted + int(self._management.get_free_memory(self.device)) - self.free()
        self._management.free_memory(min(target, ALL), self.device, keep_loaded=others)
        if self.on_cpu:
            return 0  # the weights stay where they are: in RAM
        left = [entry for entry in self._management.current_loaded_models if _among(entry, ours)]
        return before - sum(int(entry.model_loaded_memory()) for entry in left if entry.model is not None)

    def working(self) -> int:
        """Bytes that ComfyUI wants free beside the models for any step."""
        return int(self._management.minimum_inference_memory())

    def _loaded(self) -> Iterator[tuple[Any, Any]]:
        """(entry, patcher) of each living model on the device. An entry may outlive its patcher."""
        for entry in list(self._management.current_loaded_models):
            patcher = entry.model
            if patcher is not None and entry.device == self.device:
                yield entry, patcher

    def _group(self, patcher: Any) -> Group:
        if identity(patcher) in self._own:
            return "own"
        return "rest" if self._used_later(kind_of(patcher), elements_of(patcher)) else "unused"

    def _on_demand(self, free: int) -> int:
        """With what dynamic models give up when it is needed, at most what their patcher itself says (0.16 and later).

        Its figure alone would be too high: it takes the whole card for ComfyUI's, Ollama's model and all.
        """
        dynamic = [patcher for _, patcher in self._loaded() if is_dynamic(patcher)]
        if not dynamic:
            return free
        given_up = free + sum(int(patcher.loaded_size()) for patcher in dynamic)
        limits = [int(p.get_free_memory(self.device)) for p in dynamic if hasattr(p, "get_free_memory")]
        return max(free, min([given_up, *limits]))


def _among(entry: Any, entries: list[Any]) -> bool:
    """By identity: ComfyUI's entries compare equal when both their models are gone."""
    return any(entry is other for other in entries)


LOG = logging.getLogger(__name__)


class OllamaModels:
    """in_ram: whether room is made in RAM, so that the part of a model counts that is not on the card.

    wait_seconds: how long to wait for a model to leave; 0 only asks.
    """

    def __init__(self, residence: Residence, in_ram: bool, wait_seconds: float) -> None:
        self._residence, self._in_ram, self._wait_seconds = residence, in_ram, wait_seconds

    async def models(self) -> list[Listed] | None:
        """What Ollama holds; None for one elsewhere, and where none answers."""
        try:
            return await self._residence.models() if self._residence.on_this_computer else None
        except ModelUnreachable as problem:
            LOG.debug("Ollama's models are not known: %s", problem)
            return None

    async def holdings(self) -> list[Holding]:
        return [
            Holding(m.name, f"Ollama {m.name}", "ollama", m.size - m.size_vram if self._in_ram else m.size_vram)
            for m in await self.models() or ()
        ]

    async def unload(self, key: str) -> bool:
        try:
            return await self._residence.unload(key, self._wait_seconds)
        except ModelUnreachable as problem:
            LOG.warning("Imitatoes: %s could not be unloaded: %s", key, problem)
            return False

    async def judge(self, name: str) -> JudgeModel | None:
        """The memory of one model; None without a name, for an Ollama elsewhere, and where none answers."""
        try:
            return await self._residence.judge(name) if name and self._residence.on_this_computer else None
        except ModelUnreachable:
            return None


REMEMBERED = 20


class MemoryReports:
    """Written by nodes on the worker's thread, read by routes on the server's."""

    def __init__(self) -> None:
        self._reports: deque[MemoryReport] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    def add(self, report: MemoryReport) -> None:
        with self._lock:
            self._reports.append(report)

    def newest_first(self) -> list[MemoryReport]:
        with self._lock:
            return list(reversed(self._reports))


async def present_state(memory: ComfyMemory, management: Any, ollama: OllamaModels) -> MemoryState:
    held = await ollama.models()
    return MemoryState(
        where=memory.where,
        device=str(memory.device),
        total=memory.total(),
        free=memory.free(),
        dynamic=memory.dynamic,
        models=[_loaded_model(one) for entry in list(management.current_loaded_models) if (one := entry.model)],
        ollama=None
        if held is None
        else [OllamaModelView(name=m.name, size=m.size, size_vram=m.size_vram) for m in held],
    )


def _loaded_model(patcher: Any) -> LoadedModelView:
    return LoadedModelView(
        name=name_of(patcher),
        kind=kind_of(patcher),
        size=int(patcher.model_size()),
        loaded=int(patcher.loaded_size()),
        device=str(patcher.load_device),
        dynamic=is_dynamic(patcher),
    )
