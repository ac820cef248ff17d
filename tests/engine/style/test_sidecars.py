from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.sidecars import Notes, clean_triggers, read_sidecar, sidecar_paths, together

LORA = "ink_v2.safetensors"


def test_where_sidecars_are_looked_for(tmp_path):
    assert [path.name for path in sidecar_paths(tmp_path / LORA)] == [
        "ink_v2.json",
        "ink_v2.metadata.json",
        "ink_v2.civitai.info",
        "ink_v2.safetensors.rgthree-info.json",
        "ink_v2.txt",
    ]
    assert sidecar_paths(tmp_path / "ink.v2.safetensors")[0].name == "ink.v2.json"


@pytest.mark.parametrize(
    ("name", "content", "notes"),
    [
        (
            "ink_v2.json",
            {"activation text": "<lora:ink:1> inkwash, brush", "preferred weight": 0.7, "sd version": "SDXL"},
            Notes(("inkwash, brush",), 0.7, "", "SDXL"),
        ),
        ("ink_v2.json", {"activation text": "", "preferred weight": 0}, Notes()),
        (
            "ink_v2.metadata.json",
            {
                "model_name": "Ink Wash",
                "base_model": "Flux.1 D",
                "usage_tips": '{"strength": 0.65}',
                "tags": ["ink", "style"],
                "civitai": {"trainedWords": ["inkwash", "brush"]},
            },
            Notes(("inkwash", "brush"), 0.65, "Ink Wash", "Flux.1 D"),
        ),
        ("ink_v2.metadata.json", {"usage_tips": "{broken", "civitai": None}, Notes()),
        (
            "ink_v2.civitai.info",
            {"trainedWords": ["inkwash"], "baseModel": "SDXL 1.0", "model": {"name": "Ink"}},
            Notes(("inkwash",), None, "Ink", "SDXL 1.0"),
        ),
        (
            "ink_v2.safetensors.rgthree-info.json",
            {"name": "Ink", "baseModel": "SD 1.5", "trainedWords": [{"word": "inkwash", "civitai": True}, "brush"]},
            Notes(("inkwash", "brush"), None, "Ink", "SD 1.5"),
        ),
    ],
)
def test_what_each_program_writes(tmp_path, name, content, notes):
    path = tmp_path / name
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_sidecar(path) == notes


def test_a_text_file_gives_its_first_line(tmp_path):
    path = tmp_path / "ink_v2.txt"
    path.write_text("inkwash\nA picture in ink.\n", encoding="utf-8")
    assert read_sidecar(path).triggers == ("inkwash",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{\n\n", "line 3: not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b" " * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_damaged_sidecar_says_so_and_nothing_else(tmp_path, content, told):
    path = tmp_path / "ink_v2.json"
    path.write_bytes(content)
    notes = read_sidecar(path)
    assert told in notes.problem
    assert notes == Notes(problem=notes.problem)


@pytest.mark.parametrize("strength", [True, "0.8", 0, 99, None, [], float("inf"), float("nan")])
def test_a_strength_that_is_none_is_not_taken(tmp_path, strength):
    path = tmp_path / "ink_v2.json"
    path.write_text(json.dumps({"preferred weight": strength}), encoding="utf-8")
    assert read_sidecar(path).strength is None


def test_the_first_that_knows_a_thing_is_believed():
    own = Notes(strength=0.5, problem="a is damaged")
    site = Notes(("inkwash",), 0.9, "Ink", "SDXL")
    assert together([own, site]) == Notes(("inkwash",), 0.5, "Ink", "SDXL", "a is damaged")
    assert together([]) == Notes()


@pytest.mark.parametrize(
    ("values", "clean"),
    [
        (["a\nb <lora:x:1> c"], ("a b c",)),
        ([" , ink, "], ("ink",)),
        (["ink", "ink", "", None, 7], ("ink",)),
        (["x" * 201], ()),
        ("ink", ()),
        (None, ()),
    ],
)
def test_trigger_words_are_fit_for_a_prompt(values, clean):
    assert clean_triggers(values) == clean


FIELDS = st.sampled_from(["activation text", "civitai", "model", "name", "tags", "trainedWords", "usage_tips", "word"])
PLAIN = st.none() | st.booleans() | st.floats() | st.text()


@settings(max_examples=40, deadline=None)
@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner), max_leaves=8))
def test_any_json_is_read(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("any")
    for path in sidecar_paths(folder / LORA):
        path.write_text(json.dumps(value), encoding="utf-8")
        assert isinstance(read_sidecar(path), Notes)
