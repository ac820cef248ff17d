"""How a prompt ended, as ComfyUI's history tells it: this server's own and that of its workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine.graph.render_error import RenderError
from ..engine.loop.ports import PromptState


def ended(status: Mapping[str, Any]) -> PromptState:
    """status: of an entry of the history."""
    messages = status.get("messages") or []
    started = next((data.get("timestamp") for name, data in messages if name == "execution_start"), None)
    since = started / 1000 if started else None
    if status.get("status_str") == "success":
        return PromptState("success", started=since)
    for name, data in reversed(messages):
        if name == "execution_interrupted":
            return PromptState("interrupted", started=since)
        if name == "execution_error":
            what = str(data.get("exception_message", "")).strip() or str(data.get("exception_type", "an error"))
            node = f"(node {data.get('node_id')})"
            said = what if node in what else f"{data.get('node_type')} {node} failed: {what}"
            error = RenderError(
                type=str(data.get("exception_type", "")), message=what, node=str(data.get("node_id") or "")
            )
            return PromptState("error", said, since, error)
    return PromptState("error", "The render failed.", since)
