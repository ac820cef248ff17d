"""The pack's own engines, each as one piece of work to be measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from ..engine.mask.finishing import Finishing, mask_of
from ..engine.mask.piece import Box, Segmenter
from ..engine.mask.request import read_request
from ..engine.mask.segmenters import florence2
from ..engine.mask.segmenters.clipseg import ClipSeg
from ..engine.mask.segmenters.detecting import BoxedSegmenter, DetectedBoxes, Detector, FoundBox
from ..engine.mask.segmenters.ellipses import Ellipses
from ..engine.mask.segmenters.florence2 import Florence2
from ..engine.mask.segmenters.folders import ModelFolder, folders_in
from ..engine.mask.segmenters.grounding_dino import GroundingDino
from ..engine.mask.segmenters.loading import Loaded, load
from ..engine.mask.segmenters.sam import SamOutliner
from ..engine.mask.segmenters.sam3 import Sam3
from ._segmenters_child import ANSWER_TOKENS, HEIGHT, WIDTH, touch


class PlainMemory:
    """The engines' Models without ComfyUI: on the CPU, all that is free."""

    def __init__(self) -> None:
        self._loaded: dict[str, Loaded] = {}

    def ready(self, folder: ModelFolder, working: int) -> Loaded:
        if folder.name not in self._loaded:
            self._loaded[folder.name] = load(folder)
        return self._loaded[folder.name]

    def free(self, folder: ModelFolder) -> int:
        return 2**33

    def between_chunks(self, finished: int) -> None:
        pass


class _OneBox(Detector):
    """A box in the middle of each picture, to measure outlining alone."""

    def detect(self, pictures: torch.Tensor, phrases: tuple[str, ...], threshold: float) -> list[DetectedBoxes]:
        box = FoundBox(phrases[0], 1.0, Box(WIDTH / 4, HEIGHT / 4, WIDTH / 2, HEIGHT / 2))
        return [DetectedBoxes((box,)) for _ in pictures]


def work(name: str, root: Path, pictures: torch.Tensor) -> Callable[[], object]:
    """From pictures to finished masks; the weights are read before."""
    florence2.LONGEST = ANSWER_TOKENS
    folder = next(one for one in folders_in([("models", root)]) if one.path.name == name)
    models = PlainMemory()
    touch(models.ready(folder, 0).model)
    segmenters: dict[str, Callable[[], Segmenter]] = {
        "clipseg": lambda: ClipSeg(models, folder),
        "sam3": lambda: Sam3(models, folder),
        "florence2": lambda: Florence2(models, folder),
        "grounding_dino": lambda: BoxedSegmenter(name, GroundingDino(models, folder), Ellipses()),
        "sam": lambda: BoxedSegmenter(name, _OneBox(), SamOutliner(models, folder)),
        "sam2": lambda: BoxedSegmenter(name, _OneBox(), SamOutliner(models, folder)),
    }
    segmenter, request = segmenters[name](), read_request("cat")

    def once() -> object:
        sightings = segmenter.look(pictures, request.phrases, 0.4)
        return mask_of(sightings, request, Finishing(), HEIGHT, WIDTH, 0.4)

    return once
