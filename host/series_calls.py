"""What series need of ComfyUI: graphs, the queue, messages to the page, and the webhook of the server's owner."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ..engine.graph.model import Graph
from ..engine.graph.prepare_graph import PreparedGraph
from ..engine.graph.run_request import RunRequest
from ..engine.loop.series.series_view import SeriesView
from ..http_client import NoAnswer, ask_json
from . import settings

EVENT = "imitatoes.series"
WEBHOOK_SECONDS = 10.0
LOG = logging.getLogger(__name__)

Prepare = Callable[[RunRequest], Awaitable[PreparedGraph]]
Start = Callable[..., Awaitable[str]]


class ServerSeriesCalls:
    """server: PromptServer.instance. prepare, start: of App."""

    def __init__(self, server: Any, prepare: Prepare, start: Start) -> None:
        self._server, self._prepare, self._start = server, prepare, start

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        return await self._prepare(order)

    async def start(self, graph: Graph, client_id: str, extra_data: Mapping[str, Any], prompt_id: str = "") -> str:
        return await self._start(graph, client_id, extra_data, prompt_id)

    def is_free(self) -> bool:
        return self._server.prompt_queue.get_tasks_remaining() == 0

    def publish(self, view: SeriesView) -> None:
        try:
            self._server.send_sync(EVENT, view.model_dump(mode="json"), None)
        except Exception:  # the page is a guest: whatever goes wrong on the way there must not end a series
            LOG.exception("Imitatoes: the page could not be told about series %s", view.series_id)

    async def tell_end(self, view: SeriesView) -> None:
        """To the address that the server's owner wrote down, if there is one. No graph and no request names another."""
        address = settings.load().series_webhook
        if address is None:
            return
        try:
            answer = await ask_json("POST", address, view.model_dump(mode="json"), WEBHOOK_SECONDS)
            why = "" if answer.status < 400 else f"it answered {answer.status}"
        except NoAnswer as problem:
            why = str(problem)
        if why:  # without the address: there may be a key in it
            LOG.warning("Imitatoes: series_webhook could not be told of series %s: %s", view.series_id, why)
