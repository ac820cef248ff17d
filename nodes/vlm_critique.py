"""VLMCritique: a vision model's verdict about a picture; with a loop, the end of one iteration."""

from __future__ import annotations

import uuid
from typing import Any

import torch
from comfy_api.latest import io

from ..engine.graph.clips import FRAMES
from ..engine.judge.critique import CHECKS
from ..engine.settings import LoopHandle
from ..host import app
from ..host.critic import critique, prepare
from ..host.judge_inputs import JUDGES, CriticInputs
from .inputs import search_words
from .self_improving_prompt import Loop


class VLMCritique(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesVLMCritique",  # a literal, for scanners that read sources
            display_name="VLM Critique",
            category="imitatoes",
            **search_words(
                "judge, vision, vlm, ollama, lm studio, llama.cpp, evaluate, rate, quality, score, check, critic, "
                "caption, agent, loop"
            ),
            description=(
                "Judges pictures against a goal with a vision model in Ollama or on another server. With the loop of "
                "Self-Improving Prompt linked, its verdict decides what is rendered next; alone, it is a quality gate."
            ),
            inputs=[
                io.Image.Input(
                    "images",
                    lazy=True,
                    tooltip=(
                        "The pictures to judge; the best of a batch counts, and of more than 8, 8 are judged. The "
                        "frames of a clip are judged as one: see frames."
                    ),
                ),
                Loop.Input(
                    "loop", optional=True, tooltip="From Self-Improving Prompt. Brings the goal and closes the loop."
                ),
                io.String.Input(
                    "goal",
                    multiline=True,
                    default="",
                    optional=True,
                    tooltip="What the picture must show. Used only when no loop is linked.",
                ),
                io.String.Input(
                    "model",
                    default=app.DEFAULT_MODEL,
                    optional=True,
                    tooltip="Name of a vision model on the connection. Get the default with: ollama pull "
                    + app.DEFAULT_MODEL,
                ),
                io.String.Input(
                    "connection",
                    default="local",
                    optional=True,
                    tooltip=(
                        "Name of a server from this ComfyUI's own settings. local is the Ollama on this PC; tutorial "
                        "is no server, but the judge of the tutorial's coloured shapes. Several, parted by commas, "
                        "judge the pictures of a batch side by side."
                    ),
                ),
                io.String.Input(
                    "checks",
                    default=", ".join(CHECKS),
                    optional=True,
                    tooltip="Which checks count for the score, separated by commas. prompt_match always counts.",
                ),
                io.Float.Input(
                    "pass_score",
                    default=0.8,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    optional=True,
                    tooltip="Score from which a picture can pass. Used only when no loop is linked.",
                ),
                io.String.Input(
                    "keep_alive",
                    default="auto",
                    optional=True,
                    tooltip=(
                        "How long Ollama keeps the model loaded after judging. auto: while it fits beside what "
                        "ComfyUI renders with, else not at all. 0: not at all. 5m: five minutes. -1: for ever."
                    ),
                ),
                io.Combo.Input(
                    "judge",
                    options=list(JUDGES),
                    default="auto",
                    optional=True,
                    tooltip=(
                        "auto: the model, or the offline checks when its server does not answer: then nothing passes "
                        "and nothing has a score. ollama, openai: stop with a message when the server of that kind "
                        "does not answer. comfyui: the text encoder linked to clip. offline: technical checks "
                        "only, no model; passed then means technically sound."
                    ),
                ),
                io.Clip.Input(
                    "clip",
                    optional=True,
                    tooltip=(
                        "A text encoder that can see and write, such as Qwen3-VL 4B: linked, it judges, without any "
                        "server; model and connection are then not used. For Krea 2 it is the one that is loaded."
                    ),
                ),
                io.Combo.Input(
                    "frames",
                    options=list(FRAMES),
                    default="auto",
                    optional=True,
                    tooltip=(
                        "What several images are. auto: the frames of one clip where the workflow makes a video of "
                        "them, else pictures. clip: one clip, which passes as a whole or not at all. pictures: the "
                        "best of them counts."
                    ),
                ),
            ],
            outputs=[
                io.Image.Output(display_name="images", tooltip="The pictures, unchanged."),
                io.Float.Output(display_name="score", tooltip="0 to 1, of the best picture; 0 when no judge looked."),
                io.Boolean.Output(display_name="passed", tooltip="Whether the goal is met: both looks agreed."),
                io.String.Output(display_name="critique", tooltip="The verdict in words."),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """With a loop every queueing counts: an unchanged graph queued again is a new run. Alone, inputs decide."""
        return uuid.uuid4().hex if "loop" in inputs else ""

    @classmethod
    async def check_lazy_status(cls, images: torch.Tensor | None = None, **inputs: Any) -> list[str]:
        """Runs before anything is rendered: the moment to find out that there is no model to judge with."""
        if images is None:
            await prepare(CriticInputs.of(**inputs), cls.hidden)
        return ["images"]

    @classmethod
    async def execute(cls, images: torch.Tensor, loop: LoopHandle | None = None, **inputs: Any) -> io.NodeOutput:
        verdict, shown = await critique(images, loop, CriticInputs.of(**inputs), cls.hidden)
        score = 0.0 if verdict.score is None else verdict.score
        return io.NodeOutput(images, score, verdict.passed, verdict.describe(), ui=shown)
