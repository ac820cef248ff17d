"""VRAMGuard: passes anything through and makes room for the next step, only when memory is short."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..engine.memory.amounts import GIB
from ..host import app
from ..host.vram_guard import ACTIONS, IF_STILL_SHORT, KEEP, MAY_FREE, OLLAMA, GuardContext, GuardInputs, guard
from .inputs import search_words


class VRAMGuard(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesVRAMGuard",  # a literal, for scanners that read sources
            display_name="VRAM Guard",
            category="imitatoes",
            **search_words(
                "vram, free memory, free vram, unload models, clear vram, cleanup, out of memory, oom, purge"
            ),
            description=(
                "Passes anything through unchanged. When the next step needs more memory than is free, it unloads as "
                "little as it can: first this pack's own models, then the model in Ollama, then models that no later "
                "node needs. It says what it did."
            ),
            inputs=[
                io.AnyType.Input("anything", tooltip="Comes out unchanged. Put the node on any link."),
                io.Float.Input(
                    "need_gb",
                    default=0.0,
                    min=0.0,
                    max=1024.0,
                    step=0.1,
                    tooltip="Free memory the next step needs, in GiB. 0 = worked out from model, vae and latent.",
                ),
                io.Float.Input(
                    "margin_gb",
                    default=0.5,
                    min=0.0,
                    max=64.0,
                    step=0.1,
                    tooltip="This much more is to stay free, in GiB.",
                ),
                io.Combo.Input(
                    "action",
                    options=list(ACTIONS),
                    default=ACTIONS[0],
                    tooltip=(
                        "only if short: nothing happens while there is enough. always unload all: on every run. "
                        "report only: look, change nothing."
                    ),
                ),
                io.Combo.Input(
                    "may_free",
                    options=list(MAY_FREE),
                    default="everything",
                    tooltip="Which of ComfyUI's models may be unloaded. Only what is in the way goes.",
                ),
                io.Combo.Input(
                    "keep",
                    options=list(KEEP),
                    default=KEEP[0],
                    tooltip="connected models: those in anything, model and vae stay loaded.",
                ),
                io.Combo.Input(
                    "ollama",
                    options=list(OLLAMA),
                    default=OLLAMA[0],
                    tooltip=(
                        "The judge's model in Ollama on this computer. unload and wait: until its memory is free. "
                        "An Ollama elsewhere is never touched."
                    ),
                ),
                io.Combo.Input(
                    "if_still_short",
                    options=list(IF_STILL_SHORT),
                    default=IF_STILL_SHORT[0],
                    tooltip="warn: a line in the log. stop with error: stops before the step fails. continue: silent.",
                ),
                io.Boolean.Input(
                    "clear_node_cache",
                    default=False,
                    tooltip="Also forget all finished nodes after this run. The next run starts from zero (slow).",
                ),
                io.Model.Input("model", optional=True, tooltip="The model that samples next: to work out the need."),
                io.Vae.Input("vae", optional=True, tooltip="The VAE that decodes next: to work out the need."),
                io.Latent.Input("latent", optional=True, tooltip="Tells the size of what is sampled or decoded next."),
                io.String.Input(
                    "connection",
                    default="local",
                    optional=True,
                    tooltip="Name of an Ollama server from this ComfyUI's own settings. local is the one on this PC.",
                ),
            ],
            outputs=[
                io.AnyType.Output(display_name="anything", tooltip="What came in, unchanged."),
                io.Float.Output(display_name="free_gb", tooltip="GiB free now."),
                io.Float.Output(display_name="freed_gb", tooltip="GiB that are free now and were not before."),
                io.Boolean.Output(display_name="enough", tooltip="Whether the need and the margin are free."),
                io.String.Output(display_name="report", tooltip="What was free, needed, freed and kept, line by line."),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def fingerprint_inputs(cls, action: str = ACTIONS[0], **inputs: Any) -> float | str:
        """Only what must happen on every run defeats the cache: everything behind this node would run again too."""
        # A new NaN each time: math.nan is one object, and ComfyUI's cache takes the same object for unchanged.
        return float("nan") if action == "always unload all" else ""

    @classmethod
    async def execute(cls, anything: Any, **inputs: Any) -> io.NodeOutput:
        place = GuardContext(str(cls.hidden.unique_id), cls.hidden.prompt or {})
        report = await guard(anything, GuardInputs(**inputs), place, app.instance().services)
        said = "\n".join(report.describe())
        freed = max(0, report.after - report.before) / GIB
        return io.NodeOutput(anything, report.after / GIB, freed, report.enough, said, ui={"text": [said]})
