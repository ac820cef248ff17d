"""The server owner's settings: named connections to Ollama, and whether runs learn from past ones.

    {"connections": {"workstation": {"url": "http://192.0.2.7:11434"}}, "learn_from_runs": false,
     "wait_for_judge_seconds": 300}

A graph names a connection; it can never bring an address of its own.
"""

from __future__ import annotations

import json
import logging

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..ollama_client import Connection
from .paths import settings_file

LOCAL = "local"


class ConnectionSettings(BaseModel):
    """url: http or https address of an Ollama server; None follows OLLAMA_HOST, else this computer.

    allow_remote_models: pictures may go to models that run in Ollama's cloud. send_api_key: OLLAMA_API_KEY may be sent.
    """

    model_config = ConfigDict(extra="forbid")

    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    allow_remote_models: bool = False
    send_api_key: bool = False


class ServerSettings(BaseModel):
    """learn_from_runs: wordings that worked are kept in wordings.json and tried first in later runs.

    On by default: see benchmarks/README.md, past_runs. wait_for_judge_seconds: how long a run tries again to reach a
    judge that has looked at its pictures before and is gone.
    """

    model_config = ConfigDict(extra="ignore")

    connections: dict[str, ConnectionSettings] = Field(default_factory=dict)
    learn_from_runs: bool = True
    wait_for_judge_seconds: float = Field(default=60.0, ge=0, le=3600)


class UnknownConnection(Exception):
    """The graph names a connection that this server does not have."""


def load() -> ServerSettings:
    """The settings as written now. A damaged file is reported in the log and counts as empty."""
    path = settings_file()
    try:
        return ServerSettings.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ServerSettings()
    except (OSError, ValueError, ValidationError) as problem:
        logging.warning("Imitatoes: %s is not used, mend it: %s", path, problem)
        return ServerSettings()


def connection_names() -> list[str]:
    """All that a graph may name, this computer's own first."""
    return [LOCAL, *sorted(name for name in load().connections if name != LOCAL)]


def connection(name: str) -> Connection:
    """The connection of that name. Raises UnknownConnection, naming those that exist."""
    known = {LOCAL: ConnectionSettings(), **load().connections}
    if name not in known:
        raise UnknownConnection(
            f"there is no connection '{name[:60]}'. This server knows: {', '.join(sorted(known))}. "
            f"Its owner can add one in {settings_file().name} in the imitatoes folder of ComfyUI's user directory."
        )
    found = known[name]
    return Connection(name=name, url=found.url, allow_remote=found.allow_remote_models, send_key=found.send_api_key)
