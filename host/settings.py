"""The server owner's settings: named connections to servers that judge, and whether runs learn from past ones.

    {"connections": {"workstation": {"url": "http://192.0.2.7:11434"},
                     "studio": {"kind": "openai", "url": "http://127.0.0.1:1234", "key": "..."}},
     "learn_from_runs": false, "wait_for_judge_seconds": 300,
     "series_webhook": "https://192.0.2.9/imitatoes"}

A graph names a connection; it can never bring an address of its own. The page may add and remove connections (see
host/connections.py), unless "connections_on_page" is false.
"""

from __future__ import annotations

import json
import logging

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..engine.judge.connections import ServerKind
from ..ollama_client import Connection
from ..openai_client import OpenAIServer
from .paths import settings_file

LOCAL = "local"
LONGEST_KEY = 2000


class ConnectionSettings(BaseModel):
    """kind: the dialect of the server. url: its http or https address; None follows OLLAMA_HOST, else this computer.

    key: sent to this server alone. allow_remote_models: pictures may go to models that run in Ollama's cloud.
    send_api_key: OLLAMA_API_KEY may be sent.
    """

    model_config = ConfigDict(extra="forbid")

    kind: ServerKind = "ollama"
    url: str | None = Field(default=None, pattern=r"^https?://\S+$", max_length=2000)
    key: str = Field(default="", repr=False, max_length=LONGEST_KEY, pattern=r"^[\x21-\x7e]*$")
    allow_remote_models: bool = False
    send_api_key: bool = False

    @model_validator(mode="after")
    def _has_an_address(self) -> ConnectionSettings:
        if self.kind == "openai" and self.url is None:
            raise ValueError("a connection of kind openai needs a url, such as http://127.0.0.1:1234")
        return self


class ServerSettings(BaseModel):
    """learn_from_runs: wordings that worked are kept in wordings.json and tried first in later runs.

    On by default: see benchmarks/README.md, past_runs. wait_for_judge_seconds: how long a run tries again to reach a
    judge that has looked at its pictures before and is gone. connections_on_page: whether the page may add and remove
    connections. test_new_judges: a judge without a self-test gets one by itself, once ComfyUI is idle.
    exact_evidence: writing is read and faces are counted by installed packages, beside the judge.
    series_webhook: gets a POST with the series as JSON when one has ended.
    """

    model_config = ConfigDict(extra="ignore")

    connections: dict[str, ConnectionSettings] = Field(default_factory=dict)
    connections_on_page: bool = True
    test_new_judges: bool = False
    exact_evidence: bool = True
    learn_from_runs: bool = True
    wait_for_judge_seconds: float = Field(default=60.0, ge=0, le=3600)
    series_webhook: str | None = Field(default=None, pattern=r"^https?://\S+$", max_length=2000, repr=False)

    @model_validator(mode="after")
    def _local_is_ollama(self) -> ServerSettings:
        if LOCAL in self.connections and self.connections[LOCAL].kind != "ollama":
            raise ValueError(f"the connection {LOCAL} is Ollama on this computer; give the other server another name")
        return self

    @property
    def all_connections(self) -> dict[str, ConnectionSettings]:
        """Those written down, and `local`."""
        return {LOCAL: ConnectionSettings(), **self.connections}

    def named(self, name: str) -> ConnectionSettings:
        """The connection of that name, of any kind. Raises UnknownConnection, naming those that exist."""
        known = self.all_connections
        if name not in known:
            raise UnknownConnection(
                f"there is no connection '{name[:60]}'. This server knows: {', '.join(sorted(known))}. "
                "Its owner can add one under Settings, Imitatoes, or in "
                f"{settings_file().name} in the imitatoes folder of ComfyUI's user directory."
            )
        return known[name]

    def ollama(self, name: str) -> Connection:
        """The connection to Ollama of that name. Raises UnknownConnection, also for a server of another kind."""
        found = self.named(name)
        if found.kind != "ollama":
            raise UnknownConnection(f"the connection '{name[:60]}' is no Ollama, and this needs one.")
        return Connection(
            name=name,
            url=found.url,
            allow_remote=found.allow_remote_models,
            send_key=found.send_api_key,
            key=found.key,
        )

    def openai_server(self, name: str) -> OpenAIServer:
        """The server of OpenAI's dialect of that name. Raises UnknownConnection, also for one of another kind."""
        found = self.named(name)
        if found.kind != "openai" or found.url is None:
            raise UnknownConnection(f"the connection '{name[:60]}' is not of kind openai.")
        return OpenAIServer(name=name, url=found.url, key=found.key)


class UnknownConnection(Exception):
    """The graph names a connection that this server does not have, or not for this purpose."""


def load() -> ServerSettings:
    """The settings as written now. A damaged file is reported in the log and counts as empty."""
    try:
        return read()
    except (OSError, ValueError, ValidationError) as problem:
        logging.warning("Imitatoes: %s is not used, mend it: %s", settings_file(), in_words(problem))
        return ServerSettings()


def read() -> ServerSettings:
    """The settings as written now. Raises OSError, ValueError (ValidationError) for a damaged file."""
    try:
        return ServerSettings.model_validate(json.loads(settings_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ServerSettings()


def connection_names() -> list[str]:
    """The Ollamas that a graph may name, this computer's own first."""
    known = load().connections
    return [LOCAL, *sorted(name for name, one in known.items() if name != LOCAL and one.kind == "ollama")]


def in_words(problem: Exception) -> str:
    """What is wrong with the file, without what is in it: a key may be there."""
    if not isinstance(problem, ValidationError):
        return str(problem)
    errors = problem.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in errors)


def connection(name: str) -> Connection:
    """As ServerSettings.ollama, of the settings as written now. Raises UnknownConnection."""
    return load().ollama(name)
