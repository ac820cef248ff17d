"""Imitatoes: a ComfyUI workflow that improves itself. Nothing is imported before ComfyUI asks for the nodes."""

from __future__ import annotations

from typing import Any

WEB_DIRECTORY = "./web"


async def comfy_entrypoint() -> Any:
    from .nodes import Extension

    return Extension()
