"""The last reports about memory, and how it stands now: what GET /imitatoes/memory shows."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from ..engine.memory.report import MemoryReport
from ..ollama_client import Listed
from .held import is_dynamic, kind_of, name_of
from .memory import ComfyMemory
from .ollama_lodgers import OllamaLodgers

REMEMBERED = 20


class MemoryReports:
    """Written by nodes on the worker's thread, read by routes on the server's."""

    def __init__(self) -> None:
        self._reports: deque[MemoryReport] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    def add(self, report: MemoryReport) -> None:
        with self._lock:
            self._reports.append(report)

    def newest_first(self) -> list[dict[str, Any]]:
        """As JSON, with the lines for people."""
        with self._lock:
            reports = list(self._reports)
        return [{**report.model_dump(), "lines": report.lines()} for report in reversed(reports)]


async def present_state(memory: ComfyMemory, management: Any, ollama: OllamaLodgers) -> dict[str, Any]:
    """Figures in bytes. "ollama" is None where no Ollama answers, or none on this computer."""
    held = await ollama.models()
    return {
        "where": memory.where,
        "device": str(memory.device),
        "total": memory.total(),
        "free": memory.free(),
        "dynamic": memory.dynamic,
        "models": [_model(patcher) for entry in list(management.current_loaded_models) if (patcher := entry.model)],
        "ollama": None if held is None else [_in_ollama(model) for model in held],
    }


def _model(patcher: Any) -> dict[str, Any]:
    return {
        "name": name_of(patcher),
        "kind": kind_of(patcher),
        "size": int(patcher.model_size()),
        "loaded": int(patcher.loaded_size()),
        "device": str(patcher.load_device),
        "dynamic": is_dynamic(patcher),
    }


def _in_ollama(model: Listed) -> dict[str, Any]:
    return {"name": model.name, "size": model.size, "size_vram": model.size_vram}
