"""The way to the page."""

from __future__ import annotations

from typing import Any

from ..engine.loop.run import Run
from ..engine.loop.view import run_view

EVENT = "imitatoes.run"


class PageEvents:
    """server: PromptServer.instance."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def publish(self, run: Run) -> None:
        """The whole run, to the page that queued it. A message lost or doubled does no harm: each is complete."""
        self._server.send_sync(EVENT, run_view(run), run.client_id)
