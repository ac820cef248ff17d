"""How each family of vision models says where a box is, and which picture sizes keep that true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import torch

from ..judge.picture import Encoded, encode_jpeg, resize, rgb
from ..judge.vision_model import ModelUnfit

Scale = Literal["pixels", "thousandths", "fractions"]
"""Of the sent picture: its pixels; 0 to 1000 along each side; 0 to 1 along each side."""
BoxKey = Literal["bbox_2d", "box_2d"]
"""[x1, y1, x2, y2] and [y1, x1, y2, x2]: the names the families were trained with."""

LONG_SIDE = 1008
"""Pixels. Divisible by 28 and by 112, and within what Ollama passes on without another resize."""
ANY_MULTIPLE = 224
"""Pixels. The least that is a multiple of 28 and of 32."""


@dataclass(frozen=True)
class Convention:
    """multiple: pixels, of both sides of the sent picture, so that the server does not resize it again and the model's
    pixels are ours. note: a sentence for the user where the convention is not certain."""

    scale: Scale = "thousandths"
    key: BoxKey = "bbox_2d"
    multiple: int = ANY_MULTIPLE
    note: str = ""


_UNCERTAIN = "How {} says where things are is not documented; it was read as 0 to 1000. Check the preview."

_KNOWN: tuple[tuple[str, Convention], ...] = (
    (r"qwen[-_]?2\.5[-_]?vl", Convention("pixels", multiple=28)),
    (r"qwen[-_]?2[-_]?vl", Convention(multiple=28)),
    (r"qwen[-_]?3[-_]?vl|qwen[-_]?3\.[5-9]", Convention(multiple=32)),
    (r"glm[-\d.]*v", Convention()),
    (r"moondream", Convention("fractions")),
    (r"paligemma", Convention(key="box_2d")),
    (r"gemma[-_]?4", Convention(key="box_2d", note=_UNCERTAIN)),
)
"""Sources: staff and users in the families' threads for Qwen, code of node packs for the rest."""
_UNTRUSTED = re.compile(r"gemma[-_]?[123]|llava|mistral|minicpm|llama", re.IGNORECASE)
"""Families for which no convention is documented and whose boxes were reported wrong."""


def convention_of(model: str) -> Convention:
    """The convention of a model by its name in Ollama. Unknown names get the commonest one and a note.

    Raises ModelUnfit for families whose boxes cannot be trusted.
    """
    for pattern, convention in _KNOWN:
        if re.search(pattern, model, re.IGNORECASE):
            return Convention(convention.scale, convention.key, convention.multiple, convention.note.format(model))
    if _UNTRUSTED.search(model):
        raise ModelUnfit(
            f"{model} has no known way of saying where things are, so its boxes cannot be trusted. "
            "Use qwen3-vl:8b-instruct or qwen2.5vl:7b for boxes, or choose another engine."
        )
    return Convention(note=_UNCERTAIN.format(model))


def sent_size(height: int, width: int, multiple: int) -> tuple[int, int]:
    """Height and width of the picture to send: multiples, at most 1008, close to the picture's own proportions."""
    scale = min(1.0, LONG_SIDE / max(height, width))
    most = LONG_SIDE // multiple
    rows, columns = (min(most, max(1, round(side * scale / multiple))) * multiple for side in (height, width))
    return rows, columns


def sent_picture(image: torch.Tensor, convention: Convention) -> Encoded:
    """The JPEG to send of IMAGE [H,W,C]. Its width and height are what the answer's pixels are measured in.

    Raises ValueError for any other shape.
    """
    picture = rgb(image)
    rows, columns = sent_size(picture.shape[0], picture.shape[1], convention.multiple)
    return encode_jpeg(resize(picture, rows, columns, enlarge=True))
