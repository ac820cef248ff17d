"""AutoTiledDecode: a latent decoded whole where that fits, and in as few parts as possible where not."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..engine.decode.options import MODES
from ..host.decode import decode_latent
from .inputs import search_words


class AutoTiledDecode(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesAutoTiledDecode",  # a literal, for scanners that read sources
            display_name="Auto Tiled Decode",
            category="imitatoes",
            **search_words("vae decode, tiled, tiled decode, tiled vae, video decode, out of memory, oom, decode"),
            description=(
                "Decodes a latent whole when that fits into free memory, and in as few parts as possible when not. "
                "When memory runs out all the same, it goes on with smaller parts instead of failing."
            ),
            inputs=[
                io.Latent.Input("samples", tooltip="The latent to decode: pictures or video."),
                io.Vae.Input("vae", tooltip="The VAE of the model that made the latent."),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default="auto",
                    optional=True,
                    tooltip=(
                        "auto: in parts only when the whole would not fit. whole: never in parts, stops with a message "
                        "when memory runs out. tiled: always in parts."
                    ),
                ),
                io.Int.Input(
                    "tile_size",
                    default=0,
                    min=0,
                    max=4096,
                    step=64,
                    optional=True,
                    tooltip="Longest side of a tile, in pixels. 0 = as large as fits, which is best.",
                ),
                io.Int.Input(
                    "overlap",
                    default=0,
                    min=0,
                    max=2048,
                    step=16,
                    optional=True,
                    tooltip="Pixels that tiles share with their neighbours. More = fewer seams, slower. 0 = automatic.",
                ),
                io.Int.Input(
                    "temporal_size",
                    default=0,
                    min=0,
                    max=4096,
                    step=4,
                    optional=True,
                    tooltip="Video only: frames decoded at a time. 0 = all of them if possible, which avoids flashes.",
                ),
                io.Int.Input(
                    "temporal_overlap",
                    default=0,
                    min=0,
                    max=2048,
                    step=4,
                    optional=True,
                    tooltip="Video only: frames that two pieces share. 0 = automatic.",
                ),
                io.Float.Input(
                    "margin_gb",
                    default=0.0,
                    min=0.0,
                    max=1024.0,
                    step=0.1,
                    optional=True,
                    tooltip="Free memory to leave alone, in GB. 0 = automatic: 15 % of it, 40 % without a GPU.",
                ),
                io.Float.Input(
                    "memory_limit_gb",
                    default=0.0,
                    min=0.0,
                    max=1024.0,
                    step=0.1,
                    optional=True,
                    tooltip="Most memory a decode may plan with, in GB. 0 = what is free, less the margin.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The pictures; of a video, its frames."),
                io.Boolean.Output(display_name="tiled", tooltip="Whether it was decoded in parts."),
                io.String.Output(display_name="report", tooltip="How it was decoded, and why."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, samples: dict[str, Any], vae: Any, **wishes: Any) -> io.NodeOutput:
        return io.NodeOutput(*decode_latent(samples, vae, cls.hidden.unique_id, **wishes))
