from __future__ import annotations

import json
import os
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style import installed
from pack.engine.style.header_notes import guessed_triggers
from pack.engine.style.installed import Index

from ...lora_files import shapes, write_lora, write_raw


def read(folder, name="ink_v2.safetensors"):
    (file,) = Index().files([(name, folder / name)])
    return file


def test_the_parts_tell_the_family_whatever_the_metadata_claims(tmp_path):
    write_lora(tmp_path / "ink_v2.safetensors", shapes("FLUX.1"), {"ss_base_model_version": "sd_1.5"})
    assert read(tmp_path).family == "FLUX.1"
    write_lora(tmp_path / "b.safetensors", shapes("FLUX.1"), {"ss_base_model_version": "chroma"})
    assert read(tmp_path, "b.safetensors").family == "Chroma"


@pytest.mark.parametrize(
    ("metadata", "family"),
    [
        ({"modelspec.architecture": "flux-1-dev/lora", "ss_base_model_version": "sdxl_base_v1-0"}, "FLUX.1"),
        ({"ss_base_model_version": "hunyuan_video"}, "HunyuanVideo"),
        ({"ss_base_model_version": "sd_1.5"}, ""),
        ({}, ""),
    ],
)
def test_metadata_tells_it_where_the_parts_do_not(tmp_path, metadata, family):
    write_lora(tmp_path / "ink_v2.safetensors", {"strange.lora_up.weight": (4, 4)}, metadata)
    assert read(tmp_path).family == family


def test_a_sidecar_tells_it_last(tmp_path):
    write_lora(tmp_path / "ink_v2.safetensors", {"strange.lora_up.weight": (4, 4)})
    (tmp_path / "ink_v2.civitai.info").write_text('{"baseModel": "Pony"}', encoding="utf-8")
    assert read(tmp_path).family == "SDXL"


def test_words_come_from_the_sidecar_before_the_header(tmp_path):
    metadata = {"modelspec.trigger_phrase": "inside", "modelspec.title": "Ink Inside"}
    write_lora(tmp_path / "ink_v2.safetensors", shapes("SDXL"), metadata)
    file = read(tmp_path)
    assert (file.triggers, file.title, file.strength) == (("inside",), "Ink Inside", None)
    (tmp_path / "ink_v2.json").write_text('{"activation text": "beside", "preferred weight": 0.6}', encoding="utf-8")
    file = read(tmp_path)
    assert (file.triggers, file.title, file.strength) == (("beside",), "Ink Inside", 0.6)


def test_a_broken_file_has_a_problem_and_the_others_none(tmp_path):
    write_raw(tmp_path / "junk.safetensors", b"junk")
    write_lora(tmp_path / "good.safetensors", shapes("SDXL"))
    listing = [(name, tmp_path / name) for name in ("junk.safetensors", "gone.safetensors", "good.safetensors")]
    junk, good = Index().files(listing)
    assert "not the JSON" in junk.problem
    assert (good.problem, good.family) == ("", "SDXL")


def test_a_damaged_sidecar_is_noted_and_not_used(tmp_path):
    write_lora(tmp_path / "ink_v2.safetensors", shapes("SDXL"), {"modelspec.trigger_phrase": "inside"})
    (tmp_path / "ink_v2.json").write_text("{", encoding="utf-8")
    file = read(tmp_path)
    assert (file.problem, file.triggers) == ("", ("inside",))
    assert "ink_v2.json cannot be read" in file.notes


def test_windows_folders_are_written_with_a_slash(tmp_path):
    write_lora(tmp_path / "ink_v2.safetensors", shapes("SDXL"))
    (file,) = Index().files([("drawn\\ink_v2.safetensors", tmp_path / "ink_v2.safetensors")])
    assert (file.name, file.short, file.stem) == ("drawn/ink_v2.safetensors", "drawn/ink_v2", "ink_v2")


def test_a_file_is_read_once_until_it_or_a_sidecar_changes(tmp_path, monkeypatch):
    path = write_lora(tmp_path / "ink_v2.safetensors", shapes("SDXL"))
    write_lora(tmp_path / "other.safetensors", shapes("SDXL"))
    listing = [("ink_v2.safetensors", path), ("other.safetensors", tmp_path / "other.safetensors")]
    read = []
    original = installed.read_header
    monkeypatch.setattr(installed, "read_header", lambda path: read.append(path.name) or original(path))
    index = Index()
    index.files(listing)
    index.files(listing)
    assert read == ["ink_v2.safetensors", "other.safetensors"]
    (tmp_path / "ink_v2.txt").write_text("inkwash", encoding="utf-8")
    assert index.files(listing)[0].triggers == ("inkwash",)
    os.utime(path, ns=(1, 1))
    index.files(listing)
    assert read[2:] == ["ink_v2.safetensors"] * 2
    assert [file.name for file in index.files(listing[1:])] == ["other.safetensors"]


def frequency(images, tags, class_tokens=None):
    return {
        "ss_dataset_dirs": json.dumps({"10_a": {"n_repeats": 10, "img_count": images}}),
        "ss_tag_frequency": json.dumps({"10_a": tags}),
        "ss_datasets": json.dumps([{"subsets": [{"class_tokens": class_tokens}]}]),
    }


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (frequency(100, {"1girl": 100, "inkwash": 95, "brush": 60, "solo": 90}), ("inkwash",)),
        (frequency(100, {"paper": 81, "inkwash": 95}), ("inkwash", "paper")),
        (frequency(0, {"inkwash": 95}), ()),
        (frequency(100, {"inkwash": 10}, class_tokens="inkwsh style"), ("inkwsh style",)),
        ({"ss_tag_frequency": "{broken", "ss_datasets": "[1, null]", "ss_dataset_dirs": "7"}, ()),
        ({"ss_tag_frequency": '{"a": null, "b": {"c": "d"}}', "ss_datasets": '[{"subsets": "x"}]'}, ()),
        ({}, ()),
    ],
)
def test_words_from_the_training(metadata, words):
    assert guessed_triggers(metadata) == words


NUMBER = st.sampled_from(["1e400", "-1e400", "9" * 400, "9" * 5000, "-1", "0", "4", "1.5", "NaN", "true", "null"])
DEEP = st.sampled_from(["[" * 50_000, '{"a":' * 50_000 + "1" + "}" * 50_000])
ODD = st.one_of(NUMBER, DEEP, st.sampled_from(['"x"', "[]", "{}", "[1]", '{"a": null}', '["a", 5, null]', '"\\ud83e"']))


def header(name, shape, offsets, metadata):
    text = f'{{"__metadata__": {metadata}, "{name}": {{"dtype": "F16", "shape": {shape}, "data_offsets": {offsets}}}}}'
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded + bytes(64)


def entry(key, value):
    return f'{{"{key}": {value}}}'


HEADERS = st.builds(
    header,
    st.sampled_from(["lora_unet_x.lora_up.weight", "a" * 2000, f"double_blocks_{'9' * 5000}_img_attn.lora_up.weight"]),
    st.one_of(ODD, NUMBER.map(lambda n: f"[{n}, {n}]")),
    st.one_of(ODD, NUMBER.map(lambda n: f"[0, {n}]")),
    st.one_of(
        ODD,
        st.builds(
            entry,
            st.sampled_from(
                ["ss_tag_frequency", "ss_datasets", "ss_dataset_dirs", "modelspec.title", "ss_base_model_version"]
            ),
            st.one_of(ODD, ODD.map(json.dumps)),
        ),
        NUMBER.map(
            lambda n: json.dumps(
                {"ss_tag_frequency": f'{{"a": {{"fox": {n}}}}}', "ss_dataset_dirs": f'{{"a": {{"img_count": {n}}}}}'}
            )
        ),
    ),
)
SIDECAR_KEYS = ["preferred weight", "activation text", "sd version", "usage_tips", "civitai", "trainedWords"]
SIDECAR_KEYS += ["strengthDefault", "model"]
SIDECARS = st.tuples(
    st.sampled_from(
        ["bad.json", "bad.metadata.json", "bad.civitai.info", "bad.safetensors.rgthree-info.json", "bad.txt"]
    ),
    st.one_of(
        ODD,
        st.builds(
            entry,
            st.sampled_from(SIDECAR_KEYS),
            st.one_of(ODD, ODD.map(json.dumps), NUMBER.map(lambda n: json.dumps(entry("strength", n)))),
        ),
    ),
)


@given(st.one_of(HEADERS, st.binary(max_size=60)), SIDECARS)
@settings(max_examples=150, deadline=None)
def test_no_damage_to_one_disturbs_the_others(damaged, sidecar):
    """Offsets of 1e400, weights of 400 digits, JSON of 50,000 brackets: whatever is in one file, the other is used."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "bad.safetensors").write_bytes(damaged)
        (folder / sidecar[0]).write_text(sidecar[1])
        write_lora(folder / "good.safetensors", {"lora_unet_x.lora_up.weight": (4, 4)})
        names = ("bad.safetensors", "good.safetensors")
        bad, good = Index().files([(name, folder / name) for name in names])
        assert not good.problem
        assert bad.strength is None or -4 <= bad.strength <= 4
        assert all(isinstance(text, str) for text in (*bad.triggers, *bad.guessed_triggers, bad.title, bad.problem))


def test_damage_that_nobody_thought_of_is_a_problem_of_that_file_alone(tmp_path, monkeypatch, caplog):
    for name in ("bad.safetensors", "good.safetensors"):
        write_lora(tmp_path / name, shapes("SDXL"))
    (tmp_path / "bad.json").write_text("{}")
    real_header, real_sidecar = installed.read_header, installed.read_sidecar

    def header_of(path):
        return 1 / 0 if path.stem == "bad" else real_header(path)

    def sidecar_of(path):
        return 1 / 0 if path.stem == "bad" else real_sidecar(path)

    monkeypatch.setattr(installed, "read_header", header_of)
    monkeypatch.setattr(installed, "read_sidecar", sidecar_of)
    bad, good = Index().files([(name, tmp_path / name) for name in ("bad.safetensors", "good.safetensors")])
    assert "Get it again" in bad.problem and "bad.json" in bad.notes
    assert (good.problem, good.family) == ("", "SDXL")
    assert "ZeroDivisionError" in caplog.text
