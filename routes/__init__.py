"""HTTP routes under /imitatoes: parse to a model, one call, JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from . import judge, memory, openapi, panel, runs, starting

__all__ = ["register"]


class App(panel.App, judge.App, memory.App, starting.App, Protocol):
    """What all routes need of host/app."""


def register(routes: web.RouteTableDef, app: Callable[[], App]) -> None:
    """Add all handlers. app is asked at each request, so nothing is built before it is needed."""
    starting.register(routes, app)
    runs.register(routes, app)
    panel.register(routes, app)
    judge.register(routes, app)
    memory.register(routes, app)
    openapi.register(routes)
