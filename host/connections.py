"""The connections in the settings file, as the page sees and changes them: keys go in and never come out."""

from __future__ import annotations

import json
import logging
import os
import threading
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from ..engine.files import write_text
from ..engine.judge.connections import (
    ConnectionChange,
    ConnectionList,
    ConnectionsRefused,
    ConnectionTest,
    ConnectionView,
    ModelView,
)
from ..engine.judge.vision_model import ModelUnreachable
from ..engine.tutorial.model import TUTORIAL
from ..ollama_client import ModelLibrary
from ..openai_client import seen_models
from . import settings
from .paths import settings_file
from .settings import ConnectionSettings, ServerSettings

LOG = logging.getLogger(__name__)

MOST_CONNECTIONS = 50
TEST_SECONDS = 10.0

_writing = threading.Lock()


def list_connections() -> ConnectionList:
    known = settings.load()
    views = [_view(name, one, known) for name, one in sorted(known.all_connections.items())]
    return ConnectionList(connections=views, changeable=known.connections_on_page)


def change_connection(change: ConnectionChange) -> ConnectionList:
    """Write it down. Raises ConnectionsRefused, OSError."""
    with _writing:
        document, known = _read()
        if change.name == TUTORIAL:
            raise ConnectionsRefused(f"The name {TUTORIAL} is that of the tutorial's own judge. Take another one.")
        before = known.connections.get(change.name)
        if before is None and len(known.connections) >= MOST_CONNECTIONS:
            raise ConnectionsRefused(f"There are {MOST_CONNECTIONS} connections. Remove one first.")
        key = change.key
        if key is None:
            key = before.key if before is not None and _place(before.url) == _place(change.url) else ""
        kept = {} if before is None else before.model_dump(exclude_defaults=True)
        wanted = {**kept, "kind": change.kind, "url": change.url, "key": key}
        wanted["allow_remote_models"] = change.allow_remote_models
        try:
            made = ConnectionSettings.model_validate(wanted)
            ServerSettings(connections={change.name: made})
        except ValidationError as problem:
            raise ConnectionsRefused(f"{settings.in_words(problem)}.") from problem
        document.setdefault("connections", {})[change.name] = made.model_dump(exclude_defaults=True)
        _write(document)
    LOG.info("Imitatoes: the connection %s was written to %s", change.name, settings_file().name)
    return list_connections()


def remove_connection(name: str) -> ConnectionList:
    """Raises ConnectionsRefused, OSError."""
    with _writing:
        document, known = _read()
        if name not in known.connections:
            raise ConnectionsRefused(f"There is no connection '{name[:60]}' that could be removed.")
        del document["connections"][name]
        _write(document)
    LOG.info("Imitatoes: the connection %s was removed", name)
    return list_connections()


async def test_connection(name: str) -> ConnectionTest:
    """Ask the server of a connection that is written down for its models. Raises ConnectionsRefused for no such one."""
    known = settings.load()
    try:
        kind = known.named(name).kind
    except settings.UnknownConnection as problem:
        raise ConnectionsRefused(f"name: {problem}") from problem
    try:
        if kind == "openai":
            listed = await seen_models(known.openai_server(name), TEST_SECONDS)
            models = [ModelView(name=one.name, sees=one.sees) for one in listed.models]
        else:
            found = await ModelLibrary(known.ollama(name)).installed()
            seeing = [(one.name, one.capabilities) for one in found]
            models = [ModelView(name=n, sees=None if can is None else "vision" in can) for n, can in seeing]
    except ModelUnreachable as problem:
        return ConnectionTest(name=name, reached=False, message=str(problem), models=[])
    count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
    blind = "" if any(one.sees is not False for one in models) else " None of them is known to see pictures."
    return ConnectionTest(name=name, reached=True, message=f"It answers, with {count}.{blind}", models=models)


def _view(name: str, one: ConnectionSettings, known: ServerSettings) -> ConnectionView:
    return ConnectionView(
        name=name,
        kind=one.kind,
        url=_shown(one.url),
        has_key=bool(one.key or one.send_api_key),
        allow_remote_models=one.allow_remote_models,
        can_be_removed=name in known.connections,
    )


def _shown(url: str | None) -> str:
    """Without user name and password."""
    if not url:
        return ""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _place(url: str | None) -> tuple[str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _read() -> tuple[dict[str, Any], ServerSettings]:
    """The file as it is, with what we do not know of, and its settings. Raises ConnectionsRefused, OSError."""
    refused = settings.load()
    if not refused.connections_on_page:
        raise ConnectionsRefused(
            f"The owner of this server has switched that off (connections_on_page in {settings_file().name})."
        )
    try:
        known = settings.read()
        text = settings_file().read_text(encoding="utf-8")
        document = json.loads(text)
    except FileNotFoundError:
        return {}, ServerSettings()
    except ValueError as problem:
        words = settings.in_words(problem)
        raise ConnectionsRefused(f"{settings_file().name} is damaged; mend or delete it first: {words}") from problem
    return document, known


def _write(document: dict[str, Any]) -> None:
    path = settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(document, indent=1))
    if os.name != "nt":
        path.chmod(0o600)  # keys may be in it
