"""A batch of pictures taken in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from .folders import ModelFolder
from .loading import Loaded
from .ports import Models

MOST_AT_ONCE = 16
"""Pictures. Four at once already give what a batch can give on the CPU (3.6 times the time of one, measured)."""

Result = TypeVar("Result")


def in_chunks(
    pictures: torch.Tensor,
    models: Models,
    folder: ModelFolder,
    frames_at_once: int,
    work: Callable[[Loaded, torch.Tensor, int], list[Result]],
) -> list[Result]:
    """One result for each picture of [B, H, W, C], in order.

    frames_at_once: pictures in one pass; 0 for as many as memory allows. work: gets the model, its pictures on the
    model's device in 32 bits, and the index of the first of them. When memory runs out although there are several
    pictures in a pass, the pass is halved. Raises SegmenterUnavailable, torch.cuda.OutOfMemoryError, and whatever
    Models.between_chunks raises.
    """
    results: list[Result] = []
    models.between_chunks(0)
    if not len(pictures):
        return results
    each = folder.kind.working
    loaded = models.ready(folder, each)
    each = each * loaded.dtype.itemsize // 4
    size = frames_at_once or max(1, min(MOST_AT_ONCE, models.free(folder) // each))
    while len(results) < len(pictures):
        start = len(results)
        part = pictures[start : start + size]
        loaded = models.ready(folder, each * len(part))
        done = _tried(work, loaded, part.to(loaded.device, torch.float32), start)
        if done is None:
            size = max(1, len(part) // 2)
        else:
            results += done
        models.between_chunks(len(results) - start)
    return results


def _tried(
    work: Callable[[Loaded, torch.Tensor, int], list[Result]], loaded: Loaded, part: torch.Tensor, start: int
) -> list[Result] | None:
    """None when memory ran out and a smaller part may fit. The exception, which holds the tensors, is gone by then."""
    try:
        with torch.inference_mode():
            return work(loaded, part, start)
    except torch.cuda.OutOfMemoryError:
        if len(part) == 1:
            raise
    return None
