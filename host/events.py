"""The way to the page."""

from __future__ import annotations

from typing import Any

from ..engine.loop.run import Run
from ..engine.loop.view import run_message

EVENT = "imitatoes.run"


class PageEvents:
    """server: PromptServer.instance."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def publish(self, run: Run) -> None:
        """The run as it stands, to every open page: a second tab and a run of a script are shown too.

        A message lost or doubled does no harm: each says how many iterations there are, so a page knows what it lacks.
        """
        self._server.send_sync(EVENT, run_message(run), None)
