"""Progress of the nodes of the running prompt, told to the page as it changes."""

from __future__ import annotations

from typing import Any

import comfy.utils
from comfy.model_management import throw_exception_if_processing_interrupted

from comfy_execution.utils import get_executing_context


class Progress:
    """`progress_state` messages of one prompt: `{node id: {value, max, state, ...}}`."""

    def __init__(self, server: Any, prompt_id: str) -> None:
        self.server = server
        self.prompt_id = prompt_id
        self.nodes: dict[str, dict[str, Any]] = {}

    def start(self, node_id: str) -> None:
        self._set(node_id, 0.0, 1.0, "running")

    def update(self, node_id: str, value: float, maximum: float, preview: Any = None) -> None:
        """preview: (format, PIL picture, longest side or None), shown to the page that follows."""
        self._set(node_id, value, maximum, "running")
        page = self.server.sockets_metadata.get(self.server.client_id, {})
        if preview is not None and page.get("feature_flags", {}).get("supports_preview_metadata"):
            ids = {name: node_id for name in ("node_id", "display_node_id", "parent_node_id", "real_node_id")}
            told = {**ids, "prompt_id": self.prompt_id}
            self.server.send_sync("b_preview_with_metadata", (preview, told), self.server.client_id)

    def finish(self, node_id: str) -> None:
        maximum = self.nodes.get(node_id, {}).get("max", 1)
        self._set(node_id, maximum, maximum, "finished")

    def _set(self, node_id: str, value: float, maximum: float, state: str) -> None:
        self.nodes[node_id] = {
            "value": value,
            "max": maximum,
            "state": state,
            "node_id": node_id,
            "prompt_id": self.prompt_id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
        }
        snapshot = {one: dict(values) for one, values in self.nodes.items()}
        message = {"prompt_id": self.prompt_id, "nodes": snapshot}
        self.server.send_sync("progress_state", message, self.server.client_id)


def follow_progress_bars(server: Any) -> None:
    """Every ProgressBar update is where an interrupt is noticed, and becomes a `progress` message."""

    def hook(value: float, total: float, preview: Any, node_id: str | None = None) -> None:
        context = get_executing_context()
        throw_exception_if_processing_interrupted()
        node_id = node_id or (context.node_id if context else server.last_node_id)
        prompt_id = context.prompt_id if context else server.last_prompt_id
        if server.progress is not None:
            server.progress.update(node_id, value, total, preview)
        message = {"value": value, "max": total, "prompt_id": prompt_id, "node": node_id}
        server.send_sync("progress", message, server.client_id)

    comfy.utils.set_progress_bar_global_hook(hook)
