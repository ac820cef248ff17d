"""The inputs of our nodes as the page shows them: suggestions, toggles, labels, and nothing that means nothing now."""

from __future__ import annotations

import os

import pytest

from ..comfyui.theatre import MODEL
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
NODES_2 = bool(os.environ.get("NODES_2"))
CRITIC = "app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVLMCritique')"
DRAWN = f"""(() => {{
    const element = document.querySelector(`[data-node-id="${{{CRITIC}.id}}"]`);
    const words = [...(element?.querySelectorAll('*') ?? [])].filter((one) => !one.children.length);
    const told = new Set(words.map((one) => one.textContent.trim()));
    return {CRITIC}.widgets.map((w) => w.name).filter((name) => told.has(name));
}})()"""
"""The widgets that Nodes 2.0 draws with their names."""
HIDDEN = f"{CRITIC}.widgets.filter((w) => w.hidden).map((w) => w.name)"


def form(tab):
    """Of the VLM Critique in front, once it stands in the place of the node's own widgets."""
    tab.page.wait_for_function(f"{CRITIC} && {HIDDEN}.includes('model')")
    return tab.page.locator(".imitatoes-node-form")


def critic_inputs(tab):
    return next(n for n in tab.api_graph().values() if n["class_type"] == "ImitatoesVLMCritique")["inputs"]


def test_goal_and_pass_score_show_only_where_they_count(tab):
    workflow = loop_workflow()
    tab.load(workflow)
    form(tab)
    assert set(tab.page.evaluate(HIDDEN)) == {"goal", "pass_score", "model", "connection", "checks"}
    inputs = critic_inputs(tab)
    if NODES_2:
        tab.page.wait_for_function(f"{DRAWN}.join() === 'keep_alive,judge,frames'")
    assert (inputs["goal"], inputs["pass_score"], inputs["model"], inputs["checks"]) == ("", 0.8, MODEL, "")
    tab.shot("form_linked")
    saved = tab.page.evaluate(f"{CRITIC}.serialize().widgets_values")
    assert saved[:7] == ["", MODEL, "local", "", 0.8, "0", "auto"], "what is saved is as it was"
    tab.page.evaluate(f"{CRITIC}.disconnectInput({CRITIC}.inputs.findIndex((i) => i.name === 'loop'))")
    tab.page.wait_for_function(f"!{HIDDEN}.includes('goal')")
    assert set(tab.page.evaluate(HIDDEN)) == {"model", "connection", "checks"}
    if NODES_2:
        tab.page.wait_for_function(f"{DRAWN}.join() === 'goal,pass_score,keep_alive,judge,frames'")
    tab.shot("form_alone")


def test_model_and_connection_are_offered_and_anything_can_be_typed(theatre, tab):
    tab.load(loop_workflow())
    fields = form(tab)
    model = fields.get_by_label("Judge model")
    model.focus()
    tab.page.wait_for_function("document.querySelectorAll('.imitatoes-node-form datalist option').length >= 4")
    offered = [one.get_attribute("value") for one in fields.locator("datalist option").all()]
    assert MODEL in offered and "local" in offered and "text-only:latest" not in offered
    model.fill("another/model:7b")
    assert critic_inputs(tab)["model"] == "another/model:7b"
    fields.get_by_label("Connection").fill("workstation")
    assert critic_inputs(tab)["connection"] == "workstation"


def test_checks_are_toggles(tab):
    tab.load(loop_workflow())
    fields = form(tab)
    assert all(fields.get_by_label(name).is_checked() for name in ("Artifacts", "Faces", "Text", "Composition"))
    fields.get_by_label("Faces").uncheck()
    fields.get_by_label("Text").uncheck()
    assert critic_inputs(tab)["checks"] == "prompt_match, artifacts, composition"
    tab.page.evaluate(f"{CRITIC}.widgets.find((w) => w.name === 'checks').value = 'artifacts, nonsense'")
    fields.dispatch_event("pointerenter")
    tab.page.wait_for_function(f"!{HIDDEN}.includes('checks')")
    assert critic_inputs(tab)["checks"] == "artifacts, nonsense", "what the form cannot show is left as it is"


@pytest.mark.skipif(NODES_2, reason="Nodes 2.0 names its boxes")
def test_filled_boxes_are_named_on_the_classic_canvas(tab):
    tab.load(loop_workflow(checklist="a circle"))
    tab.page.wait_for_timeout(500)  # the canvas draws, and places the widgets
    drawn = tab.page.evaluate(
        """() => { const said = [];
            const context = { save() {}, restore() {}, fillText: (text, x, y) => said.push([text, y]) };
            const node = app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesSelfImprovingPrompt');
            node.onDrawForeground(context);
            return said; }"""
    )
    assert [name for name, _ in drawn] == ["goal", "prompt", "checklist"], "the empty one says its name by itself"
    assert all(y > 0 for _, y in drawn)
    tab.shot("labels")
