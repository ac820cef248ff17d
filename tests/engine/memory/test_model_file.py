"""What a model file says of itself."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.memory.figures import checkpoint_prefixes
from pack.engine.memory.model_file import WHOLE, UnreadableModelFile, read_model_file

from .model_files import written


def test_a_file_with_one_model_has_one_part(tmp_path):
    tensors = {"a.weight": ("BF16", [10, 10]), "a.bias": ("F32", [10]), "a.scale_weight": ("F32", [1])}
    file = read_model_file(written(tmp_path / "m.safetensors", tensors), "m.safetensors")
    part = file.part("MODEL")
    assert part is file.parts[WHOLE]
    assert (part.size, part.elements, part.dtype, part.quantised) == (244, 110, "bf16", False)


def test_a_checkpoint_is_taken_apart(tmp_path):
    tensors = {
        "model.diffusion_model.x.weight": ("F8_E4M3", [100]),
        "first_stage_model.decoder.weight": ("F16", [20]),
        "text_encoders.clip_l.weight": ("F16", [30]),
        "conditioner.weight": ("F16", [5]),
    }
    file = read_model_file(written(tmp_path / "c.safetensors", tensors), "c", checkpoint_prefixes())
    assert {kind: (p.size, p.elements, p.dtype) for kind, p in file.parts.items()} == {
        "MODEL": (100, 100, "fp8"),
        "VAE": (40, 20, "fp16"),
        "CLIP": (70, 35, "fp16"),
    }
    assert file.part("MODEL").quantised


@pytest.mark.parametrize(("name", "dtype"), [("old.ckpt", ""), ("m.gguf", "gguf")])
def test_of_other_files_the_size_is_known(tmp_path, name, dtype):
    path = tmp_path / name
    path.write_bytes(b"x" * 50)
    part = read_model_file(path, name).part("MODEL")
    assert (part.size, part.elements, part.dtype) == (50, 0, dtype)


HEADERS = [
    b"",
    b"short",
    struct.pack("<Q", 2**40) + b"{}",
    struct.pack("<Q", 10) + b"{",
    struct.pack("<Q", 2) + b"[]",
    struct.pack("<Q", 9) + b'{"a": 17}',
    struct.pack("<Q", 13) + b'{"a": {"b":1}',
    struct.pack("<Q", 20_000) + b"[" * 20_000,
]


@pytest.mark.parametrize("content", HEADERS)
def test_a_broken_header_is_said_plainly(tmp_path, content):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(UnreadableModelFile, match=r"broken\.safetensors.*Download"):
        read_model_file(path, "broken.safetensors")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "any.safetensors"
    path.write_bytes(content)
    try:
        read_model_file(path, "any")
    except UnreadableModelFile:
        pass
