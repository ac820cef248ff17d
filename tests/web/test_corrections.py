"""The user's part in a run: another verdict, another checklist, and the words of a picture into the open workflow."""

from __future__ import annotations

import re

import pytest

from ..comfyui.theatre import loop_graph
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
GOAL = "one red circle and one green star"
UNMET = "one red circle\nnine purple hexagons on a tightrope"
"""Not met by the second render."""
UNDO = "app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length"
HUB = "app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesSelfImprovingPrompt')"


def opened(theatre, tab, **fields):
    """An ended run, shown in the panel: as the server has it."""
    limits = {"iterations_per_loop": 2, "max_loops": 1}
    run = theatre.played(
        loop_graph(goal=GOAL, prompt="one red circle", checklist=GOAL.replace(" and ", "\n"), **limits, **fields)
    )
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(len(run["iterations"]))
    panel.locator(".imitatoes-film button").first.click()
    panel.get_by_role("heading", name="Iteration 1").wait_for()
    return run, panel


def values(tab):
    names = ["prompt", "negative", "seed", "steps", "cfg"]
    return tab.page.evaluate(f"(names) => names.map((name) => {HUB}.widgets.find((w) => w.name === name).value)", names)


def test_the_words_of_a_picture_go_into_the_open_workflow_and_come_back_by_undo(theatre, tab):
    run, panel = opened(theatre, tab, negative="blur", steps=12, cfg=5.5)
    tab.load(loop_workflow(prompt="something else"))
    tab.page.wait_for_timeout(500)  # the page takes its first state for undo a moment after loading
    # Nodes 2.0 of 1.35 moves nodes by a fraction of a pixel, which the next click anywhere makes a step of its own.
    panel.locator(".imitatoes-film button").first.click()
    before, steps = values(tab), tab.page.evaluate(UNDO)
    settings = run["iterations"][0]["settings"]
    panel.get_by_role("button", name="Use these words").click()
    panel.get_by_text("They are in Self-Improving Prompt now.").wait_for()
    assert values(tab) == [settings[name] for name in ("prompt", "negative", "seed", "steps", "cfg")] != before
    assert tab.api_graph()["10"]["inputs"]["prompt"] == settings["prompt"]
    tab.page.wait_for_function(f"{UNDO} === {steps + 1}")
    tab.command("Comfy.Undo")
    tab.page.wait_for_function(f"{HUB}?.widgets.find((w) => w.name === 'prompt').value === 'something else'")
    assert values(tab) == before


def test_without_a_hub_that_is_said(theatre, tab):
    _, panel = opened(theatre, tab)
    panel.get_by_role("button", name="Use these words").click()
    panel.get_by_role("alert").get_by_text("has no Self-Improving Prompt to take them").wait_for()


def test_the_judge_is_put_right_by_a_click_and_the_click_taken_back(theatre, tab):
    run, panel = opened(theatre, tab)
    item = run["iterations"][0]["critique"]["items"][0]
    wrong = panel.get_by_role("button", name=re.compile("The judge is wrong here: “one red circle” is (not )?met"))
    wrong.click()
    panel.get_by_text(re.compile(r"Your word. The judge said \d+ %\.")).wait_for()
    now = theatre.run(run["run_id"])["iterations"][0]["critique"]["items"][0]
    assert (now["passed"], now["judged"]) == (not item["passed"], item["p"])
    tab.shot("corrected")
    back = panel.get_by_role("button", name="Take your word back about “one red circle”")
    assert back.evaluate("(button) => button === document.activeElement"), "the keyboard stays where it was"
    back.click()
    wrong.wait_for()
    now = theatre.run(run["run_id"])["iterations"][0]["critique"]
    assert now["items"][0] == item and now["score"] == run["iterations"][0]["critique"]["score"]


def test_the_checklist_is_edited_between_renders(theatre, tab):
    tab.load(
        loop_workflow(
            goal=GOAL,
            prompt="one red circle",
            checklist=UNMET,
            seconds=2.0,
            iterations_per_loop=6,
            max_loops=1,
        )
    )
    panel = tab.panel()
    tab.queue()
    tab.wait_for_tiles(1)
    panel.get_by_role("button", name="Edit the checklist").click()
    lines = panel.get_by_role("textbox", name="Requirements, one a line")
    assert lines.input_value() == UNMET
    lines.fill("one red circle\none blue square")
    tab.shot("checklist_edited")
    panel.get_by_role("button", name="Judge by these").click()
    panel.get_by_text("one blue square").first.wait_for()
    lines.wait_for(state="hidden")
    run = theatre.ended(theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"], 30)
    assert [one["text"] for one in run["checklist"]["requirements"]] == ["one red circle", "one blue square"]
    asked = [{item["id"] for item in one["critique"]["items"]} for one in run["iterations"]]
    assert asked[0] == {"r1"} and asked[-1] == {"r1", "r3"}


def test_a_checklist_that_cannot_be_used_is_said_and_stays_open(theatre, tab):
    _, panel = opened(theatre, tab)
    panel.get_by_role("button", name="Edit the checklist").click()
    panel.get_by_role("textbox", name="Requirements, one a line").fill("  ")
    panel.get_by_role("button", name="Judge by these").click()
    panel.get_by_role("alert").get_by_text("The checklist is empty.").wait_for()
    panel.get_by_role("button", name="Cancel", exact=True).click()
    assert panel.get_by_role("button", name="Edit the checklist").is_visible()
    tab.problems.clear()  # the browser tells every answer of 400
