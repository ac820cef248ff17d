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
