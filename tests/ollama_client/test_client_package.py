"""The Python package: missing, too old, as the requirements have it."""

from __future__ import annotations

import importlib.metadata
import re
import sys

import pytest
from pack.engine.judge.vision_model import ModelUnreachable
from pack.ollama_client import Connection, client_package, client_problem
from pack.ollama_client.connection import address

from ..conftest import ROOT


@pytest.fixture(autouse=True)
def _asked_anew():
    client_package.outdated_client.cache_clear()
    yield
    client_package.outdated_client.cache_clear()


@pytest.mark.parametrize(
    ("version", "old"),
    [("0.4.4", True), ("0.5.4", True), ("0.6.0", False), ("0.6.3", False), ("1.0.0rc1", False), ("?", False)],
)
def test_an_old_client_is_named_with_the_line_that_updates_it(monkeypatch, version, old):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    said = client_problem()
    assert bool(said) is old
    if old:
        assert version in said
        assert "pip install -U ollama" in said
        with pytest.raises(ModelUnreachable, match="pip install -U ollama"):
            address(Connection("x"))


def test_a_missing_client_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ollama", None)
    assert "pip install ollama" in client_problem()


def test_what_is_needed_is_what_is_required():
    needed = ".".join(map(str, client_package.OLDEST))
    for name in ("requirements.txt", "pyproject.toml"):
        assert re.search(rf"ollama>={re.escape(needed)}\b", (ROOT / name).read_text(encoding="utf-8"))
