"""Files as nodes tell them: only those in ComfyUI's own folders."""

from __future__ import annotations

import sys
import types

import pytest
from pack import host


@pytest.fixture
def paths(tmp_path, monkeypatch):
    folders = types.ModuleType("folder_paths")
    folders.get_output_directory = lambda: str(tmp_path / "output")
    folders.get_temp_directory = lambda: str(tmp_path / "temp")
    monkeypatch.setitem(sys.modules, "folder_paths", folders)
    monkeypatch.delitem(sys.modules, "pack.host.paths", raising=False)
    monkeypatch.delattr(host, "paths", raising=False)
    from pack.host import paths as made

    for name in ("output/video/a.mp4", "temp/b.gif", "secret.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"clip")
    return made


def told(filename, subfolder="", type="output"):
    return {"filename": filename, "subfolder": subfolder, "type": type}


def test_a_file_of_the_output_or_temp_folder_is_found(paths, tmp_path):
    assert paths.written_file(told("a.mp4", "video")) == tmp_path / "output" / "video" / "a.mp4"
    assert paths.written_file(told("b.gif", type="temp")) == tmp_path / "temp" / "b.gif"


@pytest.mark.parametrize(
    "one",
    [
        told("secret.mp4", ".."),
        told("../secret.mp4"),
        told("../../secret.mp4", "video"),
        told("a.mp4", "video", "input"),
        told("a.mp4", "video", "anything"),
        told("none.mp4"),
        told("video"),
        told(""),
        {"filename": 3, "subfolder": "", "type": "output"},
        {},
    ],
)
def test_nothing_else_is(paths, one):
    assert paths.written_file(one) is None


def test_nor_what_a_link_leads_to(paths, tmp_path):
    (tmp_path / "output" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    assert paths.written_file(told("link.mp4")) is None
