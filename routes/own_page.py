"""Requests that only ComfyUI's own page, or a program on its own, may make: no page of another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from .errors import BadRequest

_HINT = "Open ComfyUI's own page and use its settings, or call without an Origin header."


def refuse_other_pages(request: web.Request) -> None:
    """Raises BadRequest for a request that a page of another origin makes, whatever ComfyUI itself lets in.

    Browsers send Origin with every POST and with every GET across origins, and pages cannot change it. A server that
    was started with --enable-cors-header answers other origins; these routes do not.
    """
    origin = request.headers.get("Origin")
    fetched = request.headers.get("Sec-Fetch-Site")
    foreign = origin is not None and urlsplit(origin).netloc.lower() != request.host.lower()
    if foreign or fetched not in (None, "same-origin", "none"):
        raise BadRequest("This is closed to pages of other sites.", _HINT, 403, "other_origin")
