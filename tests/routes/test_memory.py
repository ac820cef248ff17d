"""The memory routes over real HTTP."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pack.engine.memory.memory_report import MemoryReport
from pack.engine.memory.memory_state import LoadedModelView, MemoryState
from pack.engine.memory.preflight import preflight, preflight_view
from pack.host.memory import REMEMBERED, MemoryReports
from pack.routes import register

from .documented import documented_site

GIB = 2**30


def report(number=0):
    return MemoryReport(
        time=number, total=8 * GIB, before=GIB, need=GIB, need_from="as set in need_gb", after=GIB, enough=True
    )


STATE = MemoryState(
    where="VRAM",
    device="cuda:0",
    total=8 * GIB,
    free=GIB,
    dynamic=False,
    models=[LoadedModelView(name="UNet", kind="MODEL", size=9, loaded=4, device="cuda:0", dynamic=False)],
    ollama=None,
)


class Site:
    def __init__(self):
        self.reports = MemoryReports()

    def memory_reports(self):
        return self.reports.newest_first()

    async def memory_state(self):
        return STATE

    async def memory_preflight(self, graph):
        return preflight_view(preflight(graph, [], 8 * GIB))


def asked(site, method, path, status=200, **options):
    async def main():
        routes = web.RouteTableDef()
        register(routes, lambda: site)
        async with (
            TestClient(TestServer(documented_site(routes))) as client,
            client.request(method, path, **options) as answer,
        ):
            assert answer.status == status, await answer.text()
            return await answer.json()

    return asyncio.run(main())


def test_state_and_reports_the_newest_first():
    site = Site()
    for number in range(REMEMBERED + 5):
        site.reports.add(report(number))
    shown = asked(site, "GET", "/imitatoes/memory")
    assert shown["now"] == STATE.model_dump()
    assert [r["time"] for r in shown["reports"]] == list(range(REMEMBERED + 4, 4, -1))
    assert shown["reports"][0]["lines"] == report().describe()


def test_a_graph_is_estimated():
    found = asked(Site(), "POST", "/imitatoes/memory/preflight", json={"prompt": {"1": {"class_type": "X"}}})
    assert (found["card"], found["lines"]) == (8 * GIB, [])


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {}}, 400),
        ({"json": {"prompt": {"1": {}}}}, 400),
        ({"json": {"prompt": {"1": {"class_type": "X", "inputs": []}}}}, 400),
        ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
    ],
)
def test_what_is_no_graph_is_refused(options, status):
    answer = asked(Site(), "POST", "/imitatoes/memory/preflight", status, **options)
    assert set(answer["error"]) == {"type", "message", "node", "input", "hint"}


@pytest.mark.parametrize("size", [10**300, 10**5000, 2**31], ids=["300 digits", "5000 digits", "2**31"])
@pytest.mark.parametrize("name", ["width", "height", "length"])
def test_a_size_that_nothing_renders_is_named(name, size):
    """Also one of so many digits that Python does not write it out."""
    graph = {"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, name: size}}}
    sys.set_int_max_str_digits(0)
    try:
        body = json.dumps({"prompt": graph})
    finally:
        sys.set_int_max_str_digits(sys.int_info.default_max_str_digits)
    headers = {"Content-Type": "application/json"}
    error = asked(Site(), "POST", "/imitatoes/memory/preflight", 400, data=body, headers=headers)["error"]
    assert (error["node"], error["input"]) == ("5", name) or error["message"].startswith("body")
    assert error["hint"]
