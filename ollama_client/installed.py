"""What the server says about its models."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from .failures import GOOD_MODEL
from .known_judges import best_known_judge

NAMED = 3
ASKED = 12
"""Models asked one by one on a server (before 0.30) whose list does not tell capabilities."""


class Shown(BaseModel):
    """The part of /api/show that matters. capabilities: None from servers too old to tell."""

    capabilities: list[str] | None = None
    remote_host: str | None = None


class Listed(BaseModel):
    """A model as /api/tags and /api/ps list it. size: bytes, of the file or of what is loaded. size_vram: bytes of the
    loaded model that are on a graphics card."""

    name: str = ""
    digest: str = ""
    size: int = 0
    size_vram: int = 0
    capabilities: list[str] | None = None
    remote_host: str | None = None


class _List(BaseModel):
    models: list[Listed] = []


async def shown(client: Any, model: str) -> Shown:
    """The client's own `show` drops remote_host, hence its general request. Raises what the client raises."""
    return await client._request(Shown, "POST", "/api/show", json={"model": model})


async def loaded(client: Any) -> list[Listed]:
    """The models in memory, those that are still leaving too."""
    return (await client._request(_List, "GET", "/api/ps")).models


async def listed(client: Any, model: str) -> Listed | None:
    """The installed model of that name. The client's own `list` drops names."""
    return named(model, (await client._request(_List, "GET", "/api/tags")).models)


def named(model: str, models: Iterable[Listed]) -> Listed | None:
    """The entry of that name, where no tag means `latest`; None when there is none."""
    name = model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"
    return next((entry for entry in models if entry.name.lower() == name.lower()), None)


async def with_capabilities(client: Any) -> list[Listed]:
    """The installed models; servers before 0.30 are asked for the capabilities of the first ASKED one by one."""
    installed = (await client._request(_List, "GET", "/api/tags")).models
    unknown = [entry for entry in installed if entry.capabilities is None][:ASKED]
    for entry, found in zip(unknown, await asyncio.gather(*(shown(client, e.name) for e in unknown)), strict=True):
        entry.capabilities = found.capabilities
    return installed


async def digest_of(client: Any, model: str) -> str:
    """The digest under which the server lists a model, "" when it does not."""
    found = await listed(client, model)
    return found.digest if found is not None else ""


async def seeing(client: Any) -> list[Listed]:
    """The installed models that are known to see pictures, those in the cloud too, in the server's order."""
    installed = await with_capabilities(client)
    return [entry for entry in installed if entry.capabilities and "vision" in entry.capabilities]


async def suggestion(client: Any, wanted: str) -> str:
    """A sentence, with a blank before it, naming installed models that see pictures; the most similar name first."""
    names = [entry.name for entry in await seeing(client) if not entry.remote_host]
    if not names:
        return f" No installed model is known to see pictures. Get one with: ollama pull {GOOD_MODEL}"
    names.sort(key=lambda name: -difflib.SequenceMatcher(None, wanted.lower(), name.lower()).ratio())
    said = f" Installed models that see pictures: {', '.join(names[:NAMED])}."
    best = best_known_judge(names)
    if best is None:
        return f"{said} A better known judge: ollama pull {GOOD_MODEL}"
    return f"{said} The best known judge of those installed is {best}." if len(names) > 1 else said
