"""A clip in the panel: it plays, goes frame by frame, and two of them play in step."""

from __future__ import annotations

import pytest

from ..comfyui.test_contract_clips import clip_graph, played, with_video

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def videos(theatre):
    """Whether this server encodes videos; the rehearsal writes animations alone."""
    return "SaveVideo" in theatre.client.get("/object_info")


@pytest.fixture(scope="module")
def run(theatre, videos):
    graph = clip_graph("late, steady", save=not videos)
    return played(theatre, with_video(graph, fps=8.0) if videos else graph)


def shown(tab, run):
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(len(run["iterations"]))
    return panel


def test_the_best_clip_plays_in_the_panel(tab, run, videos):
    assert run["status"] == "done", run["reason"]
    panel = shown(tab, run)
    player = panel.locator(".imitatoes-canvas > .imitatoes-player")
    player.wait_for()
    if not videos:
        tab.page.wait_for_function(
            "(name) => { const i = document.querySelector('.imitatoes-canvas > .imitatoes-player img');"
            " return i.src.endsWith(name) && i.naturalWidth === 256; }",
            arg=run["iterations"][-1]["clip"]["file"],
        )
        assert not player.get_by_role("button", name="One frame on").is_visible()
        return
    find = "document.querySelector('.imitatoes-canvas > .imitatoes-player video')"
    tab.page.wait_for_function(f"{find}.readyState >= 2")
    assert tab.page.evaluate(f"[{find}.loop, {find}.videoWidth, {find}.paused]") == [True, 256, True]
    tab.page.evaluate(f"({find}.muted = true, {find}.play())")
    tab.page.wait_for_function(f"{find}.currentTime > 0.3")
    player.get_by_role("button", name="One frame on").click()
    tab.page.wait_for_function(f"{find}.paused && !{find}.seeking")
    at = tab.page.evaluate(f"{find}.currentTime")
    player.get_by_role("button", name="One frame on").click()
    tab.page.wait_for_function(f"!{find}.seeking && Math.abs({find}.currentTime - {at} - 0.125) < 0.02")
    tab.shot("clip")


def test_the_film_shows_three_frames_of_each_clip(tab, run):
    panel = shown(tab, run)
    tiles = panel.locator(".imitatoes-film .imitatoes-three")
    assert tiles.count() == len(run["iterations"])
    places = tiles.first.evaluate("(one) => [...one.children].map((frame) => frame.style.backgroundPosition)")
    assert places == ["0% 50%", "40% 50%", "100% 50%"]


def test_before_and_after_play_in_step(tab, run, videos):
    if not videos:
        pytest.skip("The rehearsal encodes no video.")
    panel = shown(tab, run)
    panel.get_by_role("button", name="Before and after").click()
    pair = "[...document.querySelectorAll('.imitatoes-compare video')]"
    tab.page.wait_for_function(f"{pair}.every((v) => !v.hidden && v.readyState >= 2 && v.currentTime > 0.2)")
    assert tab.page.evaluate(f"(([a, b]) => Math.abs(a.currentTime - b.currentTime))({pair})") < 0.3
    panel.get_by_role("button", name="Picture", exact=True).click()
    tab.page.wait_for_function(f"{pair}.every((v) => v.hidden && !v.hasAttribute('src'))")
