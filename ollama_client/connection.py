"""Where Ollama is, and a client for it that sends nothing anywhere else."""

from __future__ import annotations

import functools
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..engine.judge.vision_model import ModelUnreachable
from .failures import MISSING_PACKAGE

CONNECT_SECONDS = 5.0
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on
"""A server may listen on every address; a client has to name one."""


@dataclass(frozen=True)
class Connection:
    """A server known to this installation. A workflow names it and never holds its address.

    url: None means what OLLAMA_HOST says, as Ollama's own programs read it, else http://127.0.0.1:11434.
    allow_remote: pictures may go on to a cloud model. send_key: OLLAMA_API_KEY may be sent to this server.
    """

    name: str
    url: str | None = None
    allow_remote: bool = False
    send_key: bool = False


def address(connection: Connection) -> str:
    """The address that will be tried, without user name or password. Raises ModelUnreachable."""
    return str(_client(connection, CONNECT_SECONDS)._client.base_url).rstrip("/")


def is_this_computer(host: str) -> bool:
    """Whether the address from `address` is the loopback, so that Ollama shares the graphics card with ComfyUI."""
    name = urlsplit(host).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


@asynccontextmanager
async def open_client(connection: Connection, timeout: float) -> AsyncIterator[Any]:
    """An ollama.AsyncClient for the event loop that runs now, closed afterwards. Raises ModelUnreachable."""
    client = _client(connection, timeout)
    try:
        yield client
    finally:
        await client._client.aclose()


def _client(connection: Connection, timeout: float) -> Any:
    try:
        import httpx
        import ollama
    except ImportError as problem:
        raise ModelUnreachable(MISSING_PACKAGE) from problem
    try:
        client = ollama.AsyncClient(
            host=_written_out(connection.url),
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            trust_env=False,
            follow_redirects=False,
            verify=_certificates(),
        )
    except (ValueError, httpx.InvalidURL) as problem:
        raise ModelUnreachable(_unreadable(connection)) from problem
    base = client._client.base_url
    if base.scheme not in ("http", "https"):
        raise ModelUnreachable(_unreadable(connection))
    if base.host in _EVERY_ADDRESS:
        client._client.base_url = base.copy_with(host=_EVERY_ADDRESS[base.host])
    if not connection.send_key:
        # The client sends OLLAMA_API_KEY to any server, and an empty header does not stop it.
        client._client.headers.pop("authorization", None)
    return client


@functools.lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Made once: reading the certificates costs more than a whole local request."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _written_out(url: str | None) -> str | None:
    """A bare IPv6 address gets the brackets that the client needs."""
    text = (url or "").strip()
    try:
        return f"[{text}]" if ipaddress.ip_address(text).version == 6 else text
    except ValueError:
        return text or None


def _unreadable(connection: Connection) -> str:
    what = f'The address "{connection.url}"' if connection.url else "The address in OLLAMA_HOST"
    return f"{what} cannot be used. Write it like http://127.0.0.1:11434 or, with IPv6, http://[::1]:11434"
