"""Small requests with JSON to servers that the owner named."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pack.http_client import NoAnswer, ask_json


async def served(story):
    async def echo(request):
        return web.json_response({"told": await request.json()}, status=201)

    async def other(request):
        return web.Response(text="<html>", status=404)

    async def elsewhere(request):
        raise web.HTTPFound("/echo")

    site = web.Application()
    site.add_routes([web.post("/echo", echo), web.get("/other", other), web.get("/moved", elsewhere)])
    async with TestServer(site) as server:
        await story(lambda path: str(server.make_url(path)))


def test_json_goes_there_and_back_and_no_redirect_is_followed():
    async def story(url):
        assert await ask_json("POST", url("/echo"), {"a": 1}) == (201, {"told": {"a": 1}})
        assert await ask_json("GET", url("/other")) == (404, None)
        assert (await ask_json("GET", url("/moved"))).status == 302

    asyncio.run(served(story))


def test_who_does_not_answer_is_told_without_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/secret", "http://[nonsense"):
        with pytest.raises(NoAnswer) as told:
            asyncio.run(ask_json("GET", url))
        assert "secret" not in str(told.value) and str(port) not in str(told.value)
