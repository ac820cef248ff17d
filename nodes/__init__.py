"""The node classes. Loaded by ComfyUI through the entry point of the root."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from ..host import app
from ..host.paid_nodes import refuse_unpaid
from ..routes import register
from .auto_tiled_decode import AutoTiledDecode
from .judge_self_test import JudgeSelfTest
from .region_crop import RegionCrop
from .region_stitch import RegionStitch
from .self_improving_prompt import SelfImprovingPrompt
from .style_lora_picker import StyleLoRAPicker
from .text_segment_mask import TextSegmentMask
from .tutorial_painter import TutorialPainter
from .vlm_critique import VLMCritique
from .vram_guard import VRAMGuard

NODE_CLASS_MAPPINGS = {
    "ImitatoesAutoTiledDecode": AutoTiledDecode,
    "ImitatoesJudgeSelfTest": JudgeSelfTest,
    "ImitatoesRegionCrop": RegionCrop,
    "ImitatoesRegionStitch": RegionStitch,
    "ImitatoesSelfImprovingPrompt": SelfImprovingPrompt,
    "ImitatoesStyleLoRAPicker": StyleLoRAPicker,
    "ImitatoesVLMCritique": VLMCritique,
    "ImitatoesVRAMGuard": VRAMGuard,
    "ImitatoesTextSegmentMask": TextSegmentMask,
    "ImitatoesTutorialPainter": TutorialPainter,
}


class Extension(ComfyExtension):
    """ComfyUI asks it once for the nodes, before the server listens: the moment to register the routes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        app.report_client()
        server = app.server()
        if server is not None:
            register(server.routes, app.instance)
            app.help_with_series(server)
            server.add_on_prompt_handler(refuse_unpaid)
        return list(NODE_CLASS_MAPPINGS.values())
