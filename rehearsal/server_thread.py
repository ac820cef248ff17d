"""A server of the rehearsal on a thread of its own: its life, what came to it, and waiting for that."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from .ollama_wire import Record


class ServerThread:
    """`with TheServer() as server:` ... server.url, server.requests. A subclass says how a connection is served."""

    def __init__(self) -> None:
        self.requests: list[Record] = []
        self.url = ""
        self._news = threading.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on one connection until either side closes it."""
        raise NotImplementedError

    # Life

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Any:
        """Serve; port 0 takes a free one. Raises OSError if the port is taken."""
        started = threading.Event()
        failure: list[OSError] = []

        def run() -> None:
            try:
                asyncio.run(self._serve(host, port, started))
            except OSError as error:
                failure.append(error)
                started.set()

        self._thread = threading.Thread(target=run, name=type(self).__name__, daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("the double did not start within 10 s")
        if failure:
            raise failure[0]
        return self

    def stop(self) -> None:
        """Close all connections and end the thread."""
        if self._loop and self._stopping and self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    def __enter__(self) -> Any:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self, host: str, port: int, started: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, host, port, limit=1 << 20)
        self.url = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
        started.set()
        await self._stopping.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            # A cancelled connection is only the server stopping; streams would log it as an error.
            with contextlib.suppress(asyncio.CancelledError):
                await self.serve_connection(reader, writer)
        finally:
            self._tasks.discard(task)

    def disconnects(self) -> list[Record]:
        """The requests whose client left before the answer."""
        return [r for r in list(self.requests) if r.disconnected_after is not None]

    def wait_for(self, predicate: Callable[[], Any], limit: float = 5.0) -> Any:
        """Wait until the predicate holds and return what it returned. Raises TimeoutError after limit seconds."""
        with self._news:
            if not (result := self._news.wait_for(predicate, limit)):
                raise TimeoutError(f"not within {limit} s")
            return result

    def note(self, record: Record) -> None:
        self.requests.append(record)
        self.changed()

    def changed(self) -> None:
        with self._news:
            self._news.notify_all()
