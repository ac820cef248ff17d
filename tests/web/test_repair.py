"""A part of a picture is marked on the page, painted anew, and shown outlined beside what it was."""

from __future__ import annotations

import json
import threading

import pytest

from ..comfyui.test_contract_repairs import ALL, LINES, TWO, graph, pointing
from ..conftest import ROOT

pytestmark = pytest.mark.browser
TEMPLATE = "02 Text to picture with SDXL.json"
"""Whose nodes the rehearsal has all."""


@pytest.fixture
def run(theatre):
    if theatre.real:
        pytest.skip("the graph has a stand-in's checkpoint")
    theatre.judge.default = pointing(ALL)
    return theatre.played(graph())


def opened(tab, run):
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(len(run["iterations"]))
    panel.get_by_role("button", name="Repair a part").click()
    dialog = tab.page.get_by_role("dialog", name="Repair a part")
    dialog.wait_for()
    tab.page.wait_for_function("document.querySelector('.imitatoes-repair-stage img').naturalWidth > 0")
    return panel, dialog


def drag(tab, sheet, start, end):
    box = sheet.bounding_box()
    spot = lambda place: (box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])  # noqa: E731
    tab.page.mouse.move(*spot(start))
    tab.page.mouse.down()
    tab.page.mouse.move(*spot(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)))
    tab.page.mouse.move(*spot(end))
    tab.page.mouse.up()


@pytest.mark.parametrize("way", ["Box", "Brush"])
def test_a_marked_part_is_repaired_and_outlined(tab, theatre, run, way):
    panel, dialog = opened(tab, run)
    send = dialog.get_by_role("button", name="Repair", exact=True)
    assert send.is_disabled(), "nothing is marked and nothing wished"
    dialog.get_by_role("button", name=way, exact=True).click()
    drag(tab, dialog.locator("canvas"), (0.55, 0.6), (0.8, 0.75))
    dialog.get_by_role("textbox", name="Your wish").fill("a blue star here")
    tab.shot(f"repair_{way.lower()}")
    send.click()
    dialog.wait_for(state="hidden")
    ended = theatre.ended(run["run_id"])
    last = ended["iterations"][-1]
    assert last["plan"]["repair"]["wish"] == "a blue star here"
    left, top, right, bottom = last["repaired"]
    assert 0.4 < left < 0.6 and 0.5 < top < 0.65 and 0.75 < right < 0.95 and 0.7 < bottom < 0.95
    tab.wait_for_tiles(ended["iteration_count"])
    panel.locator(f".imitatoes-tile[data-number='{last['number']}']").click()
    here = panel.get_by_role("region", name="Repaired here")
    here.wait_for()
    assert "a blue star here" in here.inner_text()
    assert here.locator("img").count() == 2 and here.locator(".imitatoes-outline:visible").count() == 2
    outlines = last["repaired_region"]["outlines"]
    assert len(outlines) == 1 and "blends over" in here.inner_text()
    drawn = here.locator(".imitatoes-outline-line").first.get_attribute("d")
    assert drawn.count("L") == len(outlines[0]) - 1
    here.get_by_role("button", name="Compare in the viewer").click()
    viewer = panel.get_by_role("dialog", name="Pictures of the run")
    over = viewer.locator(".imitatoes-viewer-outline:visible")
    tab.page.wait_for_function("document.querySelector('.imitatoes-viewer-after').naturalWidth > 0")
    assert over.count() == 2
    line, picture = over.last.bounding_box(), viewer.locator(".imitatoes-viewer-after").bounding_box()
    assert all(abs(line[side] - picture[side]) < 1 for side in line), "it lies on the picture, zoomed as that is"
    tab.shot(f"repaired_{way.lower()}_viewer")
    tab.page.keyboard.press("o")
    assert over.count() == 0
    tab.page.keyboard.press("Escape")
    tab.shot(f"repaired_{way.lower()}")


def test_a_part_is_repaired_while_the_run_goes_on(tab, theatre):
    """The dialog stays with the picture that it was opened for, whatever the run shows meanwhile."""
    if theatre.real:
        pytest.skip("the graph has a stand-in's checkpoint")
    answer, judge = threading.Event(), pointing(TWO)

    def patient(body, images):
        if theatre.client.get("/imitatoes/runs")["runs"][0]["iteration_count"] == 1:
            answer.wait(60)
        return judge(body, images)

    theatre.judge.default = patient
    prompt_id = theatre.client.queue(graph(iterations_per_loop=2, max_loops=1, repairs=0, seed=41))
    run = theatre.until(prompt_id, lambda run: run["iteration_count"] == 1)
    panel = tab.panel()
    panel.get_by_role("button", name="Repair a part").click()
    dialog = tab.page.get_by_role("dialog", name="Repair a part")
    tab.page.wait_for_function("document.querySelector('.imitatoes-repair-stage img').naturalWidth > 0")
    drag(tab, dialog.locator("canvas"), (0.55, 0.6), (0.8, 0.75))
    dialog.get_by_role("textbox", name="Your wish").fill("a blue star here")
    dialog.get_by_role("button", name="Repair", exact=True).click()
    dialog.wait_for(state="hidden")
    panel.get_by_role("list", name="Wishes that wait").wait_for()
    assert "a blue star here" in panel.get_by_role("list", name="Wishes that wait").inner_text()
    tab.shot("repair_waits")
    answer.set()
    ended = theatre.ended(run["run_id"], 60)
    assert ended["iterations"][-1]["plan"]["repair"]["wish"] == "a blue star here"
    panel.get_by_role("list", name="Wishes that wait").wait_for(state="hidden")


def test_what_cannot_be_repaired_says_why(tab, theatre):
    if theatre.real:
        pytest.skip("the graph has a stand-in's checkpoint")
    theatre.judge.default = pointing(ALL)
    workflow = graph()
    workflow["2"]["inputs"]["text"] = "three words alone"
    theatre.played(workflow)
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(1)
    assert panel.get_by_role("button", name="Repair a part").is_disabled()
    assert "cannot be repaired in place" in panel.inner_text()


def test_a_run_of_the_page_repairs_and_the_canvas_stays_as_it_is(tab, theatre):
    """The graph of a repair has nodes that the canvas does not know: nothing of the page may mind."""
    if theatre.real:
        pytest.skip("the graph has a stand-in's checkpoint")
    theatre.judge.default = pointing(TWO, ALL)
    tab.load(json.loads((ROOT / "workflows" / TEMPLATE).read_text(encoding="utf-8")))
    values = {"goal": ", ".join(LINES), "checklist": "\n".join(LINES), "judge": "auto", "iterations_per_loop": 8}
    tab.page.evaluate(
        "(values) => app.graph.nodes.filter((node) => node.comfyClass?.startsWith('Imitatoes')).forEach((node) =>"
        " node.widgets.forEach((widget) => { if (widget.name in values) widget.value = values[widget.name]; }))",
        values,
    )
    before = tab.api_graph()
    tab.queue()
    tab.panel()
    tab.wait_for_state("Goal met", 60)
    run = theatre.run(theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"])
    assert "local_edit" in [i["plan"]["action"] for i in run["iterations"]]
    after = tab.api_graph()
    assert {key: node["class_type"] for key, node in after.items()} == {k: n["class_type"] for k, n in before.items()}
    tab.shot("repaired_by_itself")
