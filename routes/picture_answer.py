"""An answer that is no JSON: a picture, or a page of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True)
class PictureAnswer:
    """content: a file, or bytes of this type. cache: its Cache-Control. headers: more."""

    content: Path | bytes
    cache: str = "no-cache"
    media_type: str = "image/jpeg"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.StreamResponse:
        headers = {"Cache-Control": self.cache, **self.headers}
        if isinstance(self.content, bytes):
            return web.Response(body=self.content, content_type=self.media_type, headers=headers)
        return web.FileResponse(self.content, headers=headers)
