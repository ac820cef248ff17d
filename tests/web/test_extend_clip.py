"""Making a clip longer in the panel: its own goal for the next segment, and one clip of all segments at the end."""

from __future__ import annotations

import pytest

from ..comfyui.test_contract_clips import moving_graph, played

pytestmark = pytest.mark.browser
NEXT = "a red circle and a green square"


@pytest.fixture(scope="module")
def videos(theatre):
    """Whether this server encodes videos; the rehearsal writes animations alone."""
    return "SaveVideo" in theatre.client.get("/object_info")


@pytest.fixture(scope="module")
def run(theatre, videos):
    return played(theatre, moving_graph(theatre, animated=not videos))


def dialog(tab, run):
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(run["iteration_count"])
    panel.get_by_role("button", name="Extend this clip", exact=True).click()
    found = tab.page.get_by_role("dialog", name="Extend this clip", exact=True)
    found.wait_for()
    return found


def test_a_clip_is_made_longer_in_the_panel(theatre, tab, run, videos):
    assert run["best"]["clip"], run["reason"]
    asked = dialog(tab, run)
    assert asked.locator("li").first.inner_text() == run["goal"], "the segment that is there"
    asked.get_by_label("What the next segment must show").fill(NEXT)
    tab.shot("extend_dialog")
    asked.get_by_role("button", name="Begin the next segment").click()
    asked.wait_for(state="detached")
    panel = tab.panel()
    tab.page.wait_for_function(
        "(goal) => document.querySelector('.imitatoes-goal')?.textContent === goal && "
        "[...document.querySelectorAll('.imitatoes-panel button')]"
        ".some((one) => one.textContent === 'Extend this clip' && one.offsetParent)",
        arg=NEXT,
        timeout=40_000,
    )
    second = theatre.client.get("/imitatoes/runs?limit=1")["runs"][0]
    whole = theatre.client.get(f"/imitatoes/runs/{second['run_id']}")
    assert (whole["goal"], whole["extends"], whole["joined"]) == (NEXT, run["run_id"], videos)
    segments = panel.locator(".imitatoes-segments li")
    assert segments.all_inner_texts() == [run["goal"], NEXT]
    assert segments.nth(1).get_attribute("aria-current") == "true"
    if videos:
        panel.get_by_role("heading", name="The whole clip of 2 segments").wait_for()
        find = "document.querySelector('video[aria-label=\"The whole clip\"]')"
        tab.page.wait_for_function(f"{find}?.readyState >= 2")
        assert tab.page.evaluate(f"{find}.src").endswith("/pictures/best.mp4")
        assert tab.page.evaluate(f"{find}.duration") == pytest.approx(17 / 8, abs=0.06)
        tab.page.evaluate(f"({find}.muted = true, {find}.play())")
        tab.page.wait_for_function(f"{find}.currentTime > 0.2")
    else:
        panel.get_by_role("heading", name="Segments of this clip").wait_for()
        assert "PyAV" in whole["reason"]
    tab.shot("extended_clip")
    segments.first.get_by_role("button").click()
    tab.page.wait_for_function(
        "(goal) => document.querySelector('.imitatoes-goal')?.textContent === goal", arg=run["goal"]
    )
    assert not panel.locator(".imitatoes-segments").is_visible(), "a clip of its own"


def test_what_keeps_a_clip_from_going_on_is_told_in_the_dialog(theatre, tab, videos):
    graph = moving_graph(theatre, animated=not videos)
    del graph["5"]
    clip = {"prompt": ["10", 0], "seed": ["10", 2], "courses": "steady", "first_seed": 7}
    graph["6"] = {
        "class_type": "RehearsalClip",
        "inputs": {**clip, "length": 9, "width": 256, "height": 160, "seconds": 0.0},
    }
    asked = dialog(tab, played(theatre, graph))
    goal = asked.get_by_label("What the next segment must show")
    goal.fill("more")
    asked.get_by_role("button", name="Begin the next segment").click()
    asked.get_by_role("alert").wait_for()
    assert "picture to video workflow" in asked.get_by_role("alert").inner_text()
    assert goal.input_value() == "more", "nothing typed is lost"
    tab.problems.clear()  # the browser tells every answer of 409
    asked.get_by_role("button", name="Close").click()
    asked.wait_for(state="detached")
