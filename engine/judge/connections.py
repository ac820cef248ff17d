"""Named connections to servers that judge, as a client sees and changes them: keys go in and never come out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ServerKind = Literal["ollama", "openai"]
"""The dialect of a server: Ollama's own, or OpenAI's."""
NAME_PATTERN = r"^[A-Za-z0-9_.\-]{1,60}$"
"""A connection's name: it stands behind an @ in lists of models, so no blanks, commas or at signs."""


class ConnectionView(BaseModel):
    """One connection. url: "" where it follows OLLAMA_HOST. has_key: whether a key is kept; it is never shown."""

    name: str
    kind: ServerKind
    url: str
    has_key: bool
    allow_remote_models: bool
    can_be_removed: bool


class ConnectionList(BaseModel):
    """changeable: whether the page may change them."""

    connections: list[ConnectionView]
    changeable: bool


class ConnectionChange(BaseModel):
    """A connection to be added, or to take the place of the one of that name.

    key: None keeps the one there is, where the address stays on the same host and port.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    name: str = Field(pattern=NAME_PATTERN)
    kind: ServerKind
    url: str | None = Field(default=None, pattern=r"^https?://\S+$", max_length=2000)
    key: str | None = Field(default=None, repr=False, max_length=2000)
    allow_remote_models: bool = False


class ModelView(BaseModel):
    """sees: whether it takes pictures; null where the server does not say."""

    name: str
    sees: bool | None


class ConnectionTest(BaseModel):
    """reached: whether the server answered as it should. message: what to know or to do."""

    name: str
    reached: bool
    message: str
    models: list[ModelView]


class ConnectionsRefused(ValueError):
    """A change that cannot be made, in one sentence."""
