"""HTTP/1.1 as the Ollama double speaks it: one request at a time, answers whole or in chunks, and who hung up when."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .ollama_rules import encode

_POLL = 0.005


@dataclass(frozen=True)
class SentImage:
    """A decoded picture of a request. size: its bytes."""

    data: bytes = field(repr=False)
    size: int = 0
    sha256: str = ""


@dataclass
class Record:
    """One request. status: 0 until answered. answered_after: seconds until the whole answer was on its way.

    disconnected_after: seconds until the client left without one.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    images: list[SentImage] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    status: int = 0
    disconnected_after: float | None = None
    answered_after: float | None = None


class ClientGoneError(ConnectionError):
    """The client left before its answer."""


class Wire:
    """Reads requests from a connection and writes answers to it. changed: called when a record got news."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, changed: Callable[[], None]) -> None:
        self.reader, self.writer, self.changed = reader, writer, changed
        self.record = Record("", "", {}, None)

    async def next_request(self) -> Record | None:
        """The next request, None when the client is done. A body that is not JSON is None. Raises ConnectionError."""
        line = await self.reader.readline()
        if not line.strip():
            return None
        method, target, _ = line.decode("latin-1").split()
        headers = {}
        while header := (await self.reader.readline()).strip():
            name, value = header.decode("latin-1").split(":", 1)
            headers[name.strip().lower()] = value.strip()
        raw = await self.reader.readexactly(int(headers.get("content-length", 0)))
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            body = None
        self.record = Record(method, target.split("?")[0], headers, body)
        return self.record

    def client_left(self) -> None:
        """Write down that the client did not wait for its answer."""
        self.record.disconnected_after = time.monotonic() - self.record.started
        self.changed()

    def send(
        self,
        status: int,
        value: Any = None,
        *,
        raw: bytes | None = None,
        kind: str = "application/json; charset=utf-8",
        headers: str = "",
        missing: int = 0,
    ) -> None:
        """An answer of known length; missing: bytes promised in the header that never come."""
        data = encode(value) if raw is None else raw
        self._head(status, f"Content-Type: {kind}\r\nContent-Length: {len(data) + missing}\r\n{headers}")
        if self.record.method != "HEAD":
            self.writer.write(data)

    def _head(self, status: int, headers: str) -> None:
        date = datetime.now(timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
        self.writer.write(f"HTTP/1.1 {status} Status\r\nDate: {date}\r\n{headers}\r\n".encode())
        self.record.status = status
        self.changed()

    def open_stream(self) -> None:
        self._head(200, "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n")

    async def chunk(self, value: Any = None, *, raw: bytes | None = None) -> None:
        data = encode(value) + b"\n" if raw is None else raw
        if self._left():
            raise ClientGoneError
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    async def end_stream(self) -> None:
        await self.chunk(raw=b"")

    def _left(self) -> bool:
        return self.reader.at_eof() or self.reader.exception() is not None

    async def wait(self, seconds: float) -> None:
        """Sleep, but raise ClientGoneError as soon as the client goes away."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            await asyncio.sleep(min(_POLL, rest))
            if self._left():
                raise ClientGoneError

    async def while_connected(self, task: asyncio.Future[Any]) -> Any:
        """The result of the task; raises ClientGoneError as soon as the client goes away."""
        while not task.done():
            await asyncio.wait({task}, timeout=_POLL)
            if self._left():
                raise ClientGoneError
        return task.result()
