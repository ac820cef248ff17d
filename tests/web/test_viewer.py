"""The pictures of a run over the whole window."""

from __future__ import annotations

import pytest

from ..comfyui.theatre import loop_graph

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def run(theatre):
    return theatre.played(loop_graph(seed=5, goal="ten purple hexagons", iterations_per_loop=3, max_loops=1))


def opened(tab, run):
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(len(run["iterations"]))
    panel.locator(".imitatoes-show").click()
    viewer = tab.page.get_by_role("dialog", name="Pictures of the run")
    viewer.wait_for()
    return viewer


def transform(tab):
    return tab.page.evaluate("document.querySelector('.imitatoes-viewer-after').style.transform")


def wait_for_picture(tab, run, number):
    name = run["iterations"][number - 1]["picture"]
    tab.page.wait_for_function(
        "(name) => { const i = document.querySelector('.imitatoes-viewer-after');"
        " return i.src.endsWith(name) && i.complete && i.naturalWidth > 0; }",
        arg=name,
    )


def test_a_click_opens_it_and_arrows_go_through_the_film_with_the_zoom_held(tab, run):
    assert len(run["iterations"]) > 2
    viewer = opened(tab, run)
    size = viewer.bounding_box()
    assert (size["width"], size["height"]) == (1500, 1000)
    wait_for_picture(tab, run, run["best"]["iteration"])
    tab.page.keyboard.press("Home")
    wait_for_picture(tab, run, 1)
    fit = transform(tab)
    tab.page.keyboard.press("+")
    tab.page.keyboard.press("+")
    near = transform(tab)
    assert near != fit
    tab.page.keyboard.press("ArrowRight")
    wait_for_picture(tab, run, 2)
    assert transform(tab) == near, "the zoom holds"
    tab.shot("viewer")
    tab.page.keyboard.press("0")
    assert transform(tab) == fit
    box = viewer.locator(".imitatoes-viewer-pictures").bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(6):
        tab.page.mouse.wheel(0, -300)
    tab.page.wait_for_function(
        "(t) => document.querySelector('.imitatoes-viewer-after').style.transform !== t", arg=fit
    )
    wheeled = transform(tab)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2, steps=3)
    tab.page.mouse.up()
    assert transform(tab) != wheeled, "dragging moves it"
    tab.page.keyboard.press("Escape")
    viewer.wait_for(state="hidden")
    heading = tab.panel().locator(".imitatoes-iteration h3")
    assert heading.text_content() == "Iteration 2", "the panel shows what was looked at last"


def test_two_pictures_under_a_slider_and_side_by_side_by_keyboard(tab, run):
    viewer = opened(tab, run)
    tab.page.keyboard.press("Home")  # beside the first stands the second, which is nobody's choice
    tab.page.keyboard.press("End")
    tab.page.keyboard.press("c")
    stage = viewer.locator(".imitatoes-viewer-stage")
    assert stage.get_attribute("data-mode") == "slider"
    slider = viewer.get_by_role("slider")
    last = len(run["iterations"])
    assert slider.get_attribute("aria-label") == f"Compare iteration 1 with iteration {last}"
    slider.focus()
    for _ in range(12):
        tab.page.keyboard.press("ArrowLeft")
    assert "38%" in stage.get_attribute("style")
    tab.shot("viewer_slider")
    viewer.get_by_role("button", name="Side by side").click()
    before, after = viewer.locator(".imitatoes-viewer-pane").all()
    assert before.bounding_box()["width"] == pytest.approx(after.bounding_box()["width"], abs=1)
    tab.page.keyboard.press("Shift+ArrowRight")
    tab.page.wait_for_function(
        "(name) => document.querySelector('.imitatoes-viewer-before').src.endsWith(name)",
        arg=run["iterations"][1]["picture"],
    )
    tab.shot("viewer_sides")
    assert viewer.get_by_role("combobox", name="Compare with").input_value() == "2"
    viewer.get_by_role("button", name="Close").click()
    viewer.wait_for(state="hidden")


def test_its_keys_do_nothing_to_the_canvas(tab, run):
    tab.page.evaluate("void app.graph.add(LiteGraph.createNode('ImitatoesVRAMGuard'))")
    tab.page.evaluate("app.canvas.selectNode(app.graph.nodes.at(-1))")
    viewer = opened(tab, run)
    tab.page.keyboard.press("Delete")
    tab.page.keyboard.press("Backspace")
    assert tab.page.evaluate("app.graph.nodes.length") == 1
    tab.page.keyboard.press("Escape")
    viewer.wait_for(state="hidden")
