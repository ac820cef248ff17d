"""What the server says about its models."""

from __future__ import annotations

import asyncio
import difflib
from typing import Any

from pydantic import BaseModel

from .failures import GOOD_MODEL

NAMED = 3
ASKED = 12
"""Models asked one by one on a server (before 0.30) whose list does not tell capabilities."""


class Shown(BaseModel):
    """The part of /api/show that matters. capabilities: None from servers too old to tell."""

    capabilities: list[str] | None = None
    remote_host: str | None = None


class _Listed(BaseModel):
    name: str = ""
    digest: str = ""
    capabilities: list[str] | None = None
    remote_host: str | None = None


class _List(BaseModel):
    models: list[_Listed] = []


async def shown(client: Any, model: str) -> Shown:
    """The client's own `show` drops remote_host, hence its general request. Raises what the client raises."""
    return await client._request(Shown, "POST", "/api/show", json={"model": model})


async def loaded(client: Any) -> set[str]:
    """Names of the models in memory, also without their tag when that is `latest`."""
    listed = await client._request(_List, "GET", "/api/ps")
    names = {entry.name for entry in listed.models}
    return names | {name.removesuffix(":latest") for name in names}


async def digest_of(client: Any, model: str) -> str:
    """The digest under which the server lists a model, "" when it does not. The client's own `list` drops names."""
    listed = (await client._request(_List, "GET", "/api/tags")).models
    name = model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"
    return next((entry.digest for entry in listed if entry.name.lower() == name.lower()), "")


async def suggestion(client: Any, wanted: str) -> str:
    """A sentence, with a blank before it, naming installed models that see pictures; the most similar name first."""
    listed = (await client._request(_List, "GET", "/api/tags")).models
    local = [entry for entry in listed if not entry.remote_host]
    unknown = [entry for entry in local if entry.capabilities is None][:ASKED]
    for entry, found in zip(unknown, await asyncio.gather(*(shown(client, e.name) for e in unknown)), strict=True):
        entry.capabilities = found.capabilities
    seeing = [entry.name for entry in local if entry.capabilities and "vision" in entry.capabilities]
    if not seeing:
        return f" No installed model is known to see pictures. Get one with: ollama pull {GOOD_MODEL}"
    seeing.sort(key=lambda name: -difflib.SequenceMatcher(None, wanted.lower(), name.lower()).ratio())
    return f" Installed models that see pictures: {', '.join(seeing[:NAMED])}."
