"""The V3 node API, as far as the pack uses it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from . import io, ui

__all__ = ["ComfyExtension", "io", "ui"]


class ComfyExtension(ABC):
    """What a pack's `comfy_entrypoint` returns."""

    async def on_load(self) -> None:  # noqa: B027 - optional, and not called, as in 0.3.64 and 0.8.0
        """For packs that want to know when they are loaded."""

    @abstractmethod
    async def get_node_list(self) -> list[type[io.ComfyNode]]: ...
