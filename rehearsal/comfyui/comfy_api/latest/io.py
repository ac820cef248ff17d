"""`from comfy_api.latest import io`: the parts a node is described with."""

from __future__ import annotations

from ._inputs import (
    AnyType,
    Boolean,
    Clip,
    Combo,
    Conditioning,
    Custom,
    Float,
    Image,
    Input,
    Int,
    Latent,
    Mask,
    Model,
    NumberDisplay,
    Output,
    String,
    Vae,
)
from ._node import ComfyNode, Hidden, HiddenHolder, NodeOutput, Schema

__all__ = [
    "AnyType",
    "Boolean",
    "Clip",
    "Combo",
    "ComfyNode",
    "Conditioning",
    "Custom",
    "Float",
    "Hidden",
    "HiddenHolder",
    "Image",
    "Input",
    "Int",
    "Latent",
    "Mask",
    "Model",
    "NodeOutput",
    "NumberDisplay",
    "Output",
    "Schema",
    "String",
    "Vae",
]
