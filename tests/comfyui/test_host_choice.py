from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.mark.comfyui
def test_a_real_comfyui_was_asked_for():
    """Stands for all tests of this marker where there is no ComfyUI: one line instead of one for each."""
    path = os.environ.get("COMFYUI_PATH")
    if not path:
        pytest.skip("set COMFYUI_PATH to a ComfyUI checkout (and COMFYUI_PYTHON to its interpreter) to run these")
    assert (Path(path) / "main.py").is_file(), f"COMFYUI_PATH is {path}, but there is no main.py in it"
