"""What looking after memory needs of the running ComfyUI, in one place, so that tests can stand in for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.memory.usage import OutputTypes
from ..ollama_client import Connection
from .memory import MemoryReports
from .model_files import FindFile


@dataclass(frozen=True)
class ComfyServices:
    """management: the module comfy.model_management. own_patchers: of this pack's own models in memory.

    find_file, output_types: see FindFile and OutputTypes. connection: an Ollama server by its name in the settings;
    raises ValueError. clear_node_cache: asks ComfyUI to do so when the prompt has ended.
    interrupted, stop: whether the user asked to interrupt, which only looks, and what to raise then.
    """

    management: Any
    own_patchers: Callable[[], Sequence[Any]]
    find_file: FindFile
    output_types: OutputTypes
    connection: Callable[[str], Connection]
    clear_node_cache: Callable[[], None]
    interrupted: Callable[[], bool]
    stop: Callable[[], BaseException]
    reports: MemoryReports

    def stop_if_interrupted(self) -> None:
        """Raises what ComfyUI raises for an interrupt."""
        if self.interrupted():
            raise self.stop()

    async def pause(self, seconds: float) -> None:
        """Wait without blocking other nodes. Raises what ComfyUI raises for an interrupt."""
        self.stop_if_interrupted()
        await asyncio.sleep(seconds)
