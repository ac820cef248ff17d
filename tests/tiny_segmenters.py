"""Segmenters of tiny random weights with tokenizers made from dictionaries: six folders as transformers saves them.

Random weights find nothing in particular; they show shapes, batches, memory and failures. Nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers.pre_tokenizers import ByteLevel

SINCE_5 = int(transformers.__version__.split(".")[0]) >= 5
"""From 5 on, tokenizers take vocabularies; before, only files of them."""
SIDES = {"clipseg": 64, "sam": 64, "sam2": 128, "sam3": 112, "florence2": 64}


def _byte_pairs(made: Any, tokens: list[str], folder: Path, **options: Any) -> Any:
    """A byte-level tokenizer without merges: one token a character."""
    vocabulary = {token: number for number, token in enumerate(tokens)}
    if SINCE_5:
        return made(vocab=vocabulary, merges=[], **options)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    return made(vocab_file=str(folder / "vocab.json"), merges_file=str(folder / "merges.txt"), **options)


def clip_tokenizer(folder: Path) -> tuple[Any, int]:
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return _byte_pairs(transformers.CLIPTokenizer, tokens, folder, model_max_length=77), len(tokens)


def bert_tokenizer(folder: Path) -> tuple[Any, int]:
    letters = [chr(code) for code in range(97, 123)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *letters, *("##" + one for one in letters), "cat"]
    if SINCE_5:
        return transformers.BertTokenizer(vocab={token: n for n, token in enumerate(tokens)}), len(tokens)
    (folder / "vocab.txt").write_text("\n".join(tokens), encoding="utf-8")
    return transformers.BertTokenizer(vocab_file=str(folder / "vocab.txt")), len(tokens)


def florence_tokenizer(folder: Path) -> Any:
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *sorted(ByteLevel.alphabet()), "<mask>"]
    tokenizer = _byte_pairs(transformers.BartTokenizer, tokens, folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>", *(f"<loc_{i}>" for i in range(1000))]})
    return tokenizer


def _clip_text(words: int, positions: int) -> dict[str, Any]:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    marks = {"bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}
    return {"vocab_size": words, "max_position_embeddings": positions, **sizes, **marks}


def _clipseg(folder: Path) -> tuple[Any, Any]:
    tokenizer, words = clip_tokenizer(folder)
    config = transformers.CLIPSegConfig(
        text_config=_clip_text(words, 77),
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 4,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
        },
        projection_dim=32,
        reduce_dim=16,
        extract_layers=[1, 2, 3],
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )
    return transformers.CLIPSegForImageSegmentation(config), tokenizer


def _grounding_dino(folder: Path) -> tuple[Any, Any]:
    tokenizer, words = bert_tokenizer(folder)
    config = transformers.GroundingDinoConfig(
        backbone_config=transformers.SwinConfig(
            image_size=64,
            patch_size=4,
            embed_dim=16,
            depths=[1, 1, 1, 1],
            num_heads=[1, 2, 4, 8],
            window_size=4,
            out_features=["stage2", "stage3", "stage4"],
            out_indices=[2, 3, 4],
        ),
        text_config=transformers.BertConfig(
            vocab_size=words, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
        ),
        d_model=32,
        num_queries=20,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_feature_levels=4,
        max_text_len=64,
    )
    return transformers.GroundingDinoForObjectDetection(config), tokenizer


def _sam(folder: Path) -> tuple[Any, Any]:
    config = transformers.SamConfig(
        vision_config={
            "hidden_size": 32,
            "output_channels": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
            "window_size": 2,
            "global_attn_indexes": [1],
            "num_pos_feats": 8,
            "mlp_dim": 64,
        },
        prompt_encoder_config={
            "hidden_size": 16,
            "image_size": 64,
            "patch_size": 16,
            "image_embedding_size": 4,
            "mask_input_channels": 4,
        },
        mask_decoder_config={
            "hidden_size": 16,
            "mlp_dim": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 16,
        },
    )
    return transformers.SamModel(config), None


def _sam2(folder: Path) -> tuple[Any, Any]:
    config = transformers.Sam2Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": 16,
                "num_attention_heads": 1,
                "image_size": [128, 128],
                "blocks_per_stage": [1, 1, 2, 1],
                "embed_dim_per_stage": [16, 32, 64, 128],
                "num_attention_heads_per_stage": [1, 2, 4, 8],
                "window_size_per_stage": [4, 2, 4, 2],
                "global_attention_blocks": [3],
                "window_positional_embedding_background_size": [4, 4],
            },
            "backbone_channel_list": [128, 64, 32, 16],
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "fpn_hidden_size": 32,
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": 128, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 32,
            "mlp_dim": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
    )
    return transformers.Sam2Model(config), None


def _sam3(folder: Path) -> tuple[Any, Any]:
    tokenizer, words = clip_tokenizer(folder)
    small = {"hidden_size": 32, "num_attention_heads": 2}
    config = transformers.Sam3Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam3_vit_model",
                "intermediate_size": 64,
                "num_hidden_layers": 4,
                "image_size": 112,
                "patch_size": 14,
                "window_size": 4,
                "global_attn_indexes": [1, 3],
                "pretrain_image_size": 56,
                **small,
            },
            "fpn_hidden_size": 32,
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "scale_factors": [4.0, 2.0, 1.0, 0.5],
        },
        text_config={"model_type": "clip_text_model", "projection_dim": 32, **_clip_text(words, 32)},
        geometry_encoder_config={"num_layers": 1, "intermediate_size": 64, "roi_size": 7, **small},
        detr_encoder_config={"num_layers": 1, "intermediate_size": 64, **small},
        detr_decoder_config={"num_layers": 2, "num_queries": 10, "intermediate_size": 64, **small},
        mask_decoder_config={"num_upsampling_stages": 3, **small},
    )
    return transformers.Sam3Model(config), tokenizer


def _florence2(folder: Path) -> tuple[Any, Any]:
    tokenizer = florence_tokenizer(folder)
    config = transformers.Florence2Config(
        text_config={
            "model_type": "bart",
            "vocab_size": len(tokenizer),
            "d_model": 32,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "max_position_embeddings": 1024,
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "decoder_start_token_id": 2,
            "forced_bos_token_id": 0,
            "forced_eos_token_id": 2,
        },
        vision_config={
            "depths": [1, 1, 1, 1],
            "embed_dim": [16, 16, 32, 32],
            "num_heads": [2, 2, 2, 2],
            "num_groups": [2, 2, 2, 2],
            "window_size": 4,
            "projection_dim": 32,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return transformers.Florence2ForConditionalGeneration(config), tokenizer


MAKERS: dict[str, tuple[str, Callable[[Path], tuple[Any, Any]]]] = {
    "clipseg": ("CLIPSegForImageSegmentation", _clipseg),
    "grounding_dino": ("GroundingDinoForObjectDetection", _grounding_dino),
    "sam": ("SamModel", _sam),
    "sam2": ("Sam2Model", _sam2),
    "sam3": ("Sam3Model", _sam3),
    "florence2": ("Florence2ForConditionalGeneration", _florence2),
}
RULES: dict[str, dict[str, Any]] = {
    "clipseg": {"size": {"height": 64, "width": 64}},
    "grounding_dino": {"size": {"shortest_edge": 64, "longest_edge": 107}},
    "florence2": {"size": {"height": 64, "width": 64}},
}
"""What a preprocessor_config.json must say for the tiny models to be quick."""


def offered(name: str) -> bool:
    """Whether the installed transformers has this model."""
    return hasattr(transformers, MAKERS[name][0])


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """One tiny model's folder, the same for the same seed."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model, tokenizer = MAKERS[name][1](folder)
    model.save_pretrained(folder)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    if name in RULES:
        (folder / "preprocessor_config.json").write_text(json.dumps(RULES[name]), encoding="utf-8")
    return folder
