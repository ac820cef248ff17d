"""The model that judges, on whatever kind of server a named connection leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..engine.judge.critique import ServedBy
from ..engine.tutorial.model import TUTORIAL, TutorialModel
from ..ollama_client import OllamaVisionModel
from ..openai_client import OpenAIVisionModel
from . import settings

ServerModel = OllamaVisionModel | OpenAIVisionModel


def served_by(connection: str) -> ServedBy:
    """What runs the models of that named connection. Raises UnknownConnection."""
    return "tutorial" if connection == TUTORIAL else settings.named(connection).kind


def open_model(
    connection: str,
    model: str,
    keep_alive: int | float | str,
    interrupted: Callable[[], bool],
    stop: Callable[[], BaseException],
) -> ServerModel | TutorialModel:
    """The model of that name on that named connection; for the tutorial's, its judge whatever the name.

    interrupted, stop: see OllamaVisionModel. Raises UnknownConnection.
    """
    if connection == TUTORIAL:
        return TutorialModel()
    if settings.named(connection).kind == "openai":
        return OpenAIVisionModel(settings.openai_server(connection), model, interrupted, stop)
    return OllamaVisionModel(settings.connection(connection), model, keep_alive, interrupted, stop)


def open_idle_model(connection: str, model: str) -> ServerModel | TutorialModel:
    """A model outside of any prompt: no Interrupt concerns it, and it leaves memory at the end where it can.

    Raises ValueError.
    """
    try:
        return open_model(connection, model, 0, interrupted=lambda: False, stop=asyncio.CancelledError)
    except settings.UnknownConnection as problem:
        raise ValueError(f"connection: {problem}") from problem
