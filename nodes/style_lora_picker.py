"""StyleLoRAPicker: the LoRA for a style, checked against the model before it is applied."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..engine.style.request import MISMATCHES, MODES, NO_FILE
from ..engine.style.trigger import AMOUNTS, POSITIONS
from ..host.loras import fingerprint, listed, pick_loras
from .inputs import search_words


def _strength(name: str, default: float, tooltip: str) -> io.Float.Input:
    return io.Float.Input(name, default=default, min=-4.0, max=4.0, step=0.05, optional=True, tooltip=tooltip)


class StyleLoRAPicker(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesStyleLoRAPicker",  # a literal, for scanners that read sources
            display_name="Style LoRA Picker",
            category="imitatoes",
            **search_words("lora, LoRA style, style, trigger words, auto lora, lora loader"),
            description=(
                "Finds the LoRA for the style that your prompt asks for, checks that it fits your model, applies it "
                "and adds its trigger words. A LoRA that would silently do nothing is refused with the reason."
            ),
            inputs=[
                io.Model.Input("model", tooltip="The diffusion model that the LoRA goes on."),
                io.String.Input(
                    "prompt",
                    multiline=True,
                    default="",
                    tooltip="Your prompt. The style is looked for here, and trigger words are added to it.",
                ),
                io.Clip.Input(
                    "clip",
                    optional=True,
                    tooltip="The text encoder. Left open, the LoRA's text parts are not used.",
                ),
                io.String.Input(
                    "style",
                    default="",
                    optional=True,
                    tooltip=(
                        'Name of a style or LoRA, such as "watercolor". Empty: the prompt decides. '
                        "<lora:name:0.8> works too, here and in the prompt."
                    ),
                ),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default=MODES[0],
                    optional=True,
                    tooltip=(
                        "auto from prompt: style if it is filled in, else the words of the prompt. by name: style "
                        "alone. fixed file: lora_name. off: nothing is changed."
                    ),
                ),
                io.Combo.Input(
                    "lora_name",
                    options=listed(),
                    default=NO_FILE,
                    optional=True,
                    tooltip="The file to use. Only mode 'fixed file' looks at it.",
                ),
                _strength("strength_model", 0.8, "How strongly the model is changed. 0 leaves it as it is."),
                _strength("strength_clip", 0.8, "How strongly the text encoder is changed. 0 leaves it as it is."),
                io.String.Input(
                    "second_style",
                    default="",
                    optional=True,
                    tooltip="A second style or LoRA on top of the first, by name. Empty: none.",
                ),
                _strength("second_strength", 0.4, "Strength of the second style. Keep it below the first one's."),
                io.Boolean.Input(
                    "use_suggested_strength",
                    default=True,
                    optional=True,
                    tooltip="Take the strength that the LoRA's notes or the style suggest. A 0 of yours stays 0.",
                ),
                io.Float.Input(
                    "min_match",
                    default=0.35,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    optional=True,
                    tooltip="How well a LoRA's name must match, 0 to 1. Below it nothing is chosen.",
                ),
                io.Combo.Input(
                    "trigger_words",
                    options=list(AMOUNTS),
                    default=AMOUNTS[0],
                    optional=True,
                    tooltip="Which trigger words go into the prompt. Those already in it are never doubled.",
                ),
                io.Combo.Input(
                    "trigger_position",
                    options=list(POSITIONS),
                    default=POSITIONS[0],
                    optional=True,
                    tooltip="auto: first for SD 1.5 and SDXL, which read tags; last for models that read sentences.",
                ),
                io.Combo.Input(
                    "on_mismatch",
                    options=list(MISMATCHES),
                    default=MISMATCHES[0],
                    optional=True,
                    tooltip="When the LoRA is missing or does not fit. Skipping leaves model and prompt as they are.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="The model with the LoRA, to the sampler."),
                io.Clip.Output(
                    display_name="clip", tooltip="The text encoder with the LoRA, to the text encode nodes."
                ),
                io.String.Output(
                    display_name="prompt", tooltip="Your prompt with the trigger words, to the text encode node."
                ),
                io.String.Output(
                    display_name="lora_used", tooltip="What was applied, as <lora:name:0.80>; empty when nothing was."
                ),
                io.String.Output(display_name="trigger", tooltip="The trigger words of what was applied."),
                io.String.Output(display_name="report", tooltip="What was chosen and why, and how many parts fit."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, model: Any = None, clip: Any = None, **inputs: Any) -> str:
        return fingerprint(**inputs)

    @classmethod
    def execute(cls, model: Any, prompt: str, clip: Any = None, **inputs: Any) -> io.NodeOutput:
        model, clip, found = pick_loras(model, clip, cls.hidden.unique_id, prompt=prompt, **inputs)
        return io.NodeOutput(
            model, clip, found.prompt, found.lora_used, found.trigger, found.report, ui={"text": [found.report]}
        )
