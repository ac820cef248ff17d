"""The parts of the pack that spend time in an iteration, by the names of the code."""

from __future__ import annotations

CRITIC = "critic"
LOOKING = "question and answer, less the look"
SAVING = "picture to disk"
BEFORE_RENDER = "inputs checked before the render"
WAITING = "waiting for the picture to be on disk"
NOTICING = "noticing the end of the prompt"
UNNAMED = "threads, messages and ComfyUI's own end"

STAGES: dict[str, list[list[str]]] = {
    CRITIC: [["nodes.vlm_critique", "critique"]],
    BEFORE_RENDER: [["nodes.vlm_critique", "prepare"]],
    "reduction and fingerprint": [["engine.loop.critic", "_fingerprints"]],
    SAVING: [["engine.loop.journal", "Journal.save_picture"]],
    "broken-picture gate": [["engine.judge.judge", "broken"]],
    "JPEG": [["engine.loop.critic", "_encode"]],
    "is the model there": [["ollama_client.vision_model", "OllamaVisionModel.check"]],
    LOOKING: [["ollama_client.vision_model", "OllamaVisionModel.ask"]],
    "model released": [["ollama_client.vision_model", "OllamaVisionModel.release"]],
    "policy": [
        ["engine.loop.driver", "record"],
        ["engine.loop.driver", "next_step_after"],
        ["engine.loop.driver", "next_step_with_repair"],
    ],
    "graph patched": [
        ["engine.loop.picture_saving", "as_queued"],
        ["engine.loop.plan_submission", "with_settings"],
        ["engine.graph.ui_workflow", "in_extra_pnginfo"],
    ],
    "journal": [["engine.loop.journal", "Journal.record"]],
    "page told": [["host.comfyui", "PageEvents.publish"]],
    "submitted": [["host.queue", "ServerQueue.submit"]],
}
"""By stage: [module within the pack, attribute or Class.method]. None of them calls another."""
