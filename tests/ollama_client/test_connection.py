"""Where calls go, and what never goes along."""

from __future__ import annotations

import asyncio
import ssl
import sys
import threading

import httpx
import pytest
from pack.engine.judge.vision_model import ModelUnreachable
from pack.ollama_client import Connection
from pack.ollama_client.connection import address, certificates, is_this_computer, open_client
from pack.openai_client.server import OpenAIServer
from pack.openai_client.server import open_client as openai_client

from .conftest import QUESTION


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        ("box", "http://box:11434"),
        ("http://box", "http://box:80"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("http://0.0.0.0:1234", "http://127.0.0.1:1234"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:1234", "http://[::1]:1234"),
        ("::", "http://[::1]:11434"),
        ("http://user:secret@box:1234", "http://box:1234"),
        ('"http://box:1234"', "http://box:1234"),
        ("  box:1234 ", "http://box:1234"),
        ("fe80::1", "http://[fe80::1]:11434"),
        ("http://[::1]", "http://[::1]:80"),
        ("HTTP://box", "http://box:80"),
    ],
)
def test_addresses(url, expected):
    tried = address(Connection("x", url))
    # httpx leaves a port out where the scheme implies it.
    assert tried in (expected, expected.replace(":80", "").replace(":443", ""))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        ("https://box:8443", "https://box:8443"),
        ("[::]:1234", "http://[::1]:1234"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ('"0.0.0.0"', "http://127.0.0.1:11434"),
        ("'box:1234'", "http://box:1234"),
        (' "127.0.0.1:1234" ', "http://127.0.0.1:1234"),
        (" \t", "http://127.0.0.1:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("box:", "http://box:11434"),
        ("box:port", "http://box:11434"),
        ("box:99999", "http://box:11434"),
        ("http://box/ollama", "http://box/ollama"),
    ],
)
def test_without_an_address_ollama_host_counts(monkeypatch, value, expected):
    monkeypatch.setenv("OLLAMA_HOST", value)
    assert address(Connection("x")) == expected
    assert address(Connection("x", "http://box:1")) == "http://box:1"


@pytest.mark.parametrize(
    "url", ["ftp://box", "file:///etc/passwd", "http://box:port", "http://[::1", "http://box:99999"]
)
def test_unusable_addresses_are_named(url):
    with pytest.raises(ModelUnreachable) as caught:
        address(Connection("x", url))
    assert url in str(caught.value)
    assert "http://127.0.0.1:11434" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:11434", True),
        ("http://127.8.8.8:1", True),
        ("http://[::1]:1", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1", True),
        ("https://localhost/ollama", True),
        ("http://192.168.1.5:11434", False),
        ("http://box:11434", False),
    ],
)
def test_which_addresses_are_this_computer(url, here):
    assert is_this_computer(url) is here


def test_a_key_is_sent_only_where_the_connection_allows_it(monkeypatch, double, model_on):
    monkeypatch.setenv("OLLAMA_API_KEY", "secret-key")
    asyncio.run(model_on(double.url).ask(QUESTION))
    assert "authorization" not in double.chats()[-1].headers
    asyncio.run(model_on(double.url, send_key=True).ask(QUESTION))
    assert double.chats()[-1].headers["authorization"] == "Bearer secret-key"


def test_proxy_variables_are_ignored(monkeypatch, double, model_on):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert asyncio.run(model_on(double.url).ask(QUESTION))


def test_redirects_are_not_followed(double, raw, model_on):
    raw.answers[""] = (307, b"")
    raw.headers["Location"] = f"{double.url}/api/chat"
    with pytest.raises(ModelUnreachable, match="refused"):
        asyncio.run(model_on(raw.url).ask(QUESTION))
    assert double.requests == []


@pytest.mark.parametrize("missing", ["ollama", "httpx"])
def test_a_missing_package_is_named_with_the_command(monkeypatch, model_on, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModelUnreachable, match="pip install ollama"):
        asyncio.run(model_on("http://127.0.0.1:9").check())


@pytest.fixture
def readers(monkeypatch):
    """The threads that read certificates, which takes up to 200 ms."""
    certificates.cache_clear()
    found = []
    real = httpx.create_ssl_context

    def read(*arguments, verify=True, **options):
        if verify is True:
            found.append(threading.get_ident())
        return real(*arguments, verify=verify, **options)

    monkeypatch.setattr(httpx, "create_ssl_context", read)
    monkeypatch.setattr(httpx._config, "create_ssl_context", read)
    yield found
    certificates.cache_clear()


async def opened_ollama(url):
    async with open_client(Connection("x", url), 1.0) as client:
        return client._client._transport._pool._ssl_context.verify_mode


async def opened_openai(url):
    async with openai_client(OpenAIServer("x", url), 1.0) as client:
        return client._transport._pool._ssl_context.verify_mode


CLIENTS = pytest.mark.parametrize("opened", [opened_ollama, opened_openai])


@CLIENTS
def test_certificates_are_read_in_a_thread_and_once(opened, readers):
    """On the server's event loop nobody else would be answered meanwhile."""

    async def story():
        assert address(Connection("x", "https://judge.example")) == "https://judge.example"
        return [await opened("https://judge.example") for _ in range(2)]

    assert asyncio.run(story()) == [ssl.CERT_REQUIRED] * 2
    assert len(readers) == 1
    assert threading.get_ident() not in readers


@CLIENTS
def test_without_encryption_no_certificates_are_read(opened, readers):
    asyncio.run(opened("http://127.0.0.1:11434"))
    assert readers == []
