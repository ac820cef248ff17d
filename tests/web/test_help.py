"""The help beside a node, in the language of the page: asked for once, there, and shown as a page."""

from __future__ import annotations

from typing import Any

import pytest

from ..comfyui.theatre import Theatre
from ..test_locales import of_comfyui
from .conftest import Tab
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
KIND = "ImitatoesVLMCritique"
NODE = "app.graph.nodes.find((n) => n.comfyClass === '{kind}')"
BOX = 'document.querySelector(`[data-node-id="${{{node}.id}}"]`)?.getBoundingClientRect() ?? null'
"""Of a node's element in Nodes 2.0, which follows the view in the frames after."""
TITLE = """(node) => {
  const [x, y] = app.canvas.convertOffsetToCanvas([node.pos[0] + 60, node.pos[1] - 12]);
  const { left, top } = app.canvas.canvas.getBoundingClientRect();
  return [x + left, y + top];
}"""
"""Where the title of a node is on the screen."""


def asked_for_help(tab: Tab, kind: str) -> list[tuple[str, int]]:
    """Opens the help of the first node of a kind, as its info button does; what was asked for of ours, and answered."""
    asked: list[tuple[str, int]] = []

    def note(response: Any) -> None:
        if "/docs/" in response.url:
            asked.append((response.url.split("/docs/")[1], response.status))

    tab.page.on("response", note)
    node = NODE.format(kind=kind)
    tab.page.evaluate(f"app.canvas.centerOnNode({node}); app.canvas.draw(true, true)")
    tab.wait_until_still(f"[...{node}.pos, {BOX.format(node=node)}]")
    tab.page.mouse.click(*tab.page.evaluate(f"({TITLE})({node})"))
    tab.page.get_by_test_id("info-button").click()
    return asked


@pytest.mark.parametrize("language", ["fr", "zh"])
def test_help_is_there_in_the_language_of_the_page(theatre: Theatre, browser: Any, language: str):
    theatre.client.post("/settings", {"Comfy.Locale": language})
    try:
        tab = Tab(browser, theatre)
        tab.load(loop_workflow())
        asked = asked_for_help(tab, KIND)
        title = of_comfyui(language, "nodeDefs")[KIND]["display_name"]
        tab.page.get_by_role("heading", name=title, exact=True).first.wait_for()
        tab.page.get_by_role("cell", name="keep_alive", exact=True).wait_for()
        tab.shot(f"help_{language}")
        assert asked == [(f"{KIND}/{language}.md", 200)]
        assert tab.problems == []
        tab.context.close()
    finally:
        theatre.client.post("/settings", {"Comfy.Locale": "en"})
