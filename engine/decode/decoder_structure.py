"""The layers of a decoder of the AutoencoderKL family, by the names that its checkpoints have had since 2021."""

from __future__ import annotations

from typing import Any, Literal

from torch import nn

Kind = Literal["block", "attention", "upsample"]


class Unsupported(Exception):
    """A decoder of another kind; the message says in which way."""


def steps_of(decoder: Any) -> list[tuple[Kind, Any]]:
    """Everything between conv_in and norm_out, in the order in which it runs. Raises Unsupported."""
    try:
        _convolution(decoder.conv_in, 3)
        steps = [_block(decoder.mid.block_1), _attention(decoder.mid.attn_1), _block(decoder.mid.block_2)]
        for level in reversed(range(len(decoder.up))):
            attentions = list(decoder.up[level].attn)
            for i, block in enumerate(decoder.up[level].block):
                steps.append(_block(block))
                if attentions:
                    steps.append(_attention(attentions[i]))
            if level:
                steps.append(_upsample(decoder.up[level].upsample))
        _norm(decoder.norm_out)
        _convolution(decoder.conv_out, 3)
        if getattr(decoder, "give_pre_end", False):
            raise Unsupported("it stops before the last convolution")
        decoder.tanh_out  # noqa: B018 - AttributeError where there is none
    except AttributeError as problem:
        raise Unsupported(f"it has another structure: {problem}") from problem
    return steps


def _block(block: Any) -> tuple[Kind, Any]:
    _norm(block.norm1)
    _norm(block.norm2)
    _convolution(block.conv1, 3)
    _convolution(block.conv2, 3)
    if block.in_channels != block.out_channels:
        _convolution(block.nin_shortcut, 1)
    return "block", block


def _attention(attention: Any) -> tuple[Kind, Any]:
    _norm(attention.norm)
    for layer in (attention.q, attention.k, attention.v, attention.proj_out):
        _convolution(layer, 1)
    return "attention", attention


def _upsample(upsample: Any) -> tuple[Kind, Any]:
    _convolution(upsample.conv, 3)
    if upsample.scale_factor != 2.0:
        raise Unsupported("its steps of size are not 2 x 2")
    return "upsample", upsample


def _norm(norm: Any) -> None:
    if not isinstance(norm, nn.GroupNorm) or norm.weight is None:
        raise Unsupported("its norms are not group norms")


def _convolution(layer: Any, side: int) -> None:
    fits = isinstance(layer, nn.Conv2d) and layer.kernel_size == (side, side) and layer.stride == (1, 1)
    if not fits or layer.padding != (side // 2, side // 2) or layer.padding_mode != "zeros":
        raise Unsupported("its layers are not plain 2-D convolutions")
