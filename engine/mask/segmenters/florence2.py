"""Florence-2: an outline for each phrase, written by the model as a list of corners."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw

from ..piece import Piece, Sighting
from ..pieces import piece_of_mask
from .chunks import in_chunks
from .folders import ModelFolder
from .loading import Loaded
from .ports import Models
from .preprocessing import stretched

QUESTION = "Locate {phrase} in the image with mask"
"""The model's own wording of its task <REFERRING_EXPRESSION_SEGMENTATION>."""
LONGEST = 512
"""Tokens of an answer: 256 corners. A longer outline is closed where it was cut."""
STEPS = 1000
"""Positions that the model can name along a side."""
WITHOUT_SCORES = (
    "Florence-2 gives no scores, so the threshold was not used, and it answers even where there is nothing."
)

_CORNERS = re.compile(r"(?:<loc_\d+>\s*)+")
_NUMBER = re.compile(r"<loc_(\d+)>")

Polygon = list[tuple[float, float]]


class Florence2:
    """frames_at_once: pictures in one pass; 0 for as many as memory allows."""

    name = "Florence-2"

    def __init__(self, models: Models, folder: ModelFolder, frames_at_once: int = 0) -> None:
        self._models, self._folder, self._frames = models, folder, frames_at_once

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        """See Segmenter; pieces have score 1, for this model gives none. Raises what in_chunks raises."""

        def work(loaded: Loaded, part: torch.Tensor, _start: int) -> list[Sighting]:
            seen = _picture_embeddings(loaded, part)
            found: list[list[Piece]] = [[] for _ in range(len(part))]
            for phrase in phrases:
                for pieces, answer in zip(found, _answers(loaded, seen, phrase), strict=True):
                    pieces += pieces_of_answer(answer, phrase, part.shape[1], part.shape[2])
            return [Sighting(tuple(pieces), (WITHOUT_SCORES,) if pieces else ()) for pieces in found]

        return in_chunks(pictures, self._models, self._folder, self._frames, work)


def pieces_of_answer(answer: str, phrase: str, height: int, width: int) -> list[Piece]:
    """answer: "cat<poly><loc_1><loc_2>...<sep>...</poly>", as generated; one piece for each thing in it."""
    pieces = []
    for thing in answer.split("</poly>"):
        polygons = [_polygon(run, height, width) for run in _CORNERS.findall(thing)]
        mask = _filled([corners for corners in polygons if len(corners) >= 3], height, width)
        piece = piece_of_mask(mask, phrase, 1.0)
        if piece is not None:
            pieces.append(piece)
    return pieces


def _polygon(run: str, height: int, width: int) -> Polygon:
    """Position i of 1000 is the middle of its thousandth of the side. A corner without its second number is dropped."""
    numbers = [min(int(number), STEPS - 1) + 0.5 for number in _NUMBER.findall(run)]
    return [
        (across * width / STEPS, down * height / STEPS)
        for across, down in zip(numbers[::2], numbers[1::2], strict=False)
    ]


def _filled(polygons: Sequence[Polygon], height: int, width: int) -> torch.Tensor:
    """bool [height, width]."""
    drawn = Image.new("L", (width, height), 0)
    brush = ImageDraw.Draw(drawn)
    for corners in polygons:
        brush.polygon(corners, fill=1)
    return torch.from_numpy(np.array(drawn, dtype=bool))


def _picture_embeddings(loaded: Loaded, part: torch.Tensor) -> torch.Tensor:
    """[B, N, D], made once for all phrases."""
    pixels = stretched(part, loaded.rules, loaded.rules.height, loaded.rules.width).to(loaded.dtype)
    seen = loaded.model.get_image_features(pixel_values=pixels)
    # A tensor or a list of one before transformers 5.
    seen = getattr(seen, "pooler_output", seen)
    return seen if isinstance(seen, torch.Tensor) else torch.stack([one for one in seen])


def _answers(loaded: Loaded, seen: torch.Tensor, phrase: str) -> list[str]:
    tokenizer = loaded.tokenizer
    words = tokenizer(QUESTION.format(phrase=phrase), add_special_tokens=False)["input_ids"]
    ids = torch.tensor([tokenizer.bos_token_id, *words, tokenizer.eos_token_id], device=seen.device)
    question = loaded.model.get_input_embeddings()(ids).expand(len(seen), -1, -1)
    asked = torch.cat((seen.to(question.dtype), question), 1)
    everything = torch.ones(asked.shape[:2], dtype=torch.long, device=asked.device)
    # The encoder by itself, because generate takes pictures only as pixels and would read them anew for each phrase.
    encoded = loaded.model.get_encoder()(inputs_embeds=asked, attention_mask=everything)
    written = loaded.model.generate(
        encoder_outputs=encoded,
        attention_mask=everything,
        max_new_tokens=LONGEST,
        num_beams=1,
        do_sample=False,
        early_stopping=False,
    )
    return tokenizer.batch_decode(written, skip_special_tokens=False)
