"""Models of published size with random weights: they take the time and memory of real ones and find nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

from tests.tiny_segmenters import bert_tokenizer, clip_tokenizer, florence_tokenizer

NO_TOKENIZER = None


def _clipseg(folder: Path) -> tuple[Any, Any]:
    tokenizer, words = clip_tokenizer(folder)
    ends = {"bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}
    # extract_layers and reduce_dim of CIDAS/clipseg-rd64-refined, as in the defaults.
    config = transformers.CLIPSegConfig(text_config=ends, vision_config={"patch_size": 16})
    return transformers.CLIPSegForImageSegmentation(config), tokenizer


def _grounding_dino(folder: Path) -> tuple[Any, Any]:
    tokenizer, _ = bert_tokenizer(folder)
    return transformers.GroundingDinoForObjectDetection(transformers.GroundingDinoConfig()), tokenizer


def _sam(folder: Path) -> tuple[Any, Any]:
    return transformers.SamModel(transformers.SamConfig()), NO_TOKENIZER


def _sam2(folder: Path) -> tuple[Any, Any]:
    return transformers.Sam2Model(transformers.Sam2Config()), NO_TOKENIZER


def _sam3(folder: Path) -> tuple[Any, Any]:
    tokenizer, words = clip_tokenizer(folder)
    config = transformers.Sam3Config()
    config.text_config.eos_token_id = words - 1
    return transformers.Sam3Model(config), tokenizer


def _florence2(folder: Path) -> tuple[Any, Any]:
    tokenizer = florence_tokenizer(folder)
    sides = {"d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072}
    heads = {"encoder_attention_heads": 12, "decoder_attention_heads": 12}
    config = transformers.Florence2Config(
        # Of the base model; the library's defaults are the large one's.
        text_config={"model_type": "bart", "vocab_size": 51289, **sides, **heads},
        vision_config={"projection_dim": 768},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return transformers.Florence2ForConditionalGeneration(config), tokenizer


FULL: dict[str, Callable[[Path], tuple[Any, Any]]] = {
    "clipseg": _clipseg,
    "sam2": _sam2,
    "sam": _sam,
    "florence2": _florence2,
    "grounding_dino": _grounding_dino,
    "sam3": _sam3,
}


def save(name: str, folder: Path) -> int:
    """The number of parameters."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    model, tokenizer = FULL[name](folder)
    model.save_pretrained(folder)
    if tokenizer is not NO_TOKENIZER:
        tokenizer.save_pretrained(folder)
    return sum(weight.numel() for weight in model.parameters())
