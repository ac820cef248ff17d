"""The composition root: builds the one driver. Nodes and routes get it from here."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from server import PromptServer

from ..engine.loop.driver import Driver
from ..engine.loop.journal import Journal
from ..engine.loop.report import Arrival, Place, Report
from ..engine.loop.run import Run
from ..engine.loop.thumbnails import Thumbnails
from ..ollama_client import OllamaVisionModel
from . import settings
from .events import PageEvents
from .paths import judges_folder, runs_folder, thumbnails_folder, wordings_file
from .queue import ServerQueue
from .self_tests import SelfTests, SelfTestStore
from .teacher import FileTeacher

Result = TypeVar("Result")

DEFAULT_MODEL = "qwen3-vl:8b-instruct"

self_test_store = SelfTestStore(judges_folder)


def tested_model(connection: str, model: str) -> OllamaVisionModel:
    """A model outside of any prompt: no Interrupt concerns it, and it leaves memory at the end. Raises ValueError."""
    try:
        place = settings.connection(connection)
    except settings.UnknownConnection as problem:
        raise ValueError(f"connection: {problem}") from problem
    return OllamaVisionModel(place, model, 0, interrupted=lambda: False, stop=asyncio.CancelledError)


class App:
    """server: PromptServer.instance."""

    def __init__(self, server: Any) -> None:
        self.server = server
        teacher = FileTeacher(wordings_file, lambda: settings.load().learn_from_runs)
        self.driver = Driver(ServerQueue(server), self.journal, PageEvents(server), teacher=teacher)
        self.self_tests = SelfTests(self_test_store, tested_model)
        self._thumbnails = Thumbnails(thumbnails_folder())

    def thumbnails(self) -> Thumbnails:
        self._thumbnails.root = thumbnails_folder()
        return self._thumbnails

    @staticmethod
    def journal() -> Journal:
        return Journal(runs_folder())


class ServerLoopCalls:
    """The driver for code that runs on another event loop, as node coroutines do: on the worker's."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def begin(self, arrival: Arrival) -> Place:
        return await self._on_server(self._app.driver.begin(arrival))

    async def report(self, prompt_id: str, report: Report) -> Run | None:
        async def call() -> Run | None:
            return self._app.driver.report(prompt_id, report)

        return await self._on_server(call())

    async def _on_server(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._app.server.loop))


def server() -> Any | None:
    """The running server; None when ComfyUI's modules are used without one."""
    return getattr(PromptServer, "instance", None)


@cache
def instance() -> App:
    return App(server())
