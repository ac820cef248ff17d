"""What is found to be wrong with a graph. Pure."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["rejected", "wrong", "suspicious"]
"""rejected: the server refuses it, and the outputs below do not run. wrong: the server takes it, and it fails or gives
something else than asked for. suspicious: it runs; probably not as meant."""


class Finding(BaseModel):
    """One thing that is not right.

    kind: a short name that stays the same; the server's own error type where the server has one. node: id, empty for
    the whole graph. input: empty for the whole node. what: the fact. fix: what to do. instead: the value that would be
    right, where the rule knows one.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    severity: Severity
    what: str
    fix: str
    node: str = ""
    input: str = ""
    instead: Any = None

    def message(self) -> str:
        return f"{self.what} {self.fix}".strip()
