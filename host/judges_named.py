"""The judges that VLMCritique's input `model` names: one, or several that judge together."""

from __future__ import annotations

import asyncio
from typing import Literal, NamedTuple

from ..engine.judge.vision_model import VisionModel
from . import settings
from .judge_models import open_model, served_by
from .settings import ServerSettings

BY_ENCODER: Literal["comfyui"] = "comfyui"
"""Among the names: the text encoder that is linked to the node."""
MOST_JUDGES = 3
MOST_CONNECTIONS = 8
"""Servers on which one judge is asked side by side."""


class NamedJudge(NamedTuple):
    """connection: "" for the text encoder linked to the node."""

    model: str
    connection: str


def connections_named(known: ServerSettings, text: str) -> list[str]:
    """The connections of "local, upstairs": the model is asked on all of them side by side.

    Raises ValueError, UnknownConnection.
    """
    names = _names(text) or [text]
    if len(names) > MOST_CONNECTIONS:
        raise ValueError(f"names {len(names)} connections. At most {MOST_CONNECTIONS} judge side by side.")
    if len(set(names)) < len(names):
        raise ValueError("names a connection twice. A server answers one question at a time.")
    kinds = {name: served_by(known, name) for name in names}
    if len(names) > 1 and "tutorial" in kinds.values():
        raise ValueError("names tutorial beside others. It judges by itself.")
    return names


def judges_named(known: ServerSettings, text: str, connection: str, linked: bool, alone: bool) -> list[NamedJudge]:
    """The judges of "qwen3-vl:8b-instruct, gemma3:12b@box", each on its connection or on the node's; empty for none.

    known: the settings that tell connections. linked: whether a text encoder is. alone: whether it judges by itself
    where it is not among the names.
    Raises ValueError, UnknownConnection.
    """
    names = _names(text)
    if alone and BY_ENCODER not in names:
        return [NamedJudge(BY_ENCODER, "")]
    if len(names) > MOST_JUDGES:
        raise ValueError(f"names {len(names)} judges. At most {MOST_JUDGES} judge together.")
    if BY_ENCODER in names and not linked:
        raise ValueError("names comfyui, the text encoder linked to clip, and none is linked. Link one.")
    if len(set(names)) < len(names):
        raise ValueError("names a judge twice. Two different ones see more.")
    return [_named(known, name, connection) for name in names]


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _named(known: ServerSettings, text: str, connection: str) -> NamedJudge:
    if text == BY_ENCODER:
        return NamedJudge(text, "")
    model, at, place = text.rpartition("@")
    if at and model and place.strip() in known.all_connections:
        return NamedJudge(model.strip(), place.strip())
    # Names of models on other servers may hold an @ of their own; those of Ollama only before a digest.
    if at and served_by(known, connection) == "ollama" and not place.startswith("sha256:"):
        names = ", ".join(sorted(known.all_connections))
        raise ValueError(f"there is no connection '{place[:60]}' for {model[:60]}. This server knows: {names}.")
    return NamedJudge(text, connection)


def open_idle_models(connection: str, text: str) -> list[VisionModel]:
    """The models of those judges outside of any prompt: no Interrupt concerns them, and they leave memory at the end.

    Raises ValueError.
    """
    known = settings.load()
    if BY_ENCODER in _names(text):
        raise ValueError(
            "model: a text encoder is there only while a workflow runs. Link it to a Judge Self-Test node and queue it."
        )
    try:
        named = judges_named(known, text, connections_named(known, connection)[0], linked=False, alone=False)
        if not named:
            raise ValueError("names no model.")
        return [
            open_model(known, one.connection, one.model, 0, lambda: False, asyncio.CancelledError).model
            for one in named
        ]
    except settings.UnknownConnection as problem:
        raise ValueError(f"connection: {problem}") from problem
    except ValueError as problem:
        raise ValueError(f"model: {problem}") from problem
