"""What the LoRA benchmark says without a ComfyUI, and with a wrong one. Nothing here looks at a clock."""

from __future__ import annotations

import json

import pytest
from pack.benchmarks import _lora_bench as bench


@pytest.fixture(autouse=True)
def few_files(monkeypatch):
    monkeypatch.setattr(bench, "FILES", 3)
    monkeypatch.delenv("COMFYUI_PATH", raising=False)


def test_without_a_comfyui_the_headers_are_measured_and_the_rest_is_said_to_be_missing(capsys):
    assert bench.main(["--json"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "set COMFYUI_PATH" in said[-2]
    found = json.loads(said[-1])
    assert found.keys() == {"index_files", "index_seconds", "index_again_seconds"}
    assert found["index_files"] == 3


def test_a_wrong_path_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COMFYUI_PATH", str(tmp_path))
    assert bench.main([]) == 2
    assert "there is no main.py in it" in capsys.readouterr().out


def test_a_comparison_that_fails_is_told_and_gives_no_figure(monkeypatch, tmp_path, capsys):
    (tmp_path / "main.py").touch()
    monkeypatch.setenv("COMFYUI_PATH", str(tmp_path))
    monkeypatch.delenv("COMFYUI_PYTHON", raising=False)
    assert bench.main(["--json"]) == 1
    said = capsys.readouterr().out
    assert "failed in ComfyUI's Python" in said
    assert "fit_seconds" not in said
