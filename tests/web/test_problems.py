"""A render that a node of ours stops: said on the node, in the panel and in a toast, in our words."""

from __future__ import annotations

import pytest

from .graphs import guarded_loop_workflow, guarded_workflow, loop_workflow
from .test_page import CRITIC, LOOP, wait_for_text

pytestmark = pytest.mark.browser
EMPTY_GOAL = "Self-Improving Prompt (node 10), input goal: is empty. Write there what the picture must show."
CLASSES = ("VLMCritique", "SelfImprovingPrompt", "WrongInput", "NoVerdict", "custom_nodes", "/tmp/")
"""Names of classes and of folders: nothing for a user."""
WIDGETS = "app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVRAMGuard').widgets.length"
SAVED = "app.graph.serialize().nodes.find((n) => n.type === 'ImitatoesVRAMGuard').widgets_values.length"
"""Of the one node: the page gives others a preview once they have rendered."""


def wait_for_toast(tab, words):
    tab.page.wait_for_function(
        """(words) => [...document.querySelectorAll('body *')].some((e) => e.children.length === 0
            && !e.closest('.imitatoes-panel, .imitatoes-node') && e.textContent.includes(words))""",
        arg=words,
        timeout=10_000,
    )


def shown(tab):
    """What stands on the two nodes and in the panel's alert."""
    alert = tab.panel().locator("div.imitatoes-problem")
    return [
        tab.text_of(LOOP, "run"),
        tab.text_of(CRITIC, "verdict"),
        alert.text_content() if alert.is_visible() else "",
    ]


def test_an_empty_goal_is_said_on_the_node_that_has_it_in_the_panel_and_in_a_toast(tab):
    tab.load(loop_workflow(goal="  "))
    tab.panel()
    tab.queue()
    wait_for_toast(tab, EMPTY_GOAL)
    tab.shot("problem")
    hub, critic, alert = shown(tab)
    assert hub == EMPTY_GOAL
    assert critic == "Queue to see the verdict here.", "it is not the critic's mistake"
    assert "Self-Improving Prompt stopped the render" in alert
    assert EMPTY_GOAL in alert
    tab.page.keyboard.press("Escape")  # the page's own dialog
    tab.panel().get_by_role("button", name="Show the node").click()
    assert tab.page.evaluate("Object.values(app.canvas.selected_nodes).map((n) => String(n.id))") == ["10"]
    tab.load(loop_workflow())
    assert shown(tab)[0].startswith("Queue once"), "another workflow has nothing to do with it"
    assert shown(tab)[2] == ""


def test_a_judge_that_is_not_there_is_said_until_the_next_render(tab):
    workflow = loop_workflow(goal="one green star", prompt="one green star", max_loops=1)
    values = next(node for node in workflow["nodes"] if node["type"] == CRITIC)["widgets_values"]
    values[1] = "qwen2.5-vl:7b"
    tab.load(workflow)
    tab.panel()
    tab.queue()
    wait_for_text(tab, CRITIC, "verdict", "qwen2.5vl:7b")
    words = tab.text_of(CRITIC, "verdict")
    assert words.startswith("VLM Critique (node 11): ")
    assert not [name for name in CLASSES if name in words]
    assert words in shown(tab)[2]
    set_model = "(name) => { app.graph.getNodeById(11).widgets.find((w) => w.name === 'model').value = name; }"
    tab.page.evaluate(set_model, "qwen3-vl:8b-instruct")
    tab.queue()
    tab.wait_for_tiles(1)
    tab.theatre.client.wait(lambda: shown(tab)[2] == "")
    assert "qwen2.5vl" not in tab.text_of(CRITIC, "verdict")


def test_a_run_that_one_of_our_nodes_ends_says_why_once(tab):
    """The run's own reason is the same sentence: the panel does not say it twice, and no second toast comes."""
    tab.load(guarded_loop_workflow("nowhere"))
    tab.panel()
    tab.queue()
    tab.wait_for_state("Failed")
    panel = tab.panel()
    assert "VRAM Guard (node 12), input connection: " in panel.locator(".imitatoes-reason").text_content()
    assert not panel.locator("div.imitatoes-problem").is_visible()
    wait_for_text(tab, "ImitatoesVRAMGuard", "problem", "VRAM Guard (node 12), input connection: ")
    assert "Failed" in tab.text_of(LOOP, "run")


def test_nodes_without_a_text_of_their_own_get_one_while_there_is_something_to_say(tab):
    tab.load(guarded_workflow("nowhere"))
    before = tab.page.evaluate(WIDGETS)
    tab.queue()
    wait_for_text(tab, "ImitatoesVRAMGuard", "problem", "VRAM Guard (node 2), input connection")
    tab.shot("problem_guard")
    saved = tab.page.evaluate(SAVED)
    tab.page.evaluate(
        "app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVRAMGuard')"
        ".widgets.find((w) => w.name === 'connection').value = 'local'"
    )
    tab.queue()
    tab.page.wait_for_function(f"(before) => {WIDGETS} === before", arg=before)
    assert saved == tab.page.evaluate(SAVED)
