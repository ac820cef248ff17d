"""How memory stands at this moment, in bytes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class LoadedModelView(BaseModel):
    """A model that ComfyUI holds. loaded: the part that is on its device. dynamic: given up on demand by itself."""

    name: str
    kind: str
    size: int
    loaded: int
    device: str
    dynamic: bool


class OllamaModelView(BaseModel):
    """A model that Ollama holds. size_vram: the part that is on a card."""

    name: str
    size: int
    size_vram: int


class MemoryState(BaseModel):
    """where: VRAM of a card, or RAM when ComfyUI computes on the CPU. dynamic: whether ComfyUI moves weights by itself.

    ollama: null where no Ollama answers, or none on this computer.
    """

    where: Literal["RAM", "VRAM"]
    device: str
    total: int
    free: int
    dynamic: bool
    models: list[LoadedModelView]
    ollama: list[OllamaModelView] | None
