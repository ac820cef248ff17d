"""The models of one Ollama: which of them see pictures, and getting another one, at the user's wish only."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ..engine.judge.vision_model import ModelUnreachable
from .connection import Connection, address, open_client
from .failures import call_failures, explain
from .installed import Listed, seeing, with_capabilities
from .watching import watched

LOG = logging.getLogger(__name__)

ASKING_SECONDS = 5.0
SILENT_SECONDS = 600.0
"""Checking the sums of a large file is silent for minutes on a slow disk."""


class ModelLibrary:
    """What one named connection has and can get."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def address(self) -> str:
        """As it will be tried. Raises ModelUnreachable for one that cannot be used."""
        return address(self._connection)

    async def seeing(self) -> list[Listed]:
        """Its models that see pictures. Raises ModelUnreachable."""
        return await self._ask(seeing)

    async def installed(self) -> list[Listed]:
        """All its models, with what they can where it tells that. Raises ModelUnreachable."""
        return await self._ask(with_capabilities)

    async def _ask(self, question: Callable[[Any], Awaitable[list[Listed]]]) -> list[Listed]:
        host = address(self._connection)
        failures = call_failures()
        async with open_client(self._connection, ASKING_SECONDS) as client:
            try:
                return await watched(question(client), ASKING_SECONDS, lambda: None)
            except failures as problem:
                raise ModelUnreachable(explain(problem, host, "its models", ASKING_SECONDS)) from problem

    async def pull(self, model: str, progress: Callable[[int, int], None]) -> None:
        """Have the server download a model. progress: called with bytes so far and in all, of the layers known by then.

        Leaving this early makes the server stop; what it has it keeps. Raises ModelUnreachable.
        """
        host = address(self._connection)
        failures = call_failures()
        layers: dict[str, tuple[int, int]] = {}
        said = ""
        async with open_client(self._connection, SILENT_SECONDS) as client:
            try:
                async for step in await client.pull(model, stream=True):
                    said = step.status or said
                    if step.digest and step.total:
                        layers[step.digest] = (step.completed or 0, step.total)
                        progress(sum(done for done, _ in layers.values()), sum(of for _, of in layers.values()))
            except failures as problem:
                LOG.debug("pulling failed: %s", type(problem).__name__)
                raise ModelUnreachable(_pull_failure(problem, host, model)) from problem
        if said != "success":
            raise ModelUnreachable(
                f"Ollama at {host} did not finish getting {model}. Try again: it goes on from there."
            )


def _pull_failure(problem: BaseException, host: str, model: str) -> str:
    """What Ollama says about a download that failed, and what to do."""
    text = str(getattr(problem, "error", "")).strip()
    low = text.lower()
    if "no space left" in low or "not enough space" in low:
        return f"The disk of Ollama at {host} is full. Make room there, then try again: it goes on from there."
    if "file does not exist" in low:
        return f"Ollama's library has no {model}, or this Ollama at {host} is too old for it. Update Ollama."
    if "newer version" in low or "requires a newer" in low:
        return f"The Ollama at {host} is too old for {model}. Update Ollama, then try again."
    if any(sign in low for sign in ("dial tcp", "no such host", "i/o timeout", "connection refused", "tls")):
        return f"Ollama at {host} could not reach its library on the internet. Check its network, then try again."
    return explain(problem, host, model, SILENT_SECONDS)
