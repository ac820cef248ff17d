"""The contract tests run against the rehearsal always, and against a real ComfyUI when COMFYUI_PATH names one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pack.rehearsal.ollama_double import pixel_judge

from .theatre import Theatre, opened

COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
HOSTS = ["rehearsal", *([pytest.param("comfyui", marks=pytest.mark.comfyui)] if COMFYUI_PATH else [])]


@pytest.fixture(scope="session", params=HOSTS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    checkout, python = None, None
    if request.param == "comfyui":
        checkout, python = Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")
    with opened(tmp_path_factory.mktemp(request.param), checkout, python) as theatre:
        yield theatre


@pytest.fixture
def theatre(server: Theatre) -> Theatre:
    """A server at rest: nothing queued, the double answering from pixels, no fault scripted."""
    server.client.post("/queue", {"clear": True})
    server.client.wait(lambda: not server.client.running())
    server.judge.script.clear()
    server.judge.default = pixel_judge
    server.judge.requests.clear()
    return server
