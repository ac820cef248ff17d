"""An outside client of a ComfyUI: HTTP and WebSocket, with every wait limited."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp

LIMIT_SECONDS = 20.0


class Page:
    """One WebSocket's messages, in order of arrival."""

    def __init__(self, client: OutsideClient, client_id: str) -> None:
        self.client, self.client_id = client, client_id
        self.messages: list[dict[str, Any]] = []

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        return self.client.wait(lambda: next((one for one in self.messages if wanted(one)), None))

    def wait_for_end(self, prompt_id: str) -> list[dict[str, Any]]:
        """Everything up to the end of that prompt."""
        self.wait_for(lambda one: one["type"] == "executing" and one["data"] == {"node": None, "prompt_id": prompt_id})
        return list(self.messages)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [one["data"] for one in self.messages if one["type"] == kind]


class OutsideClient:
    """Blocking calls over one aiohttp session that lives in its own thread."""

    def __init__(self, url: str, base: Path) -> None:
        self.url, self.base = url, base
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._session = self._run(self._open())
        self.version: str = self.get("/system_stats")["system"]["comfyui_version"]

    async def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT_SECONDS))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_SECONDS + 5)

    def close(self) -> None:
        self._run(self._session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_SECONDS)

    async def _ask(self, method: str, path: str, **options: Any) -> tuple[int, bytes, Any, Any]:
        async with self._session.request(method, self.url + path, **options) as answer:
            body = await answer.read()
            parsed = await answer.json() if answer.content_type == "application/json" else None
            return answer.status, body, parsed, answer.headers

    def ask(self, method: str, path: str, **options: Any) -> tuple[int, bytes, Any, Any]:
        """(status, body, parsed JSON or None, headers)."""
        return self._run(self._ask(method, path, **options))

    def get(self, path: str) -> Any:
        status, _, parsed, _ = self.ask("GET", path)
        assert status == 200, (path, status)
        return parsed

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        status, _, parsed, _ = self.ask("POST", path, json=body)
        return status, parsed

    def wait(self, ready: Callable[[], Any], limit: float = LIMIT_SECONDS) -> Any:
        """The condition's first true value; fails after the limit."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if value := ready():
                return value
            time.sleep(0.01)
        raise AssertionError("The condition did not come true in time.")

    def queue(self, graph: dict[str, Any], **fields: Any) -> str:
        """Submits a graph that must be accepted whole; returns its prompt id."""
        fields.setdefault("client_id", "tests")
        fields.setdefault("prompt_id", str(uuid.uuid4()))
        status, answer = self.post("/prompt", {"prompt": graph, **fields})
        assert (status, answer["node_errors"]) == (200, {}), answer
        return answer["prompt_id"]

    def entry(self, prompt_id: str) -> dict[str, Any]:
        """The history of a prompt, once it has ended."""
        return self.wait(lambda: self.get(f"/history/{prompt_id}").get(prompt_id))

    def run(self, graph: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return self.entry(self.queue(graph, **fields))

    def running(self) -> list[str]:
        return [item[1] for item in self.get("/queue")["queue_running"]]

    def pending(self) -> list[str]:
        return [item[1] for item in self.get("/queue")["queue_pending"]]

    def calls(self, function: str | None = None) -> list[dict[str, Any]]:
        return [one for one in self.get("/probe/calls") if function in (None, one["function"])]

    def set_state(self, **state: Any) -> None:
        """Sets the probe's state and forgets its calls."""
        self.post("/probe/state", state)

    @contextlib.contextmanager
    def page(self, client_id: str | None = None, first: Any = None) -> Iterator[Page]:
        page = Page(self, client_id or str(uuid.uuid4()))
        socket = self._run(self._session.ws_connect(f"{self.url}/ws?clientId={page.client_id}"))

        async def receive() -> None:
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    page.messages.append(message.json())
                elif message.type == aiohttp.WSMsgType.BINARY:
                    page.messages.append({"type": "binary", "data": message.data})

        receiving = asyncio.run_coroutine_threadsafe(receive(), self._loop)
        try:
            if first is not None:
                self._run(socket.send_json(first))
            yield page
        finally:
            self._run(socket.close())
            receiving.result(LIMIT_SECONDS)
