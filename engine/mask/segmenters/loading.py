"""From a model folder to a model: safetensors only, local files only, no code from the folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from . import library
from .failures import SegmenterUnavailable
from .folders import ModelFolder, what_is_missing
from .preprocessing import PixelRules, read_rules


@dataclass(frozen=True, eq=False)
class Loaded:
    """tokenizer: None for kinds that read no words. rules: how this model wants its pictures."""

    model: torch.nn.Module
    tokenizer: Any
    rules: PixelRules

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.model.parameters()).dtype


def load(folder: ModelFolder) -> Loaded:
    """On the CPU, in 32 bits, for inference. Raises SegmenterUnavailable."""
    made = library.model_class(folder.kind)
    if missing := what_is_missing(folder):
        raise SegmenterUnavailable(missing)
    try:
        model = made.from_pretrained(str(folder.path), local_files_only=True, use_safetensors=True)
        tokenizer = _tokenizer(folder) if folder.kind.reads_words else None
    except MemoryError:
        raise
    except Exception as problem:  # whatever damaged files make of the readers, among it safetensors' own errors
        said = " ".join(str(problem).split())[:200]
        raise SegmenterUnavailable(
            f"The model folder {folder.name} cannot be loaded ({type(problem).__name__}: {said}). "
            f"Get all files of {folder.kind.repository} again, {folder.kind.size}."
        ) from problem
    return Loaded(model.float().train(False).requires_grad_(False), tokenizer, read_rules(folder.path, folder.kind))


def _tokenizer(folder: ModelFolder) -> Any:
    return library.transformers().AutoTokenizer.from_pretrained(
        str(folder.path), local_files_only=True, trust_remote_code=False
    )
