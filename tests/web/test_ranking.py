"""A folder ranked from the panel, and what the judges of a jury said."""

from __future__ import annotations

import threading

import pytest
from pack.rehearsal.ollama_double import pixel_judge
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse
from PIL import Image

from ..comfyui.theatre import MODEL
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
TOLD = ("Found ", "Did not find: ", "Could not tell", "was not asked")
"""What a judge of a jury said: after a clear answer of the first one the second need not be asked."""
GOAL = "three red circles"
PAINTED = {"a_none.png": "a blue square", "b_three.png": GOAL, "c_two.png": "two red circles"}


@pytest.fixture
def folder(theatre):
    """In ComfyUI's output folder."""
    place = theatre.base / "output" / "to rank"
    place.mkdir(parents=True, exist_ok=True)
    for name, prompt in PAINTED.items():
        Image.fromarray(draw(parse(prompt), 5, 256, 256)).save(place / name)
    return place


def test_a_folder_is_ranked_stopped_and_gone_on_with(theatre, tab, folder, monkeypatch):
    may, looks = threading.Event(), []
    may.set()

    def held(body, images):
        looks.append(1)
        if len(looks) > 4:
            may.wait(20)
        return pixel_judge(body, images)

    monkeypatch.setattr(theatre.judge, "default", held)
    panel = tab.panel()
    panel.get_by_role("button", name="Rank a folder of pictures").click()
    dialog = tab.page.get_by_role("dialog", name="Rank a folder of pictures")
    place = dialog.get_by_label("Folder", exact=True)
    tab.page.wait_for_function("document.querySelector('.imitatoes-dialog select')?.options.length > 0")
    place.select_option(label="ComfyUI's output / to rank (3)")
    dialog.get_by_label("Goal").fill(GOAL)
    dialog.get_by_label("Judge model").fill(MODEL)
    may.clear()
    dialog.get_by_role("button", name="Rank", exact=True).click()
    dialog.get_by_role("button", name="Stop").click()
    dialog.get_by_role("status").get_by_text("Stopped.").wait_for()
    tab.shot("ranking_stopped")
    may.set()
    dialog.get_by_role("button", name="Go on").click()
    dialog.get_by_role("status").get_by_text("Done. 3 of 3 pictures judged").wait_for()
    rows = dialog.locator("ol.imitatoes-ranking > li")
    assert rows.count() == 3
    assert rows.nth(0).get_by_role("link").text_content() == "to rank/b_three.png"
    assert "Missing" in rows.nth(2).text_content()
    sheet = dialog.get_by_role("img", name="Contact sheet, the best first")
    sheet.wait_for()
    tab.page.wait_for_function("document.querySelector('.imitatoes-ranking-sheet').naturalWidth > 0")
    picture = rows.nth(0).get_by_role("link").get_attribute("href")
    assert tab.page.evaluate("(url) => fetch(url).then((answer) => answer.ok)", picture)
    tab.shot("ranking")
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")
    # Found again later, without the page that began it.
    tab.command("Imitatoes.RankFolder")
    dialog = tab.page.get_by_role("dialog", name="Rank a folder of pictures")
    dialog.get_by_label("Earlier rankings").select_option(index=1)
    dialog.get_by_role("status").get_by_text("3 of 3").wait_for()
    dialog.get_by_role("button", name="Close").click()
    assert sorted(path.name for path in folder.iterdir()) == sorted(PAINTED)


def test_what_each_judge_of_a_jury_said_is_shown(theatre, tab):
    workflow = loop_workflow(iterations_per_loop=1, max_loops=1, goal="a red circle", prompt="a red circle")
    critic = next(node for node in workflow["nodes"] if node["id"] == 11)
    critic["widgets_values"][1] = f"{MODEL}, qwen2.5vl:7b"
    tab.load(workflow)
    panel = tab.panel()
    tab.queue()
    tab.wait_for_tiles(1)
    panel.get_by_text("Judges", exact=True).click()
    rows = panel.locator(".imitatoes-jury > li")
    rows.first.wait_for()
    said = [rows.nth(at).text_content() for at in range(rows.count())]
    assert len(said) == 2
    assert said[0].startswith(MODEL) and said[1].startswith("qwen2.5vl:7b")
    assert "calls" in said[0] and all(any(words in one for words in TOLD) for one in said), said
    tab.shot("jury")
