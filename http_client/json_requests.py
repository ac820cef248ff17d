"""One request with JSON, one answer. No redirect is followed and no proxy asked: the address is the owner's own."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from typing import Any, NamedTuple

MOST_BYTES = 64 << 20
"""Of an answer: what a worker tells of all its node classes is some megabytes."""


class NoAnswer(Exception):
    """The server could not be reached or said nothing usable; why, in a few words without its address."""


class JsonAnswer(NamedTuple):
    """document: None where the answer is no JSON."""

    status: int
    document: Any


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Made once: it blocks, for it reads files."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


async def ask_json(method: str, url: str, body: Any = None, seconds: float = 10.0) -> JsonAnswer:
    """Raises NoAnswer."""
    try:
        import httpx
    except ImportError as problem:
        raise NoAnswer("the package httpx is missing") from problem
    verify = await asyncio.to_thread(_certificates)
    try:
        async with (
            httpx.AsyncClient(timeout=seconds, trust_env=False, follow_redirects=False, verify=verify) as client,
            client.stream(method, url, json=body) as told,
        ):
            content = bytearray()
            async for part in told.aiter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise NoAnswer("its answer is too long")
            try:
                return JsonAnswer(told.status_code, json.loads(content) if content else None)
            except ValueError:
                return JsonAnswer(told.status_code, None)
    except httpx.TimeoutException as problem:
        raise NoAnswer(f"no answer within {seconds:g} seconds") from problem
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise NoAnswer(f"it cannot be reached ({type(problem).__name__})") from problem
