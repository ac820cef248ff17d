"""A plain HTTP client, as outside scripts use one."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

# A server on this machine is never behind the user's proxy.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
_LIMIT_SECONDS = 60.0


class Client:
    """url: of a server, without a slash at the end. Every call raises OSError when the server refuses."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> Any:
        return json.loads(self.fetch(path))

    def fetch(self, path: str) -> bytes:
        """An answer as it is, where it is no JSON."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        return json.loads(self._ask(urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)))

    def queue(self, graph: dict[str, Any]) -> str:
        """Queue a graph; its prompt id."""
        return self.post("/prompt", {"prompt": graph, "client_id": "benchmarks"})["prompt_id"]

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """The history of a prompt; None while it has not ended."""
        return self.get(f"/history/{prompt_id}").get(prompt_id)

    @staticmethod
    def _ask(request: urllib.request.Request) -> bytes:
        with _open(request, timeout=_LIMIT_SECONDS) as answer:
            return answer.read()
