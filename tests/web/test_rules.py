"""The rules that the page's modules keep, checked on their text."""

from __future__ import annotations

import re

import pytest

from ..conftest import ROOT

WEB = ROOT / "web"
MODULES = sorted(WEB.rglob("*.js"))
TEXTS = {path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8") for path in MODULES}
LOCALE = "locales/en.js"
NO_MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment")
NO_REACH = re.compile(
    r"\bwindow\.\w+\s*=[^=]|document\.addEventListener|\.prototype\b|localStorage|https?://(?!www\.w3\.org|127\.0\.0\.1)"
)
SAFE = set(
    "bg-color fg-color comfy-menu-bg comfy-menu-secondary-bg comfy-input-bg input-text border-color content-bg"
    " content-fg content-hover-bg content-hover-fg primary-bg primary-fg primary-hover-bg".split()
)
"""In every frontend from 1.27.10 to 1.58.1."""
PLURAL = re.compile(r"\.(zero|one|two|few|many|other)$")
NEWER = {"primary-background"}
"""From 1.35.9 on: need another one behind."""


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_ever_markup_and_nothing_of_the_page_is_changed(name):
    assert not NO_MARKUP.search(TEXTS[name])
    assert not NO_REACH.search(TEXTS[name])


def test_only_the_entry_imports_the_page():
    assert [name for name, text in TEXTS.items() if "/scripts/" in text] == ["main.js"]
    assert '"../../scripts/app.js"' in TEXTS["main.js"]


def test_modules_are_small():
    assert [name for name, text in TEXTS.items() if name != LOCALE and len(text.splitlines()) > 250] == []


def test_only_theme_variables_that_every_frontend_has():
    css = "\n".join(path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.css")))
    for name, rest in re.findall(r"var\(--([\w-]+)([^)]*)", css):
        assert name.startswith("imitatoes-") or name in SAFE or (name in NEWER and rest.startswith(", var(--")), name
    assert "prefers-reduced-motion" in css


def test_every_class_is_ours():
    css = "\n".join(path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.css")))
    bare = set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"/\*.*?\*/|\d*\.\d+", "", css, flags=re.DOTALL)))
    assert {name for name in bare if not name.startswith("imitatoes-")} <= {"pi", "done", "now"}


def test_every_text_is_there_and_none_is_unused():
    known = set(re.findall(r'^\s+"?([\w.]+)"?: "', TEXTS[LOCALE], re.MULTILINE))
    code = "\n".join(text for name, text in TEXTS.items() if name != LOCALE)
    named = set(re.findall(r'"([a-z]\w*\.\w+)"', code)) | {"title", "panel"}
    families = {found for found in re.findall(r"`([a-z]+\.(?:\w+\.)*)\$\{", code)}
    whole = {PLURAL.sub("", key) for key in known}
    used = {key for key in whole if key in named or any(key.startswith(family) for family in families)}
    assert whole - used == set(), "unused"
    prefixes = {key.split(".")[0] for key in known}
    asked = {key for key in named if key.split(".")[0] in prefixes and not key.endswith((".js", ".png", ".css"))}
    assert asked - whole == set(), "missing"
