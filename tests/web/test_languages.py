"""The page in other languages, as ComfyUI's own setting has it."""

from __future__ import annotations

import json

import pytest

from ..conftest import ROOT
from .conftest import Tab

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["ja", "pt-BR"])
def test_the_panel_speaks_the_language_of_the_page(theatre, browser, language):
    words = json.loads((ROOT / "web" / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    theatre.client.post("/settings", {"Comfy.Locale": language})
    try:
        tab = Tab(browser, theatre)
        panel = tab.panel()
        panel.get_by_role("button", name=words["empty.start"]).wait_for()
        panel.get_by_text(words["judge.title"], exact=True).wait_for()
        title = tab.page.evaluate("LiteGraph.registered_node_types.ImitatoesVLMCritique.title")
        named = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
        if theatre.real:  # the rehearsal serves no languages of packs
            assert title == named["ImitatoesVLMCritique"]["display_name"]
        tab.shot(f"language_{language}")
        assert tab.problems == []
        tab.context.close()
    finally:
        theatre.client.post("/settings", {"Comfy.Locale": "en"})
