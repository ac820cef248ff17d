"""The model that judges, on whatever kind of server a named connection leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..engine.judge.critique import ServedBy
from ..engine.judge.vision_model import VisionModel
from ..engine.tutorial.model import TUTORIAL, TutorialModel
from ..ollama_client import OllamaVisionModel
from ..openai_client import OpenAIVisionModel
from .settings import ServerSettings

ServerModel = OllamaVisionModel | OpenAIVisionModel


class OpenedModel(NamedTuple):
    """A model, and what runs it."""

    model: VisionModel
    served_by: ServedBy


def served_by(known: ServerSettings, connection: str) -> ServedBy:
    """What runs the models of that named connection. Raises UnknownConnection."""
    return "tutorial" if connection == TUTORIAL else known.named(connection).kind


def open_model(
    known: ServerSettings,
    connection: str,
    model: str,
    keep_alive: int | float | str,
    interrupted: Callable[[], bool],
    stop: Callable[[], BaseException],
) -> OpenedModel:
    """The model of that name on that named connection; for the tutorial's, its judge whatever the name.

    known: the settings that tell the connection. interrupted, stop: see OllamaVisionModel. Raises UnknownConnection.
    """
    kind = served_by(known, connection)
    if kind == "tutorial":
        return OpenedModel(TutorialModel(), kind)
    if kind == "openai":
        return OpenedModel(OpenAIVisionModel(known.openai_server(connection), model, interrupted, stop), kind)
    return OpenedModel(OllamaVisionModel(known.ollama(connection), model, keep_alive, interrupted, stop), kind)
