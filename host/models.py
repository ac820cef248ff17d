"""Our own torch models under ComfyUI's memory management, so that Free, other nodes and VRAMGuard can evict them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import comfy.model_management as mm
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher

from ..engine.mask.segmenters.folders import ModelFolder
from ..engine.mask.segmenters.loading import Loaded, load
from . import comfyui

KEPT = 2
"""Models in main memory after use: GroundingDINO and SAM work together."""
SHARE_OF_GPU, SHARE_OF_MEMORY = 0.85, 0.6
"""Of what is free, how much work may take: estimates are not exact, and main memory is also everybody else's."""


class SegmentationModel(torch.nn.Module):
    """ModelPatcher sets a `device` on its model, which models of transformers do not let it. Its name is in the log."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model


@dataclass(frozen=True, eq=False)
class _Kept:
    loaded: Loaded
    patcher: ModelPatcher


_kept: dict[tuple[Path, int, int], _Kept] = {}
"""By folder, and by age and size of its weights, so that a replaced file is read anew. The last used is the last."""


def own_patchers() -> list[ModelPatcher]:
    """The patchers of this pack's models, wherever their weights are now."""
    return [kept.patcher for kept in _kept.values()]


class ComfyModels:
    """The engines' Models. pictures: how many will be looked at, all passes together, for the progress bar."""

    def __init__(self, pictures: int) -> None:
        self._progress = comfy.utils.ProgressBar(max(1, pictures))

    def ready(self, folder: ModelFolder, working: int) -> Loaded:
        """See Models. Loads the weights from disk where they are not kept. Raises SegmenterUnavailable."""
        kept = _kept_or_read(folder)
        # In full: weights of ordinary torch layers cannot be brought in piece by piece while they are used.
        mm.load_models_gpu([kept.patcher], memory_required=working, force_full_load=True)
        return kept.loaded

    def free(self, folder: ModelFolder) -> int:
        """See Models."""
        patcher = _kept_or_read(folder).patcher
        device = patcher.load_device
        # With dynamic memory the module's own figure is too low, and patchers have a better one (from 0.16).
        measure: Callable[[torch.device], float] = getattr(patcher, "get_free_memory", mm.get_free_memory)
        share = SHARE_OF_MEMORY if device.type == "cpu" else SHARE_OF_GPU
        return int(measure(device) * share)

    def between_chunks(self, finished: int) -> None:
        """See Models."""
        if finished:
            self._progress.update(finished)
        if comfyui.interrupted():
            raise comfyui.stop()


def _kept_or_read(folder: ModelFolder) -> _Kept:
    key = (folder.path, *_weights(folder.path))
    kept = _kept.pop(key, None) or _read(folder)
    _kept[key] = kept
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return kept


def _read(folder: ModelFolder) -> _Kept:
    loaded = load(folder)
    device = mm.get_torch_device()
    half = folder.kind.half
    if half is not None and device.type != "cpu" and mm.should_use_fp16(device):
        loaded.model.to(half)
    held = SegmentationModel(loaded.model)
    return _Kept(loaded, ModelPatcher(held, load_device=device, offload_device=mm.unet_offload_device()))


def _weights(folder: Path) -> tuple[int, int]:
    """The latest change, in nanoseconds, and the bytes of all weight files."""
    found = [path.stat() for path in folder.glob("*.safetensors")]
    return max((one.st_mtime_ns for one in found), default=0), sum(one.st_size for one in found)
