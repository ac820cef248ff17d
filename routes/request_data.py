"""The body and the query of a request as models, and where it comes from."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from .errors import DOCUMENT_HINT, BadRequest, wrong_field
from .large_json import AT_ONCE, read_json

Model = TypeVar("Model", bound=BaseModel)

LARGEST_BODY = 16 * 2**20
"""Bytes of a request. A workflow of 2,000 nodes has one or two million."""


async def body_of(request: web.Request, model: type[Model]) -> Model:
    """The JSON body as a model. Raises BadRequest.

    The content type is demanded because a page of another site can post text/plain without asking, but not JSON.
    """
    if request.content_type != "application/json":
        raise BadRequest("The body must be JSON.", "Send the header Content-Type: application/json.", 415, "not_json")
    body = await _read_body(request)
    try:
        if len(body) <= AT_ONCE:
            return model.model_validate_json(body or b"{}")
        return await asyncio.to_thread(lambda: model.model_validate(read_json(body)))
    except ValidationError as problem:
        raise wrong_field(problem, "body") from problem
    except ValueError as problem:
        raise BadRequest(f"body: {problem}.", DOCUMENT_HINT) from problem


async def _read_body(request: web.Request) -> bytes:
    """Up to LARGEST_BODY, or what ComfyUI takes where that is less. Raises BadRequest."""
    most = min(LARGEST_BODY, request.client_max_size or LARGEST_BODY)
    body = bytearray()
    if (request.content_length or 0) <= most:
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > most:
                break
        else:
            return bytes(body)
    hint = (
        "Send less." if most == LARGEST_BODY else "Send less, or start ComfyUI with a larger --max-upload-size (in MB)."
    )
    raise BadRequest(f"The body is larger than {most / 2**20:.3g} MiB.", hint, 413, "too_large")


def query_of(request: web.Request, model: type[Model]) -> Model:
    """What stands behind the question mark as a model; an empty value counts as none. Raises BadRequest."""
    try:
        return model.model_validate({name: request.query[name] for name in request.query if request.query[name]})
    except ValidationError as problem:
        raise wrong_field(problem, "query") from problem


def is_local(request: web.Request) -> bool:
    """Whether the browser runs on this computer. What came through a proxy may come from anywhere."""
    if any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP")):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
