"""Where a server of OpenAI's dialect is, and a client for it that sends nothing anywhere else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..engine.judge.vision_model import ModelUnreachable
from ..ollama_client.connection import CONNECT_SECONDS, EVERY_ADDRESS, certificates_for

MOST_BYTES = 4 * 2**20
"""Of an answer. A verdict has some thousands; with twenty alternatives for each of 4096 tokens it has three million."""
_NO_HTTPX = (
    'The Python package "httpx" is missing. Install it into ComfyUI\'s Python with: pip install httpx '
    "Then restart ComfyUI."
)


@dataclass(frozen=True)
class OpenAIServer:
    """A server known to this installation. A workflow names it and never holds its address.

    url: with or without /v1 at its end. key: sent as Bearer to this server alone; "" for none.
    """

    name: str
    url: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Answer:
    """An answer as it came. body: at most MOST_BYTES. whole: whether that is all of it."""

    status: int
    body: bytes
    whole: bool = True

    def json(self) -> Any:
        """Raises ValueError, RecursionError."""
        if not self.whole:
            raise ValueError("the answer is too long")
        return json.loads(self.body)


def base_url(server: OpenAIServer) -> str:
    """The address up to and with /v1, without user name or password. Raises ModelUnreachable."""
    parts = urlsplit(server.url.strip())
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise ModelUnreachable(_unreadable(server)) from problem
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ModelUnreachable(_unreadable(server))
    host = EVERY_ADDRESS.get(host, host)
    host = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    path = path if path.endswith("/v1") else f"{path}/v1"
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


@asynccontextmanager
async def open_client(server: OpenAIServer, timeout: float) -> AsyncIterator[Any]:
    """An httpx.AsyncClient for the event loop that runs now, closed afterwards. Raises ModelUnreachable."""
    try:
        import httpx
    except ImportError as problem:
        raise ModelUnreachable(_NO_HTTPX) from problem
    base = base_url(server)
    verify = await asyncio.to_thread(certificates_for, base)  # reads files the first time
    try:
        headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
        client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            trust_env=False,
            follow_redirects=False,
            verify=verify,
        )
        httpx.URL(base)
    except (ValueError, httpx.InvalidURL) as problem:
        raise ModelUnreachable(_unreadable(server)) from problem
    async with client:
        yield client


async def request(client: Any, method: str, url: str, body: Any = None) -> Answer:
    """One request. Raises what httpx raises."""
    async with client.stream(method, url, json=body) as response:
        read = bytearray()
        async for piece in response.aiter_bytes():
            read += piece
            if len(read) > MOST_BYTES:
                return Answer(response.status_code, bytes(read[:MOST_BYTES]), whole=False)
        return Answer(response.status_code, bytes(read))


def _unreadable(server: OpenAIServer) -> str:
    return (
        f'The address of the connection "{server.name}" cannot be used. Write it like http://127.0.0.1:1234 or, with '
        "IPv6, http://[::1]:1234"
    )
