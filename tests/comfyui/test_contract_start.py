"""What the pack says as a server starts."""

from __future__ import annotations

import importlib.metadata

from pack.rehearsal.process import ComfyProcess, prepare_base

from ..conftest import ROOT


def started(server, tmp_path, client_version):
    """The log of a server that believes in this version of the package that talks to Ollama."""
    notes = tmp_path / "packages" / f"ollama-{client_version}.dist-info"
    notes.mkdir(parents=True)
    (notes / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ollama\nVersion: {client_version}\n")
    base = prepare_base(tmp_path / "base", ROOT, painter=False)
    environment = {"PYTHONPATH": str(notes.parent)}
    with ComfyProcess(base, server.process.comfyui_path, server.process.python, environment) as process:
        return process.log_text()


def test_an_outdated_client_of_ollama_is_told_in_the_log_with_what_to_do(server, tmp_path):
    log = started(server, tmp_path, "0.3.9")
    (line,) = (line for line in log.splitlines() if '"ollama"' in line)
    assert "is version 0.3.9, and 0.6.0 is needed" in line
    assert "pip install -U ollama" in line


def test_a_client_of_ollama_that_will_do_is_not_spoken_of(server, tmp_path):
    assert '"ollama"' not in started(server, tmp_path, importlib.metadata.version("ollama"))
