"""HTTP routes under /imitatoes: one table, `table.ROUTES`, that both registers and documents them."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from .route import RoutesApp
from .table import ROUTES

__all__ = ["register"]


def register(routes: web.RouteTableDef, app: Callable[[], RoutesApp]) -> None:
    """Add all routes. app is asked at each request, so nothing is built before it is needed."""
    for route in ROUTES:
        routes.route(route.method, route.path)(route.answering(app))
