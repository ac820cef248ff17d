"""RegionCrop: the masked part of a picture, cut out with its surroundings at a size that a model paints well."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from ..engine.mask.region import CutSize, cut_region
from .inputs import search_words

RegionSocket = io.Custom("IMITATOES_REGION")


class RegionCrop(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesRegionCrop",  # a literal, for scanners that read sources
            display_name="Region Crop",
            category="imitatoes",
            **search_words("crop, inpaint, inpaint crop, crop by mask, zoom in, detail, detailer"),
            description=(
                "Cuts the masked part out of a picture with some of what is around it, enlarged where it is small, so "
                "that a model can paint it anew. Region Stitch puts the result back; nothing else changes."
            ),
            inputs=[
                io.Image.Input("image", tooltip="Picture or batch; of a batch the box around all masks is cut."),
                io.Mask.Input("mask", tooltip="What may change."),
                io.Int.Input("grow", default=8, min=0, max=256, tooltip="Pixels that the mask is made larger by."),
                io.Float.Input(
                    "feather",
                    default=8.0,
                    min=0.0,
                    max=128.0,
                    step=0.5,
                    tooltip="Width in pixels of the border in which old and new blend. Beyond it nothing changes.",
                ),
                io.Float.Input(
                    "context",
                    default=0.5,
                    min=0.0,
                    max=4.0,
                    step=0.05,
                    tooltip="How much around it the model sees, as a share of the longer side. At least 32 pixels.",
                ),
                io.Int.Input(
                    "side",
                    default=1024,
                    min=0,
                    max=8192,
                    tooltip=(
                        "Small parts are enlarged to the area of a square with this side: what the model was trained "
                        "on. 0 = never enlarged."
                    ),
                ),
                io.Int.Input("multiple", default=16, min=1, max=128, tooltip="Sides are multiples of this."),
                io.Mask.Input("else_mask", optional=True, tooltip="Taken instead where mask holds nothing."),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The part, for VAE Encode."),
                io.Mask.Output(display_name="mask", tooltip="What may change in it, for Set Latent Noise Mask."),
                RegionSocket.Output(display_name="region", tooltip="For Region Stitch."),
                io.Int.Output(display_name="width", tooltip="Width of the part in pixels."),
                io.Int.Output(display_name="height", tooltip="Height of the part in pixels."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        mask: torch.Tensor,
        grow: int,
        feather: float,
        context: float,
        side: int,
        multiple: int,
        else_mask: Any = None,
    ) -> io.NodeOutput:
        if else_mask is not None and not bool((mask > 0.5).any()):
            mask = else_mask
        size = CutSize(side * side, multiple)
        cut = cut_region(image, mask, grow=grow, feather=feather, context=context, size=size)
        height, width = cut.pictures.shape[1:3]
        device = image.device
        return io.NodeOutput(cut.pictures.to(device), cut.mask.to(device), cut.region, int(width), int(height))
