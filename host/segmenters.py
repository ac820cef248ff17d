"""Where segmentation models lie on this computer, and the engine that a node's inputs ask for."""

from __future__ import annotations

import os
from pathlib import Path

import folder_paths

from ..engine.mask.piece import Segmenter
from ..engine.mask.segmenters import library
from ..engine.mask.segmenters.clipseg import ClipSeg
from ..engine.mask.segmenters.detecting import BoxedSegmenter, Detector, Outliner
from ..engine.mask.segmenters.ellipses import Ellipses
from ..engine.mask.segmenters.failures import SegmenterUnavailable
from ..engine.mask.segmenters.florence2 import Florence2
from ..engine.mask.segmenters.folders import EngineChoice, ModelFolder, choose, folders_in, outliner_in
from ..engine.mask.segmenters.grounding_dino import GroundingDino
from ..engine.mask.segmenters.kinds import AUTO, CLIPSEG, FLORENCE2, OLLAMA_BOXES, SAM3
from ..engine.mask.segmenters.ports import Models
from ..engine.mask.segmenters.sam import SamOutliner
from ..engine.mask.segmenters.sam3 import Sam3

OWN = "text_segment"
SEARCHED = (OWN, "clip_seg", "sams", "LLM")
"""Below models/. The last three are where other packs keep models of the same kinds."""

folder_paths.add_model_folder_path(OWN, os.path.join(folder_paths.models_dir, OWN))


def model_folders() -> list[ModelFolder]:
    """What is there now."""
    return folders_in((name, Path(root)) for name in SEARCHED for root in _roots(name))


def model_folder_names() -> list[str]:
    """The choices of the node's model_folder."""
    return [AUTO, *(folder.name for folder in model_folders())]


def fingerprint(wanted: str) -> str:
    """Changes when "auto" could take something else than before."""
    return "" if wanted != AUTO else ", ".join(folder.name for folder in model_folders())


def choose_engine(engine: str, wanted: str) -> EngineChoice:
    """The folders for these inputs. Raises SegmenterUnavailable."""
    return choose(engine, wanted, model_folders(), library.offers, f"models/{OWN}")


def region_engine() -> str:
    """The engine that finds a region to repair: the best one whose files are there, else the judge's model."""
    if not model_folders():
        return OLLAMA_BOXES  # known without transformers, whose import takes seconds
    try:
        choose_engine(AUTO, AUTO)
    except SegmenterUnavailable:
        return OLLAMA_BOXES
    return AUTO


def segmenter_of(choice: EngineChoice, models: Models, frames_at_once: int) -> Segmenter:
    """The engine on its folders."""
    plain = {CLIPSEG: ClipSeg, SAM3: Sam3, FLORENCE2: Florence2}
    if choice.reader.kind in plain:
        return plain[choice.reader.kind](models, choice.reader, frames_at_once)
    return _joined(
        choice.engine, GroundingDino(models, choice.reader, frames_at_once), choice.outliner, models, frames_at_once
    )


def boxed_segmenter(name: str, detector: Detector, models: Models, frames_at_once: int) -> Segmenter:
    """Any finder of boxes with the outliner that there is."""
    folders = model_folders()
    outliner = outliner_in(folders, library.offers) if folders else None
    return _joined(name, detector, outliner, models, frames_at_once)


def _joined(
    name: str, detector: Detector, outliner: ModelFolder | None, models: Models, frames_at_once: int
) -> Segmenter:
    outlines: Outliner = Ellipses() if outliner is None else SamOutliner(models, outliner, frames_at_once)
    return BoxedSegmenter(name, detector, outlines)


def _roots(name: str) -> list[str]:
    """As ComfyUI knows them, which includes extra_model_paths.yaml, and the plain place."""
    known = folder_paths.folder_names_and_paths.get(name, ([], set()))[0]
    plain = os.path.join(folder_paths.models_dir, name)
    return [*known, plain] if plain not in known else list(known)
