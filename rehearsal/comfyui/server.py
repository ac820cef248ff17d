"""The server object that packs reach for: `PromptServer.instance` with its routes, queue, loop and messages."""

from __future__ import annotations

import asyncio
import io
import ipaddress
import json
import logging
import mimetypes
import struct
import urllib.parse
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import execution
from aiohttp import web
from api_server import page_routes, prompt_routes, view_routes
from PIL import ImageOps

import nodes

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FEATURES = {"supports_preview_metadata": True, "max_upload_size": 100 * 1024 * 1024}
PREVIEW = "b_preview_with_metadata"
_PREVIEW_TYPE = 4


def _preview_frame(preview: tuple[str, Any, int | None], metadata: dict[str, Any]) -> bytes:
    """A preview as ComfyUI sends it: type and length of the metadata as big-endian uint32, metadata, picture."""
    kind, picture, longest = preview
    if longest is not None:
        picture = ImageOps.contain(picture, (longest, longest))
    stream = io.BytesIO()
    picture.save(stream, format=kind)
    told = json.dumps({**metadata, "image_type": f"image/{kind.lower()}"}).encode()
    return struct.pack(">II", _PREVIEW_TYPE, len(told)) + told + stream.getvalue()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@web.middleware
async def _same_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keeps foreign web pages from queueing prompts on the visitor's own machine."""
    origin = urllib.parse.urlparse(request.headers.get("Origin", ""))
    host = urllib.parse.urlsplit(f"//{request.headers.get('Host', '').lower()}")
    if origin.hostname and host.hostname and _is_loopback(host.hostname):
        same_port = origin.port is None or host.port is None or origin.port == host.port
        if origin.hostname != host.hostname or not same_port:
            logger.warning("WARNING: request with non matching host and origin %s, returning 403", origin.netloc)
            return web.Response(status=403)
    return web.Response() if request.method == "OPTIONS" else await handler(request)


class PromptServer:
    """One per process. Custom nodes find it as `PromptServer.instance` before it listens."""

    instance: PromptServer

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        PromptServer.instance = self
        mimetypes.add_type("application/javascript; charset=utf-8", ".js")
        self.loop = loop
        self.features = dict(FEATURES)
        self.messages: asyncio.Queue[tuple[str, Any, str | None]] = asyncio.Queue()
        self.prompt_queue = execution.PromptQueue(self)
        self.app = web.Application(client_max_size=FEATURES["max_upload_size"], middlewares=[_same_origin_only])
        self.routes = web.RouteTableDef()
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.sockets_metadata: dict[str, dict[str, Any]] = {}
        self.client_id: str | None = None
        self.last_node_id: str | None = None
        self.last_prompt_id: str | None = None
        self.progress: Any = None
        self.number = 0
        self.on_prompt_handlers: list[Callable[[dict[str, Any]], dict[str, Any]]] = []
        self.routes.get("/ws")(self._websocket)
        prompt_routes.register(self)
        view_routes.register(self)
        page_routes.register(self)

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sid = request.query.get("clientId") or uuid.uuid4().hex
        self.sockets[sid] = socket
        self.sockets_metadata[sid] = {"feature_flags": {}}
        try:
            await self.send("status", {"status": self.get_queue_info(), "sid": sid}, sid)
            if self.client_id == sid and self.last_node_id is not None:
                await self.send("executing", {"node": self.last_node_id}, sid)
            first = True
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    if first:
                        await self._negotiate(message.data, sid)
                    first = False
        finally:
            self.sockets.pop(sid, None)
            self.sockets_metadata.pop(sid, None)
        return socket

    async def _negotiate(self, text: str, sid: str) -> None:
        try:
            message = json.loads(text)
            if message.get("type") == "feature_flags":
                self.sockets_metadata[sid]["feature_flags"] = message.get("data", {})
                await self.send("feature_flags", self.features, sid)
        except (ValueError, AttributeError):
            logger.warning("Invalid JSON received from client %s", sid)

    def get_queue_info(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": self.prompt_queue.get_tasks_remaining()}}

    def queue_updated(self) -> None:
        self.send_sync("status", {"status": self.get_queue_info()})

    def send_sync(self, event: str, data: Any, sid: str | None = None) -> None:
        """Thread-safe. To one client, or to all when `sid` is None."""
        self.loop.call_soon_threadsafe(self.messages.put_nowait, (event, data, sid))

    async def send(self, event: str, data: Any, sid: str | None = None) -> None:
        receivers = list(self.sockets.values()) if sid is None else [self.sockets[sid]] if sid in self.sockets else []
        for socket in receivers:
            try:
                if event == PREVIEW:
                    await socket.send_bytes(_preview_frame(*data))
                else:
                    await socket.send_json({"type": event, "data": data})
            except (aiohttp.ClientError, ConnectionError) as error:
                logger.warning("send error: %s", error)

    async def publish_loop(self) -> None:
        while True:
            await self.send(*await self.messages.get())

    def add_on_prompt_handler(self, handler: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """`handler(body)` sees every POST /prompt before validation and returns the body to use."""
        self.on_prompt_handlers.append(handler)

    def trigger_on_prompt(self, json_data: dict[str, Any]) -> dict[str, Any]:
        for handler in self.on_prompt_handlers:
            try:
                json_data = handler(json_data)
            except Exception:
                logger.warning("[ERROR] An error occurred during the on_prompt_handler processing", exc_info=True)
        return json_data

    def add_routes(self) -> None:
        """Freezes the routes collected so far: each at its own path and below /api."""
        for route in self.routes:
            if isinstance(route, web.RouteDef):
                self.app.router.add_route(route.method, f"/api{route.path}", route.handler, **route.kwargs)
        self.app.add_routes(self.routes)
        for name, folder in nodes.EXTENSION_WEB_DIRS.items():
            self.app.add_routes([web.static(f"/extensions/{name}", folder)])
        page_routes.add_static(self.app)

    async def start(self, address: str, port: int) -> None:
        runner = web.AppRunner(self.app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, port).start()
        self.address, self.port = address, port
        logger.info("Rehearsal server at http://%s:%s", address, port)
