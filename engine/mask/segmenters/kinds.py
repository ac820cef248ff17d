"""The kinds of model this pack can look with, and how a folder's config.json tells which one it holds."""

from __future__ import annotations

from dataclasses import dataclass

import torch

MIB = 2**20

AUTO, OLLAMA_BOXES = "auto", "Ollama boxes"


@dataclass(frozen=True)
class Kind:
    """name: as the user reads it. model_types: `model_type` in config.json. model_class: in transformers.

    since: the first transformers release this pack uses it with. reads_words: needs a tokenizer.
    working: bytes beside the weights for one picture in 32 bits, measured on the CPU (benchmarks/segmenters.py) with
    the smallest published sizes: SAM ViT-B, SAM 2 tiny, GroundingDINO tiny, Florence-2 base.
    half: what it computes in on a graphics card; None where 16 bits have not been shown to give the same masks.
    repository, size: a published folder, and what it takes on disk, to be named in messages.
    """

    name: str
    model_types: tuple[str, ...]
    model_class: str
    since: str
    reads_words: bool
    working: int
    half: torch.dtype | None
    repository: str
    size: str


CLIPSEG = Kind(
    "CLIPSeg",
    ("clipseg",),
    "CLIPSegForImageSegmentation",
    "4.50.3",
    True,
    95 * MIB,
    torch.float16,
    "CIDAS/clipseg-rd64-refined",
    "0.6 GB",
)
GROUNDING_DINO = Kind(
    "GroundingDINO",
    ("grounding-dino",),
    "GroundingDinoForObjectDetection",
    "4.50.3",
    True,
    1456 * MIB,
    None,
    "IDEA-Research/grounding-dino-tiny",
    "0.7 GB",
)
SAM = Kind(
    "SAM",
    ("sam",),
    "SamModel",
    "4.50.3",
    False,
    1780 * MIB,
    torch.float16,
    "facebook/sam-vit-base",
    "0.4 GB",
)
SAM2 = Kind(
    "SAM 2",
    ("sam2", "sam2_video"),
    "Sam2Model",
    "4.56.0",
    False,
    700 * MIB,
    torch.float16,
    "facebook/sam2.1-hiera-tiny",
    "0.2 GB",
)
SAM3 = Kind(
    "SAM3",
    ("sam3", "sam3_video"),
    "Sam3Model",
    "5.0.0",
    True,
    839 * MIB,
    None,
    "facebook/sam3",
    "3.4 GB",
)
FLORENCE2 = Kind(
    "Florence-2",
    ("florence2",),
    "Florence2ForConditionalGeneration",
    "4.56.0",
    True,
    410 * MIB,
    torch.float16,
    "florence-community/Florence-2-base",
    "0.5 GB",
)

KINDS = (SAM3, GROUNDING_DINO, SAM2, SAM, FLORENCE2, CLIPSEG)

ENGINES: dict[str, Kind] = {
    "CLIPSeg": CLIPSEG,
    "GroundingDINO+SAM": GROUNDING_DINO,
    "SAM3": SAM3,
    "Florence-2": FLORENCE2,
}
"""The engines a user can choose, by the kind of model that reads the words."""

ENGINE_NAMES = (AUTO, *ENGINES, OLLAMA_BOXES)


def kind_of(model_type: object) -> Kind | None:
    """The kind that a config.json with this `model_type` belongs to, None for others."""
    return next((kind for kind in KINDS if model_type in kind.model_types), None)
