"""The languages: none lacks a key, has one too many, or fills in something else than the English words do."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import ROOT

PANEL = ROOT / "web" / "locales"
SERVER = ROOT / "locales"
LANGUAGES = {
    "de": ("one", "other"),
    "es": ("one", "other"),
    "fr": ("one", "other"),
    "ja": ("other",),
    "ko": ("other",),
    "pt-BR": ("one", "other"),
    "ru": ("one", "few", "many", "other"),
    "zh": ("other",),
    "zh-TW": ("other",),
}
"""The forms of a word that each language tells apart by a number (Unicode CLDR), as far as whole numbers need them."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ENTRY = re.compile(r'^\s+"?([\w.]+)"?: "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
SAME_EVERYWHERE = {"title", "settings.group", "setting.cfg", "connections.kind.ollama"}


def english() -> dict[str, str]:
    found = dict(ENTRY.findall((PANEL / "en.js").read_text(encoding="utf-8")))
    assert len(found) > 200
    return found


def words(language: str) -> dict[str, str]:
    return json.loads((PANEL / f"{language}.json").read_text(encoding="utf-8"))


def wanted(forms: tuple[str, ...]) -> dict[str, set[str]]:
    """Keys that a language with these plural forms has, and what each fills in."""
    asked = {}
    for key, text in english().items():
        holes = set(PLACEHOLDER.findall(text))
        if key.endswith(".one"):
            continue
        stem = key.removesuffix(".other")
        for name in [f"{stem}.{form}" for form in forms] if key.endswith(".other") else [key]:
            asked[name] = holes
    return asked


def test_the_files_are_those_that_the_page_knows():
    assert {path.stem for path in PANEL.glob("*.json")} == set(LANGUAGES)
    listed = re.search(r"LANGUAGES = (\[.*?\])", (ROOT / "web" / "texts.js").read_text(encoding="utf-8"))[1]
    assert set(json.loads(listed)) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_of_the_panel_are_missing(language):
    found, asked = words(language), wanted(LANGUAGES[language])
    assert set(asked) - set(found) == set(), "missing"
    assert set(found) - set(asked) == set(), "unknown"
    assert {key: set(PLACEHOLDER.findall(text)) for key, text in found.items()} == asked, "placeholders"
    assert all(text.strip() for text in found.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_are_translated(language):
    first, found = english(), words(language)
    plain = {k for k, v in first.items() if len(re.findall(r"[A-Za-z]{3,}", PLACEHOLDER.sub("", v))) > 2}
    same = {key for key in plain & set(found) if found[key] == first[key]} - SAME_EVERYWHERE
    assert same == set()


RECORD = json.loads((ROOT / "tests" / "comfyui" / "schemas.json").read_text(encoding="utf-8"))
COMMAND = re.compile(r'id: "(Imitatoes\.\w+)", label: t\("([\w.]+)"\)')
TEXT_OF_SETTING = re.compile(r'^  (\w+): "(Imitatoes\.[\w.]+)",$', re.MULTILINE)


def of_comfyui(language: str, name: str) -> dict:
    """A file in the format that ComfyUI itself reads: locales/<language>/<name>.json of a pack."""
    return json.loads((SERVER / language / f"{name}.json").read_text(encoding="utf-8"))


def test_comfyui_finds_the_same_languages():
    assert {path.name for path in SERVER.iterdir() if path.is_dir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_node_input_and_output_is_explained(language):
    found = of_comfyui(language, "nodeDefs")
    assert set(found) == set(RECORD)
    for node_id, told in found.items():
        assert told["display_name"] and told["description"], node_id
        assert set(told["inputs"]) == set(RECORD[node_id]["inputs"]), node_id
        assert set(told["outputs"]) == {str(n) for n, _ in enumerate(RECORD[node_id]["outputs"])}, node_id
        assert all(one["tooltip"].strip() for part in ("inputs", "outputs") for one in told[part].values()), node_id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_node_is_found_by_its_english_name_too(language):
    """Messages and help name nodes in English."""
    names = {node_id: told["display_name"] for node_id, told in of_comfyui(language, "nodeDefs").items()}
    english_names = [text.split('display_name="')[1].split('"')[0] for text in node_sources()]
    assert all(any(name.startswith(one) for one in english_names) for name in names.values())


def node_sources() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "nodes").glob("*.py"))]
    return [text for text in texts if 'display_name="' in text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_and_settings_are_those_of_the_panel(language):
    panel, commands, settings = words(language), of_comfyui(language, "commands"), of_comfyui(language, "settings")
    listed = dict(COMMAND.findall((ROOT / "web" / "main.js").read_text(encoding="utf-8")))
    assert len(listed) > 2
    assert commands == {name.replace(".", "_"): {"label": panel[key]} for name, key in listed.items()}
    ids = dict(TEXT_OF_SETTING.findall((ROOT / "web" / "settings.js").read_text(encoding="utf-8")))
    assert settings == {
        name.replace(".", "_"): {"name": panel[f"settings.{key}"], "tooltip": panel[f"settings.{key}Hint"]}
        for key, name in ids.items()
    }
    assert of_comfyui(language, "main")["settingsCategories"]["Judge"] == panel["settings.judge"]
