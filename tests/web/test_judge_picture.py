"""A picture on a node, judged by itself from the node's menu."""

from __future__ import annotations

import pytest

from ..comfyui.theatre import MODEL
from .graphs import loop_workflow

pytestmark = pytest.mark.browser


def test_a_shown_picture_is_judged_from_the_nodes_menu(theatre, tab):
    tab.load(loop_workflow(iterations_per_loop=1, max_loops=1, goal="a red circle", prompt="a red circle"))
    tab.panel()
    tab.queue()
    tab.wait_for_tiles(1)
    offered = """window.app.graph.nodes.flatMap((node) => window.app.canvas.getNodeMenuOptions(node))
        .find((one) => one?.content === "Judge this picture")"""
    tab.page.wait_for_function(offered)
    theatre.judge.requests.clear()
    tab.page.evaluate(f"{offered}.callback()")
    dialog = tab.page.get_by_role("dialog", name="Judge a picture")
    dialog.get_by_label("Goal").fill("a red circle")
    dialog.get_by_role("button", name="Judge", exact=True).click()
    dialog.get_by_role("status").get_by_text("score").wait_for()
    assert dialog.get_by_role("listitem").count() >= 1
    tab.shot("judge_picture")
    assert theatre.looks()
    dialog.get_by_role("button", name="Close").click()
    # A picture of a run, from the panel, by another goal and by two judges.
    theatre.judge.requests.clear()
    tab.page.evaluate(
        """(names) => {
          const node = window.app.graph.nodes.find((one) => one.comfyClass === "ImitatoesVLMCritique");
          node.widgets.find((one) => one.name === "model").value = names;
        }""",
        f"{MODEL}, qwen2.5vl:7b",
    )
    tab.panel().get_by_role("button", name="Judge this picture").click()
    assert dialog.get_by_label("Goal").input_value() == "a red circle"
    dialog.get_by_label("Goal").fill("a blue square")
    dialog.get_by_role("button", name="Judge", exact=True).click()
    dialog.get_by_role("status").get_by_text("The goal is not met").wait_for()
    assert theatre.looks()
    assert dialog.get_by_role("heading", name="Judges").is_visible()
    assert "qwen2.5vl:7b" in dialog.text_content()
    dialog.get_by_role("button", name="Close").click()
