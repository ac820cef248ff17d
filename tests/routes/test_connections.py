"""The connections' routes over real HTTP, on a settings file: what goes in, what never comes out, who is refused."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pack.rehearsal.openai_double import BLIND_MODEL, MODEL, OpenAIDouble
from pack.routes import register

from ..fresh_host import forget_modules
from .documented import documented_site

URL = "/imitatoes/connections"
KEY = "sk-very-secret"
STUDIO = {"name": "studio", "kind": "openai", "url": "http://127.0.0.1:1234", "key": KEY}


class Site:
    def __init__(self, module, file):
        self.module, self.file = module, file

    async def list_connections(self):
        return self.module.list_connections()

    async def change_connection(self, change):
        return self.module.change_connection(change)

    async def remove_connection(self, name):
        return self.module.remove_connection(name)

    async def test_connection(self, name):
        return await self.module.test_connection(name)

    def kept(self):
        return json.loads(self.file.read_text())

    async def ask(self, method="GET", path="", status=200, headers=None, **options):
        async with self.client.request(method, URL + path, headers=headers, **options) as answer:
            text = await answer.text()
            assert answer.status == status, text
            assert KEY not in text
            return json.loads(text)


@pytest.fixture
def site(tmp_path, monkeypatch):
    names = ("paths", "settings", "connections")
    forget_modules(monkeypatch, tmp_path, names)
    from pack import host
    from pack.host import connections

    yield Site(connections, tmp_path / "imitatoes" / "settings.json")
    for name in names:
        sys.modules.pop(f"pack.host.{name}", None)
        if hasattr(host, name):
            delattr(host, name)


@pytest.fixture
def served(site):
    def run(story):
        async def main():
            routes = web.RouteTableDef()
            register(routes, lambda: site)
            async with TestClient(TestServer(documented_site(routes))) as site.client:
                await story(site)

        asyncio.run(main())

    return run


def test_added_shown_without_its_key_and_removed(served):
    async def story(site):
        assert [one["name"] for one in (await site.ask())["connections"]] == ["local"]
        after = await site.ask("POST", json=STUDIO)
        assert after["connections"][1] == {
            "name": "studio",
            "kind": "openai",
            "url": "http://127.0.0.1:1234",
            "has_key": True,
            "allow_remote_models": False,
            "can_be_removed": True,
        }
        assert site.kept()["connections"]["studio"]["key"] == KEY
        if os.name != "nt":
            assert site.file.stat().st_mode & 0o077 == 0
        assert [one["name"] for one in (await site.ask("POST", "/remove", json={"name": "studio"}))["connections"]] == [
            "local"
        ]
        await site.ask("POST", "/remove", 400, json={"name": "studio"})

    served(story)


def test_a_key_stays_with_its_own_host(served):
    async def story(site):
        await site.ask("POST", json=STUDIO)
        same = {**STUDIO, "url": "http://127.0.0.1:1234/v1"}
        del same["key"]
        await site.ask("POST", json=same)
        assert site.kept()["connections"]["studio"]["key"] == KEY
        await site.ask("POST", json={**same, "url": "http://evil.example:1234"})
        assert "key" not in site.kept()["connections"]["studio"]

    served(story)


def test_what_else_the_file_holds_stays(served):
    async def story(site):
        site.file.parent.mkdir()
        site.file.write_text(
            '{"learn_from_runs": false, "later": 1, "connections": {"box": {"url": "http://u:p@box"}}}'
        )
        shown = await site.ask("POST", json=STUDIO)
        assert {"learn_from_runs": False, "later": 1}.items() <= site.kept().items()
        assert [one["url"] for one in shown["connections"]] == ["http://box", "", "http://127.0.0.1:1234"]

    served(story)


def test_a_damaged_file_is_not_overwritten(served):
    async def story(site):
        site.file.parent.mkdir()
        site.file.write_text('{"connections": ')
        told = await site.ask("POST", status=400, json=STUDIO)
        assert "damaged" in told["error"]["message"]
        assert site.file.read_text() == '{"connections": '

    served(story)


def test_the_owner_can_switch_it_off(served):
    async def story(site):
        site.file.parent.mkdir()
        site.file.write_text('{"connections_on_page": false}')
        assert (await site.ask())["changeable"] is False
        assert "switched that off" in (await site.ask("POST", status=400, json=STUDIO))["error"]["message"]

    served(story)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "file:///etc/passwd"},
        {"url": None},
        {"url": "box:1"},
        {"name": "a b"},
        {"name": "a@b"},
        {"name": "local"},
        {"name": "tutorial"},
        {"kind": "comfyui"},
        {"key": "with blanks\n"},
        {"more": 1},
    ],
    ids=str,
)
def test_wrong_connections(served, wrong):
    async def story(site):
        await site.ask("POST", status=400, json={**STUDIO, **wrong})
        assert not site.file.exists()

    served(story)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_pages_of_other_sites_are_refused(served, headers):
    async def story(site):
        bodies = {"": STUDIO, "/test": {"name": "local"}, "/remove": {"name": "studio"}}
        await site.ask("GET", status=403, headers=headers)
        for path, body in bodies.items():
            await site.ask("POST", path, 403, headers=headers, json=body)
        assert not site.file.exists()

    served(story)


def test_our_own_page_and_a_script_are_not(served):
    async def story(site):
        own = str(site.client.make_url("/")).rstrip("/")
        await site.ask("GET", headers={"Origin": own, "Sec-Fetch-Site": "same-origin"})
        await site.ask("POST", headers={"Origin": own}, json=STUDIO)

    served(story)


def test_a_body_that_a_foreign_form_can_send_is_refused(served):
    async def story(site):
        await site.ask("POST", status=415, data=json.dumps(STUDIO), headers={"Content-Type": "text/plain"})

    served(story)


def test_a_connection_is_tested(served):
    async def story(site):
        with OpenAIDouble("lm studio", key=KEY) as double:
            await site.ask("POST", json={**STUDIO, "url": double.url})
            told = await site.ask("POST", "/test", json={"name": "studio"})
            assert told["reached"]
            assert told["models"] == [{"name": MODEL, "sees": True}, {"name": BLIND_MODEL, "sees": False}]
            await site.ask("POST", json={**STUDIO, "url": double.url, "key": "wrong"})
            told = await site.ask("POST", "/test", json={"name": "studio"})
            assert (told["reached"], "key" in told["message"]) == (False, True)
        told = await site.ask("POST", "/test", json={"name": "studio"})
        assert "No connection" in told["message"]
        await site.ask("POST", "/test", 400, json={"name": "elsewhere"})

    served(story)
