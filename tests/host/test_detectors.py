"""Which detectors judge beside the vision model: those installed, unless the server's owner switched them off."""

from __future__ import annotations

import importlib
import types

import pytest

from ..fresh_host import forget_modules


@pytest.fixture
def detectors(monkeypatch, tmp_path):
    """The module, as a server with settings of its own loads it."""
    forget_modules(monkeypatch, tmp_path, ("paths", "settings", "detectors"))
    return importlib.import_module("pack.host.detectors")


FACES = types.SimpleNamespace(name="facenet-pytorch")


@pytest.mark.parametrize(
    ("reader", "faces", "names"),
    [
        (None, None, []),
        ("rapidocr_onnxruntime", None, ["rapidocr-onnxruntime"]),
        (None, FACES, ["facenet-pytorch"]),
        ("rapidocr", FACES, ["rapidocr", "facenet-pytorch"]),
    ],
)
def test_installed_ones_are_used_and_the_owner_can_switch_them_off(detectors, monkeypatch, reader, faces, names):
    monkeypatch.setattr(detectors, "installed_package", lambda: reader)
    monkeypatch.setattr(detectors, "installed_faces", lambda: faces)
    known = detectors.ServerSettings()
    assert [one.name for one in detectors.installed_detectors(known)] == names
    assert detectors.installed_detectors(known.model_copy(update={"exact_evidence": False})) == []
