"""The files a graph names, and which of their models later nodes read."""

from __future__ import annotations

import pytest
from pack.host.model_files import files_of, used_later_by

from ..engine.memory.model_files import written

TYPES = {"CheckpointLoaderSimple": ("MODEL", "CLIP", "VAE"), "DualCLIPLoader": ("CLIP",), "CLIPTextEncode": ("X",)}


def types(name):
    return TYPES.get(name, ())


@pytest.fixture
def find(tmp_path):
    """Like folder_paths.get_full_path: a KeyError for kinds of folder that there are not."""

    def look(folder, name):
        known = {"checkpoints": "c", "text_encoders": "t", "diffusion_models": "d"}
        path = tmp_path / known[folder] / name
        return str(path) if path.is_file() else None

    return look


def graph_of(**inputs):
    return {"1": {"class_type": "Loader", "inputs": inputs}}


def test_a_file_is_looked_for_in_each_folder_of_its_kind(tmp_path, find):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "m.gguf").write_bytes(b"x" * 9)
    ((use, file),) = files_of(graph_of(unet_name="m.gguf"), find)
    assert (use.name, file.size) == ("m.gguf", 9)


def test_missing_and_broken_files_are_none(tmp_path, find):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "broken.safetensors").write_bytes(b"no")
    for name in ("broken.safetensors", "missing.safetensors"):
        ((_, file),) = files_of(graph_of(ckpt_name=name), find)
        assert file is None
    ((_, file),) = files_of(graph_of(unet_name="missing.gguf"), find)
    assert file is None, "and a kind of folder that this ComfyUI does not have is passed over"


def test_a_changed_file_is_read_again(tmp_path, find):
    path = tmp_path / "c" / "m.safetensors"
    written(path, {"model.diffusion_model.w": ("F16", [4])})
    assert files_of(graph_of(ckpt_name="m.safetensors"), find)[0][1].parts["MODEL"].elements == 4
    written(path, {"model.diffusion_model.w": ("F16", [44])})
    assert files_of(graph_of(ckpt_name="m.safetensors"), find)[0][1].parts["MODEL"].elements == 44


def test_two_text_encoders_make_one_clip(tmp_path, find):
    for name, count in (("a.safetensors", 300), ("b.safetensors", 700)):
        written(tmp_path / "t" / name, {"w": ("F16", [count])})
    written(tmp_path / "c" / "old.safetensors", {"text_encoders.w": ("F16", [500])})
    graph = {
        "1": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "a.safetensors", "clip_name2": "b.safetensors"}},
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "old.safetensors"}},
        "3": {"class_type": "Guard", "inputs": {}},
        "4": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 0], "text": ["3", 0]}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 1]}},
    }
    used = used_later_by(graph, "3", files_of(graph, find), types)
    assert used("CLIP", 1000)
    assert not used("CLIP", 500)
    assert not used("VAE", 1)
