"""Pictures as the models want them, in torch alone.

transformers' own processors need torchvision, and two of them do not even import without it. This differs from them by
at most 0.0173 of a normalised value, about half a step of 8 bits (measured on CLIPSeg, SAM 2 and SAM 3).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch itself uses

from .kinds import CLIPSEG, FLORENCE2, GROUNDING_DINO, SAM, SAM2, SAM3, Kind

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class PixelRules:
    """mean, std: of red, green, blue, taken from values 0..1. height, width: what the model was trained at, in pixels.

    shortest, longest: GroundingDINO's limits for the sides, instead of a fixed size.
    """

    mean: Triple = (0.485, 0.456, 0.406)
    std: Triple = (0.229, 0.224, 0.225)
    height: int = 0
    width: int = 0
    shortest: int = 0
    longest: int = 0


DEFAULTS: dict[str, PixelRules] = {
    CLIPSEG.name: PixelRules(height=352, width=352),
    GROUNDING_DINO.name: PixelRules(shortest=800, longest=1333),
    SAM.name: PixelRules(height=1024, width=1024),
    SAM2.name: PixelRules(height=1024, width=1024),
    SAM3.name: PixelRules(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), height=1008, width=1008),
    FLORENCE2.name: PixelRules(height=768, width=768),
}
"""As in the published folders, for folders without a preprocessor_config.json."""


def read_rules(folder: Path, kind: Kind) -> PixelRules:
    """The folder's own rules as far as they can be read, the kind's defaults for the rest."""
    default = DEFAULTS[kind.name]
    written = _written(folder)
    size = written.get("size")
    sides = size if isinstance(size, dict) else {"height": size, "width": size}
    rules = replace(
        default,
        mean=_triple(written.get("image_mean"), default.mean),
        std=_triple(written.get("image_std"), default.std),
    )
    if default.shortest:
        return replace(
            rules,
            shortest=_side(sides.get("shortest_edge"), default.shortest),
            longest=_side(sides.get("longest_edge"), default.longest),
        )
    return replace(
        rules, height=_side(sides.get("height"), default.height), width=_side(sides.get("width"), default.width)
    )


def stretched(pictures: torch.Tensor, rules: PixelRules, height: int, width: int) -> torch.Tensor:
    """[B, H, W, C] 0..1 to normalised [B, 3, height, width]: CLIPSeg, SAM 2, SAM 3 and Florence-2 ignore the aspect."""
    return _normalised(_resized(pictures, height, width), rules)


def letterboxed(pictures: torch.Tensor, rules: PixelRules, side: int) -> tuple[torch.Tensor, int, int]:
    """[B, 3, side, side], and the height and width that the picture takes of it: the rest, right and below, is zeros
    put there after normalising (SAM 1)."""
    height, width = pictures.shape[1:3]
    scale = side / max(height, width)
    inner_height, inner_width = max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))
    inner = _normalised(_resized(pictures, inner_height, inner_width), rules)
    return F.pad(inner, (0, side - inner_width, 0, side - inner_height)), inner_height, inner_width


def limited(pictures: torch.Tensor, rules: PixelRules) -> torch.Tensor:
    """[B, 3, h, w] with the shorter side at rules.shortest, unless the longer one would pass rules.longest."""
    height, width = pictures.shape[1:3]
    scale = min(rules.shortest / min(height, width), rules.longest / max(height, width))
    return _normalised(_resized(pictures, max(1, round(height * scale)), max(1, round(width * scale))), rules)


def _resized(pictures: torch.Tensor, height: int, width: int) -> torch.Tensor:
    channels_first = pictures[..., :3].movedim(-1, 1)
    return F.interpolate(channels_first, size=(height, width), mode="bilinear", antialias=True, align_corners=False)


def _normalised(pixels: torch.Tensor, rules: PixelRules) -> torch.Tensor:
    mean, std = (pixels.new_tensor(values).view(1, 3, 1, 1) for values in (rules.mean, rules.std))
    return (pixels - mean) / std


def _written(folder: Path) -> dict[str, Any]:
    """The image processor's part of whichever of the two files transformers writes."""
    for name, key in (("preprocessor_config.json", None), ("processor_config.json", "image_processor")):
        try:
            found = json.loads((folder / name).read_text(encoding="utf-8"))
            found = found if key is None else found[key]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _triple(value: object, default: Triple) -> Triple:
    if isinstance(value, list) and len(value) == 3 and all(isinstance(v, int | float) and v > 0 for v in value):
        return (float(value[0]), float(value[1]), float(value[2]))
    return default


def _side(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 4096 else default
