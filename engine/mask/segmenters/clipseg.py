"""CLIPSeg: one heat map for each phrase and picture. Coarse, small, in every transformers that ComfyUI brings."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..piece import Piece, Sighting
from ..pieces import pieces_of_logits
from .chunks import in_chunks
from .folders import ModelFolder
from .loading import Loaded
from .ports import Models
from .preprocessing import stretched


class ClipSeg:
    """frames_at_once: pictures in one pass; 0 for as many as memory allows."""

    name = "CLIPSeg"

    def __init__(self, models: Models, folder: ModelFolder, frames_at_once: int = 0) -> None:
        self._models, self._folder, self._frames = models, folder, frames_at_once

    def look(self, pictures: torch.Tensor, phrases: Sequence[str], threshold: float) -> list[Sighting]:
        """See Segmenter. Raises what in_chunks raises."""
        embedded: list[torch.Tensor] = []

        def work(loaded: Loaded, part: torch.Tensor, _start: int) -> list[Sighting]:
            if not embedded:
                embedded.append(_phrase_embeddings(loaded, phrases))
            logits = _logits(loaded, part, embedded[0].to(loaded.device))
            height, width = part.shape[1:3]
            found: list[list[Piece]] = [[] for _ in range(len(part))]
            for phrase, maps in zip(phrases, logits, strict=True):
                for pieces, one in zip(found, maps, strict=True):
                    pieces += pieces_of_logits(one, height, width, phrase, threshold)
            return [Sighting(tuple(pieces)) for pieces in found]

        return in_chunks(pictures, self._models, self._folder, self._frames, work)


def _phrase_embeddings(loaded: Loaded, phrases: Sequence[str]) -> torch.Tensor:
    """[P, D]: one row for each phrase, made once for all pictures."""
    length = loaded.model.config.text_config.max_position_embeddings
    words = loaded.tokenizer(list(phrases), padding=True, max_length=length, truncation=True, return_tensors="pt")
    words = words.to(loaded.device)
    return loaded.model.get_conditional_embeddings(
        batch_size=len(phrases), input_ids=words["input_ids"], attention_mask=words["attention_mask"]
    )


def _logits(loaded: Loaded, part: torch.Tensor, embedded: torch.Tensor) -> list[torch.Tensor]:
    """For each phrase [B, S, S] in 32 bits. The model takes square pictures."""
    side = loaded.rules.height
    pixels = stretched(part, loaded.rules, side, side).to(loaded.dtype)
    rows = [row.expand(len(part), -1) for row in embedded]
    first = loaded.model(
        pixel_values=pixels,
        conditional_embeddings=rows[0],
        interpolate_pos_encoding=True,
        output_hidden_states=len(rows) > 1,
    )
    answers = [first.logits]
    if len(rows) > 1:
        # The pictures are seen once: what follows is the small decoder, which alone knows the phrase.
        seen = first.vision_model_output.hidden_states
        activations = [seen[layer + 1] for layer in loaded.model.extract_layers]
        answers += [loaded.model.decoder(activations, row).logits for row in rows[1:]]
    # One picture comes back without its batch dimension in some releases.
    return [logits.float().reshape(len(part), *logits.shape[-2:]) for logits in answers]
