"""JudgeSelfTest: how far a text encoder that ComfyUI has loaded can be believed as a judge."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..host.encoder_self_test import test_encoder
from .inputs import search_words


class JudgeSelfTest(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesJudgeSelfTest",  # a literal, for scanners that read sources
            display_name="Judge Self-Test",
            category="imitatoes",
            **search_words("judge, self test, benchmark, calibrate, text encoder, vlm, reliability"),
            description=(
                "Shows a text encoder 60 drawn scenes of which it is known what is true, and says for which kinds of "
                "requirement it can judge. Runs that judge with it take that into account. Judges on servers are "
                "tested from the panel."
            ),
            inputs=[
                io.Clip.Input(
                    "clip",
                    tooltip="The text encoder that is linked to clip of VLM Critique, such as Qwen3-VL 4B.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="report", tooltip="What it judges well and what it is too weak for."),
            ],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    async def execute(cls, clip: Any) -> io.NodeOutput:
        report = await test_encoder(clip, str(cls.hidden.unique_id))
        return io.NodeOutput(report, ui={"text": [report]})
