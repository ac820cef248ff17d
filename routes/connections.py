"""Connections to servers that judge: listed, added, tested and removed by our own page. Keys never come out."""

from __future__ import annotations

from pydantic import Field

from ..engine.judge.connections import NAME_PATTERN, ConnectionChange, ConnectionList, ConnectionTest
from .route import Body, RoutesApp


class ConnectionName(Body):
    """A connection by its name. No route takes an address to ask at once: only one that is written down is asked."""

    name: str = Field(pattern=NAME_PATTERN)


async def show_connections(app: RoutesApp) -> ConnectionList:
    return await app.list_connections()


async def keep_connection(app: RoutesApp, body: ConnectionChange) -> ConnectionList:
    """Answers with all connections as they are now."""
    return await app.change_connection(body)


async def test_connection(app: RoutesApp, body: ConnectionName) -> ConnectionTest:
    return await app.test_connection(body.name)


async def drop_connection(app: RoutesApp, body: ConnectionName) -> ConnectionList:
    """Answers with all connections as they are now."""
    return await app.remove_connection(body.name)
