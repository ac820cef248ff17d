"""Models in Ollama on this computer, behind the engine's Lodgers port."""

from __future__ import annotations

import logging

from ..engine.judge.vision_model import ModelUnreachable
from ..engine.memory.freeing import Holding
from ..engine.memory.sharing import JudgeModel
from ..ollama_client import Listed, Residence

LOG = logging.getLogger(__name__)


class OllamaLodgers:
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
