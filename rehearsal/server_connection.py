"""One connection to a double of a server: its requests in turn, and what stands in for an answer where one fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any

from .ollama_rules import RefusalError
from .ollama_wire import ClientGoneError, Record, Wire
from .server_thread import ServerThread

log = logging.getLogger(__name__)


class ServerConnection:
    """Serves one connection of a double until either side closes it. A subclass answers a request."""

    def __init__(self, double: ServerThread, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.double: Any = double
        self.wire = Wire(reader, writer, double.changed)

    async def serve(self) -> None:
        """Answer until the connection ends."""
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while record := await self.wire.next_request():
                    self.double.note(record)
                    if not await self._answered(record):
                        break
        finally:
            self.wire.writer.close()

    async def _route(self, record: Record) -> bool | None:
        """Answer one request; False closes the connection. Raises RefusalError, ClientGoneError."""
        raise NotImplementedError

    def _told(self, refusal: RefusalError) -> dict[str, Any]:
        """A refusal as this server writes it."""
        raise NotImplementedError

    async def _answered(self, record: Record) -> bool:
        """Answer one request; returns whether the connection stays open."""
        try:
            stays = await self._route(record)
        except RefusalError as refusal:
            self.wire.send(refusal.status, self._told(refusal))
            stays = True
        except ClientGoneError:
            self.wire.client_left()
            return False
        except Exception as error:
            log.exception("the double could not answer %s", record.path)
            self.wire.send(500, {"error": f"the double failed: {error}"})
            stays = True
        await self.wire.writer.drain()
        record.answered_after = time.monotonic() - record.started
        return stays is not False
