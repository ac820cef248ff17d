"""Nodes and routes that look at their host from the inside. They run on any ComfyUI from 0.3.64 on."""

from __future__ import annotations

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():
    from .nodes import ProbeExtension

    return ProbeExtension()
