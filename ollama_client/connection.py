"""Where Ollama is, and a client for it that sends nothing anywhere else."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from ..engine.judge.vision_model import ModelUnreachable
from .client_package import MISSING_PACKAGE, outdated_client

CONNECT_SECONDS = 5.0
MOST_PORT = 65535
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on
"""A server may listen on every address; a client has to name one."""


@dataclass(frozen=True)
class Connection:
    """A server known to this installation. A workflow names it and never holds its address.

    url: None means what OLLAMA_HOST says, as Ollama's own programs read it, else http://127.0.0.1:11434.
    allow_remote: pictures may go on to a cloud model. send_key: OLLAMA_API_KEY may be sent to this server.
    key: this server's own key, which comes before that; it goes nowhere else.
    """

    name: str
    url: str | None = None
    allow_remote: bool = False
    send_key: bool = False
    key: str = field(default="", repr=False)


def address(connection: Connection) -> str:
    """The address that will be tried, without user name or password. Raises ModelUnreachable."""
    return str(_client(connection, CONNECT_SECONDS, verify=False)._client.base_url).rstrip("/")


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
    with suppress(ImportError):  # that is told below
        await asyncio.to_thread(certificates_for, _server_address(connection))
    client = _client(connection, timeout)
    try:
        yield client
    finally:
        await client._client.aclose()


def _client(connection: Connection, timeout: float, verify: bool = True) -> Any:
    """verify: False for a client that asks nobody anything."""
    try:
        import httpx
        import ollama
    except ImportError as problem:
        raise ModelUnreachable(MISSING_PACKAGE) from problem
    if outdated := outdated_client():
        raise ModelUnreachable(outdated)
    try:
        client = ollama.AsyncClient(
            host=_server_address(connection),
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            trust_env=False,
            follow_redirects=False,
            verify=certificates_for(_server_address(connection)) if verify else False,
        )
    except (ValueError, httpx.InvalidURL) as problem:
        raise ModelUnreachable(_unreadable(connection)) from problem
    base = client._client.base_url
    if base.scheme not in ("http", "https"):
        raise ModelUnreachable(_unreadable(connection))
    if base.host in EVERY_ADDRESS:
        client._client.base_url = base.copy_with(host=EVERY_ADDRESS[base.host])
    if connection.key:
        client._client.headers["authorization"] = f"Bearer {connection.key}"
    elif not connection.send_key:
        # The client sends OLLAMA_API_KEY to any server, and an empty header does not stop it.
        client._client.headers.pop("authorization", None)
    return client


def certificates_for(address: str) -> ssl.SSLContext | Literal[False]:
    """What httpx is to check a connection by: False where nothing is encrypted. May block, see certificates."""
    return False if address.startswith("http://") else certificates()


@functools.lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """What an encrypted connection is checked by. Made once: reading them costs more than a whole local request.

    Blocks the first time.
    """
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _server_address(connection: Connection) -> str:
    """The connection's own address, else the one in OLLAMA_HOST, in the form that the client needs."""
    own = (connection.url or "").strip()
    return _written_out(own, strict=True) if own else _written_out(os.environ.get("OLLAMA_HOST", ""), strict=False)


def _written_out(text: str, strict: bool) -> str:
    """An address read as Ollama's own programs read OLLAMA_HOST (envconfig/config.go of ollama/ollama, v0.33.0-rc2).

    Blanks and quotes around it do not count; http is meant where nothing is said, with port 11434, else the scheme's
    own; an IPv6 address needs no brackets. strict: leave a port that is none as it is, so that it is found out; Ollama
    takes the usual one instead.
    """
    text = text.strip().strip("\"'").strip()
    scheme, mark, rest = text.partition("://")
    scheme, rest = (scheme.lower(), rest) if mark else ("http", text)
    usual = {"http": "80", "https": "443"}.get(scheme, "11434") if mark else "11434"
    place, slash, path = rest.rpartition("@")[2].partition("/")
    if strict and place.count("[") != place.count("]"):
        return text
    try:
        host, port = str(ipaddress.ip_address(place.strip("[]"))), ""
    except ValueError:
        host, _, port = place.rpartition(":") if ":" in place else (place, "", "")
        host = host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and int(port) <= MOST_PORT):
        if strict and port:
            return text
        port = usual
    host = host or "127.0.0.1"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{slash}{path}"


def _unreadable(connection: Connection) -> str:
    what = f'The address "{connection.url}"' if connection.url else "The address in OLLAMA_HOST"
    return f"{what} cannot be used. Write it like http://127.0.0.1:11434 or, with IPv6, http://[::1]:11434"
