"""Modules of the rehearsal's ComfyUI, for host modules that are tested without a server."""

from __future__ import annotations

import importlib.util
import sys
import types

import pytest
from pack import host

from ..conftest import ROOT

COMFYUI = ROOT / "rehearsal" / "comfyui"


@pytest.fixture
def comfy(monkeypatch):
    """`comfy` with model_management and utils, new for each test."""
    package = types.ModuleType("comfy")
    monkeypatch.setitem(sys.modules, "comfy", package)
    for name in ("model_management", "utils"):
        spec = importlib.util.spec_from_file_location(f"comfy.{name}", COMFYUI / "comfy" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, f"comfy.{name}", module)
        monkeypatch.setattr(package, name, module, raising=False)
        spec.loader.exec_module(module)
    utils = types.ModuleType("comfy_execution.utils")
    utils.get_executing_context = lambda: None
    monkeypatch.setitem(sys.modules, "comfy_execution", types.ModuleType("comfy_execution"))
    monkeypatch.setitem(sys.modules, "comfy_execution.utils", utils)
    for name in ("comfyui", "vae", "decode", "text_encoder"):
        # Imported anew, or it would go on with the modules of the test before.
        monkeypatch.delitem(sys.modules, f"pack.host.{name}", raising=False)
        monkeypatch.delattr(host, name, raising=False)
    return package
