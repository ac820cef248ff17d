"""RegionStitch: a part that was painted anew, back in its place."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from ..engine.mask.region import stitch_region
from ..host.comfyui import executing
from ..host.repaired_regions import regions
from .inputs import search_words
from .region_crop import RegionSocket


class RegionStitch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesRegionStitch",  # a literal, for scanners that read sources
            display_name="Region Stitch",
            category="imitatoes",
            **search_words("stitch, uncrop, paste back, inpaint stitch"),
            description=(
                "Puts a part that Region Crop cut out back into its picture, blended at the border. Every other pixel "
                "stays exactly as it was."
            ),
            inputs=[
                io.Image.Input("image", tooltip="The part as it was painted anew, at any size."),
                RegionSocket.Input("region", tooltip="From Region Crop."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The whole picture.")],
        )

    @classmethod
    def execute(cls, image: torch.Tensor, region: Any) -> io.NodeOutput:
        if (here := executing()) is not None:
            regions.note(here.prompt_id, region)
        return io.NodeOutput(stitch_region(image, region))
