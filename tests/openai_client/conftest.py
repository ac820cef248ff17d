"""Servers of OpenAI's dialect to fail against."""

from __future__ import annotations

import pytest
from pack.engine.judge.vision_model import Question
from pack.openai_client import OpenAIServer, OpenAIVisionModel, failures, vision_model
from pack.rehearsal.openai_double import MODEL

SCHEMA = {
    "type": "object",
    "properties": {"q01": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["q01"],
    "additionalProperties": False,
}
QUESTION = Question(
    "Judge.", "<task>look</task>\n<questions>\nq01 (yes/no): Is there a star?\n</questions>", b"", SCHEMA
)


class Stopped(BaseException):
    """What ComfyUI's interrupt is since 0.20: no Exception."""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    vision_model._lists.clear()
    vision_model._forms.clear()
    vision_model._looked.clear()
    monkeypatch.setattr(failures, "BUSY_PAUSE", 0.0)
    monkeypatch.setattr(failures, "RESTART_PAUSE", 0.0)
    monkeypatch.setattr(vision_model, "LOADING_PAUSE", 0.01)


def model_on(url, name=MODEL, key="", interrupted=lambda: False, timeout=10.0):
    """The model under test."""
    return OpenAIVisionModel(OpenAIServer("test", url, key), name, interrupted, Stopped, timeout)
