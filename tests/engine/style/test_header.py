from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.header import BadHeader, read_header

from ...lora_files import shapes, write_lora, write_raw


def test_names_shapes_and_metadata_are_read(tmp_path):
    written = shapes("FLUX.1")
    path = write_lora(tmp_path / "a.safetensors", written, {"modelspec.title": "Ink"})
    header = read_header(path)
    assert header.shapes == written
    assert header.metadata == {"modelspec.title": "Ink"}


def test_only_the_header_is_read(tmp_path, monkeypatch):
    path = write_lora(tmp_path / "a.safetensors", shapes("Wan 14B"))
    length = struct.unpack("<Q", path.open("rb").read(8))[0]
    read = []
    original = type(path).open

    def counting(self, *arguments, **options):
        file = original(self, *arguments, **options)
        inner = file.read

        class Counting:
            def __enter__(self):
                return self

            def __exit__(self, *exception):
                file.close()

            def read(self, size):
                read.append(size)
                return inner(size)

        return Counting()

    monkeypatch.setattr(type(path), "open", counting)
    read_header(path)
    assert read == [8, length]
    assert path.stat().st_size > 10 * length


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty or cut short"),
        (b"1234567", "empty or cut short"),
        (struct.pack("<Q", 100 * 2**20 + 1) + b"{}", "100 MB"),
        (struct.pack("<Q", 2**63), "100 MB"),
        (struct.pack("<Q", 50) + b'{"a": 1}', "cut short"),
        (struct.pack("<Q", 9) + b"junk junk", "not the JSON"),
        (struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc", "not the JSON"),
        (struct.pack("<Q", 2) + b"[]", "not the JSON"),
        (struct.pack("<Q", 2) + b"{}", "no tensors"),
        (struct.pack("<Q", 8) + b'{"a": 1}', "not the JSON"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "not the JSON"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, content, told):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadHeader, match=told):
        read_header(path)


@pytest.mark.parametrize("shape", ["[1.5]", "[-1]", '["a"]', "null", "[true]"])
def test_a_shape_that_is_none_is_told(tmp_path, shape):
    text = '{"a": {"dtype": "F16", "shape": ' + shape + ', "data_offsets": [0, 0]}}'
    with pytest.raises(BadHeader, match="not the JSON"):
        read_header(write_raw(tmp_path / "a.safetensors", text.encode()))


def test_missing_tensor_bytes_are_told(tmp_path):
    path = write_lora(tmp_path / "a.safetensors", {"a.lora_up.weight": (4, 4)})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10)
    with pytest.raises(BadHeader, match="10 bytes are missing"):
        read_header(path)


def test_metadata_that_is_no_text_is_left_out(tmp_path):
    header = {"__metadata__": {"a": 1, "b": "text"}, "x": {"shape": [], "data_offsets": [0, 2]}}
    assert read_header(write_raw(tmp_path / "a.safetensors", json.dumps(header).encode(), 2)).metadata == {"b": "text"}


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_header_or_a_bad_one(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadHeader):
        read_header(path)
