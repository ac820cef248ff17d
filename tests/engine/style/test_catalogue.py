from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.catalogue import Catalogue, StyleFiles, extended

from .shelf import STYLES

PUBLISHED = {  # docs/design-notes.md, 11.3
    "anime": ("anime style", 0.8),
    "detailed anime": ("detailed anime", 0.7),
    "photorealistic": ("detailed", 0.5),
    "cinematic": ("cinematic lighting", 0.7),
    "oil painting": ("oil painting style", 0.8),
    "watercolor": ("watercolor painting", 0.75),
    "3d render": ("3d render", 0.7),
    "pixel art": ("pixel art", 0.9),
    "claymation": ("claymation style", 0.85),
    "vintage photo": ("vintage photograph", 0.6),
    "line art": ("line art, lineart", 0.8),
    "sticker": ("sticker design", 0.9),
    "logo": ("logo design", 0.8),
    "fashion": ("fashion photo", 0.6),
    "architecture": ("architectural", 0.7),
}


def test_the_guides_fifteen_styles_are_shipped_in_its_order():
    assert STYLES.problems == ()
    assert {style.name: (style.trigger, style.strength) for style in STYLES.listed()} == PUBLISHED
    assert [style.name for style in STYLES.listed()] == [*PUBLISHED]
    assert all(style.words and style.files and style.family for style in STYLES.listed())


def test_own_fields_replace_shipped_ones_and_new_styles_are_added():
    own = extended(STYLES, '{"Anime": {"strength": 1.1}, "My Swamp": {"files": ["swamp*"]}}', "styles.json")
    assert own.problems == ()
    anime, shipped = own.named("ANIME"), STYLES.named("anime")
    assert anime == shipped.model_copy(update={"strength": 1.1})
    assert own.named("my  swamp").files == ("swamp*",)
    assert own.listed()[-1].name == "My Swamp"
    assert STYLES.named("my swamp") is None, "the shipped catalogue stays as it is"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{\n "a": {"files": ["a"]},\n "b": {"files": ["b"], "strength": "much"}\n}',
            'line 3: "b" is left out: strength',
        ),
        ('{\n "a": {"files": ["a"]},\n\n "b": {"files": []}}', 'line 4: "b" is left out: files'),
        ('{"a": {"files": ["a"]}, "b": {"strength": 1}}', 'line 1: "b" is left out: files: Field required'),
        ('{"a": {"files": ["a"]},\n"b": {"files": ["b"], "strenght": 1}}', 'line 2: "b" is left out: strenght: Extra'),
        ('{"a": {"files": ["a"]},\n"b": 7}', 'line 2: "b" is left out: is not an object'),
        ('{"a": {"files": ["a"]},\n"b": {"files": ["b"], "strength": 9}}', 'line 2: "b" is left out: strength'),
        ('{"a": {"files": ["a"]},\n"b": {"files": ["b"], "strength": NaN}}', 'line 2: "b" is left out: strength'),
        ('{"a": {"files": ["a"]},\n"": {"files": ["b"]}}', 'line 2: "" is left out: name'),
        ('{"a": {"files": ["a"]},\n"b": {"files": ["b"], "name": "c"}}', 'line 2: "b" is left out'),
    ],
)
def test_a_broken_entry_is_left_out_and_the_others_work(text, told):
    own = extended(STYLES, text, "mine.json")
    assert len(own.problems) == 1
    assert own.problems[0].startswith(f"mine.json, {told}"), own.problems
    assert own.named("a").files == ("a",)
    assert own.named("b") is None
    assert own.named("anime") == STYLES.named("anime")


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("{", 1), ('{\n"a": {\n"files": ["a"],\n}\n}', 3), ("[]", 1), ('"text"', 1), ("[" * 100_000, 1)],
)
def test_a_file_that_is_no_json_object_is_kept_out_whole(text, line):
    own = extended(STYLES, text, "mine.json")
    assert own.styles == STYLES.styles
    (problem,) = own.problems
    assert problem.startswith("mine.json, line ")
    assert "none of it is used" in problem
    assert line == 1 or f"line {line}" in problem or f"line {line + 1}" in problem


def test_a_key_named_twice_counts_once_more_and_the_last_wins():
    own = extended(Catalogue(), '{"a": {"files": ["x"], "strength": 0.2},\n"a": {"strength": 0.3}}', "mine.json")
    assert own.named("a").strength == 0.3
    assert own.problems == ()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_as_a_file_gives_a_catalogue(text):
    own = extended(STYLES, text, "mine.json")
    assert STYLES.styles.keys() <= own.styles.keys()


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.dictionaries(st.text(max_size=8), st.integers()))))
def test_any_json_object_as_a_file_gives_a_catalogue(entries):
    own = extended(STYLES, json.dumps(entries, indent=1), "mine.json")
    assert STYLES.styles.keys() <= own.styles.keys()


def test_the_users_file_is_read_again_when_it_changes(tmp_path):
    files, own = StyleFiles(), tmp_path / "styles.json"
    assert files.catalogue(own).styles == STYLES.styles
    own.write_text('{"swamp": {"files": ["swamp*"]}}', encoding="utf-8")
    assert files.catalogue(own).named("swamp").strength == 0.8
    assert files.catalogue(own) is files.catalogue(own), "not read again without need"
    own.write_text('{"swamp": {"files": ["swamp*"], "strength": 0.5}}', encoding="utf-8")
    os.utime(own, ns=(1, 1))
    assert files.catalogue(own).named("swamp").strength == 0.5
    own.write_bytes(b"\xef\xbb\xbf{}")
    assert files.catalogue(own).problems == ()
    own.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in files.catalogue(own).problems[0]
    own.write_bytes(b" " * 1_000_001)
    assert "larger than 1 MB" in files.catalogue(own).problems[0]
    own.unlink()
    assert files.catalogue(own).problems == ()
