"""TextSegmentMask: words in, one mask for each picture out."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from ..engine.mask.segmenters.kinds import AUTO, ENGINE_NAMES
from ..engine.mask.selection import SELECTIONS
from ..engine.mask.shape import LARGEST_GROWTH, WIDEST_FEATHER
from ..host import app, segmenters
from ..host.masking import MaskInputs, masks
from .inputs import search_words

Boxes = io.Custom("BOUNDING_BOX")


class TextSegmentMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesTextSegmentMask",  # a literal, for scanners that read sources
            display_name="Text Segment Mask",
            category="imitatoes",
            **search_words(
                "segment anything, sam, sam2, sam3, grounding dino, clipseg, florence, text to mask, mask by text, "
                "inpaint mask, detect, find object"
            ),
            description=(
                "Finds what you name in each picture of a batch and masks it, with the segmentation model whose files "
                "are on this computer. What is not there gives an empty mask and a sentence in the report."
            ),
            inputs=[
                io.Image.Input("image", tooltip="Picture or batch. You get one mask per picture."),
                io.String.Input(
                    "text",
                    multiline=True,
                    default="person",
                    tooltip=(
                        'What to find. Comma or new line = several things. "cat, -collar" takes the collar away. '
                        '"leftmost cat" or "2 largest windows" says which ones.'
                    ),
                ),
                io.Combo.Input(
                    "engine",
                    options=list(ENGINE_NAMES),
                    default=AUTO,
                    tooltip="auto = the best one whose files are on this computer.",
                ),
                io.Combo.Input(
                    "model_folder",
                    options=segmenters.model_folder_names(),
                    default=AUTO,
                    tooltip="Nothing is downloaded. Put a model folder into models/text_segment and press R.",
                ),
                io.Float.Input(
                    "threshold",
                    default=0.4,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Higher = surer, smaller mask. Lower it when something is not found.",
                ),
                io.Combo.Input(
                    "select",
                    options=list(SELECTIONS),
                    default="all",
                    tooltip='Which of the found things to keep. "number" counts from the left.',
                ),
                io.Int.Input("number", default=1, min=1, max=64, tooltip='How many to keep; with "number", which one.'),
                io.Int.Input(
                    "grow",
                    default=0,
                    min=-LARGEST_GROWTH,
                    max=LARGEST_GROWTH,
                    tooltip="Pixels: + makes the mask bigger, - smaller, with round corners.",
                ),
                io.Float.Input(
                    "feather",
                    default=0.0,
                    min=0.0,
                    max=WIDEST_FEATHER,
                    step=0.5,
                    tooltip="Soft edge, in pixels. 0 = hard.",
                ),
                io.Boolean.Input("fill_holes", default=True, tooltip="Close gaps that the mask encloses."),
                io.Boolean.Input("invert", default=False, tooltip="Mask everything but what was found."),
                io.Combo.Input(
                    "if_nothing_found",
                    options=["empty mask", "full mask", "stop with error"],
                    default="empty mask",
                    tooltip="The mask of a picture in which nothing was found. invert does not change it.",
                ),
                io.Int.Input(
                    "frames_at_once",
                    default=0,
                    min=0,
                    max=256,
                    optional=True,
                    tooltip="Pictures in one pass of the model. 0 = as many as memory allows.",
                ),
                io.Boolean.Input(
                    "look_again",
                    default=True,
                    optional=True,
                    tooltip="Look again, enlarged, where nothing or something small or complex was found. Slower.",
                ),
                io.String.Input(
                    "ollama_model",
                    default=app.DEFAULT_MODEL,
                    optional=True,
                    tooltip='Vision model for the engine "Ollama boxes".',
                ),
                io.String.Input(
                    "connection",
                    default="local",
                    optional=True,
                    tooltip="Name of an Ollama server from this ComfyUI's own settings. local is the one on this PC.",
                ),
                Boxes.Input(
                    "boxes",
                    optional=True,
                    # A socket only: later pages make a widget of this type, whose default would be taken for a wish.
                    extra_dict={"forceInput": True},
                    tooltip="Boxes from another node. They are outlined with SAM, and no engine looks for anything.",
                ),
            ],
            outputs=[
                io.Mask.Output(display_name="mask", tooltip="One mask per picture, of its size, 0 to 1."),
                Boxes.Output(display_name="boxes", tooltip="For each picture the boxes of what was kept, with scores."),
                io.Image.Output(display_name="preview", tooltip="The pictures with mask and boxes drawn on them."),
                io.Int.Output(display_name="found", tooltip="How many things were kept, in all pictures together."),
                io.String.Output(display_name="report", tooltip="What was found, what was not, and what to try."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, model_folder: str = AUTO, **inputs: Any) -> str:
        """With auto, a new model folder changes the result."""
        return segmenters.fingerprint(model_folder)

    @classmethod
    async def execute(cls, image: torch.Tensor, **inputs: Any) -> io.NodeOutput:
        made = await masks(image, MaskInputs.of(**inputs), cls.hidden)
        return io.NodeOutput(made.mask, made.boxes, made.preview, made.found, made.report)
