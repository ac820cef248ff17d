"""transformers and its failures, and that only safetensors are read."""

from __future__ import annotations

import shutil

import pytest
import torch
from pack.engine.mask.segmenters import library
from pack.engine.mask.segmenters.failures import SegmenterUnavailable
from pack.engine.mask.segmenters.folders import folders_in
from pack.engine.mask.segmenters.kinds import CLIPSEG, KINDS
from pack.engine.mask.segmenters.loading import load


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_older_transformers_is_told_the_version_it_needs(kind, broken_transformers):
    broken_transformers(AttributeError(kind.model_class))
    assert not library.offers(kind)
    with pytest.raises(SegmenterUnavailable) as raised:
        library.model_class(kind)
    assert f"{kind.name} needs transformers {kind.since} or newer, you have 4.50.3." in str(raised.value)


def test_loading_a_kind_that_is_too_new_gives_the_message(broken_transformers, tiny):
    """The very folder that loads where the class is there."""
    newest = tiny.get("sam3") or tiny["clipseg"]
    broken_transformers(AttributeError(newest.kind.model_class))
    with pytest.raises(SegmenterUnavailable, match=f"{newest.kind.name} needs transformers"):
        load(newest)


@pytest.mark.parametrize("direct", [True, False])
def test_a_torchvision_that_does_not_fit_is_named(broken_transformers, direct):
    cause = RuntimeError("operator torchvision::nms does not exist")
    failure = cause
    if not direct:
        failure = ModuleNotFoundError("Could not import module 'CLIPSegForImageSegmentation'.")
        failure.__cause__ = cause
    broken_transformers(failure)
    with pytest.raises(SegmenterUnavailable, match="Reinstall torch and torchvision together"):
        library.model_class(CLIPSEG)


def test_another_failure_of_the_library_is_told_as_it_is(broken_transformers):
    broken_transformers(ImportError("tokenizers>=0.21 is required"))
    with pytest.raises(SegmenterUnavailable, match=r"tokenizers>=0\.21 is required"):
        library.offers(CLIPSEG)


def test_pickled_weights_are_not_read(tiny_root, tmp_path):
    folder = tmp_path / "clipseg"
    shutil.copytree(tiny_root / "clipseg", folder)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(SegmenterUnavailable, match="can run code"):
        load(folders_in([("models", tmp_path)])[0])


@pytest.mark.parametrize("damaged", ["model.safetensors", "tokenizer.json"])
def test_a_damaged_file_is_told_with_the_folder(tiny_root, tmp_path, damaged):
    folder = tmp_path / "clipseg"
    shutil.copytree(tiny_root / "clipseg", folder)
    (folder / damaged).write_bytes(b"\x05\x00\x00\x00\x00\x00\x00\x00junk")
    with pytest.raises(SegmenterUnavailable, match="models/clipseg cannot be loaded"):
        load(folders_in([("models", tmp_path)])[0])


def test_code_in_a_folder_is_never_run(tiny_root, tmp_path):
    """Old Florence-2 folders bring their own classes; ours come from transformers alone."""
    folder = tmp_path / "clipseg"
    shutil.copytree(tiny_root / "clipseg", folder)
    config = (folder / "config.json").read_text(encoding="utf-8")
    remote = '{"auto_map": {"AutoModel": "trap.Trap", "AutoTokenizer": ["trap.Trap", null]},'
    (folder / "config.json").write_text(config.replace("{", remote, 1), encoding="utf-8")
    (folder / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\nclass Trap: pass\n", encoding="utf-8")
    load(folders_in([("models", tmp_path)])[0])
    assert not (tmp_path / "sprung").exists()


def test_loaded_for_inference_in_32_bits(memory, tiny):
    for folder in tiny.values():
        loaded = memory.ready(folder, 0)
        assert not loaded.model.training
        assert loaded.dtype == torch.float32
        assert not any(weight.requires_grad for weight in loaded.model.parameters())
        assert (loaded.tokenizer is not None) == folder.kind.reads_words
