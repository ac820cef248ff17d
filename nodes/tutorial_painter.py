"""TutorialPainter: paints coloured shapes from words, so that the loop can be seen at work with no model."""

from __future__ import annotations

import asyncio

from comfy_api.latest import io

from ..engine.settings import MAX_SEED
from ..engine.tutorial.painted_image import paint_image
from .inputs import search_words


class TutorialPainter(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesTutorialPainter",  # a literal, for scanners that read sources
            display_name="Tutorial Painter",
            category="imitatoes/tutorial",
            **search_words("tutorial, demo, see it improve, try without a model"),
            description=(
                "For the tutorial only: paints coloured shapes from words, with the mistakes that a picture model "
                "makes. No model, no download, no graphics card. Its judge is the connection named tutorial of "
                "VLM Critique."
            ),
            inputs=[
                io.String.Input(
                    "prompt",
                    multiline=True,
                    default="",
                    tooltip=(
                        "What to paint: circles, squares, triangles, stars, diamonds, rings, how many, in which "
                        "colour and where, a background, a word in quotes. Other words are ignored."
                    ),
                ),
                io.String.Input(
                    "negative",
                    multiline=True,
                    default="",
                    tooltip="Scratches and shapes that are named here appear less often.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=MAX_SEED,
                    control_after_generate=True,
                    tooltip="Another seed places things elsewhere and makes other mistakes.",
                ),
                io.Int.Input("steps", default=20, min=1, max=10000, tooltip="Below 8 the picture is blurred."),
                io.Float.Input(
                    "cfg",
                    default=7.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    tooltip="Between 1.5 and 5 the picture is washed out, above 9 its colours are burnt.",
                ),
                io.Int.Input("width", default=512, min=64, max=2048, step=8, tooltip="Of the picture, in pixels."),
                io.Int.Input("height", default=512, min=64, max=2048, step=8, tooltip="Of the picture, in pixels."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="To VLM Critique.")],
        )

    @classmethod
    async def execute(
        cls, prompt: str, negative: str, seed: int, steps: int, cfg: float, width: int, height: int
    ) -> io.NodeOutput:
        return io.NodeOutput(await asyncio.to_thread(paint_image, prompt, negative, seed, steps, cfg, width, height))
