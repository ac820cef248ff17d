"""A series of goals in the panel: what is done and left, the best of each, stopped and resumed as a whole."""

from __future__ import annotations

import pytest

from ..comfyui.theatre import loop_graph, scripted

pytestmark = pytest.mark.browser
GOALS = [f"{number} red circles" for number in range(1, 6)]


def posted(theatre, goals, seconds):
    graph = loop_graph(iterations_per_loop=1, max_loops=1, size=64, seconds=seconds)
    status, answer = theatre.client.post(
        "/imitatoes/runs", {"workflow": graph, "goals": goals, "checklists": ["a red circle"] * len(goals)}
    )
    assert status == 200, answer
    return answer["series_id"]


def test_a_series_is_followed_stopped_and_resumed_in_the_panel(theatre, tab):
    theatre.judge.default = scripted(-3)
    series_id = posted(theatre, GOALS, 0.8)
    panel = tab.panel()
    panel.get_by_role("button", name="Series", exact=True).click()
    section = panel.get_by_role("region", name="Series of goals")
    section.get_by_text("2 of 5 goals, 0 met", exact=True).wait_for()
    rows = section.locator("li")
    assert rows.count() == 5
    assert "waiting" in rows.nth(4).inner_text() and "All iterations used" in rows.nth(0).inner_text()
    assert "5. 5 red circles" in rows.nth(4).inner_text()
    tab.shot("series")
    section.get_by_role("button", name="Stop now").click()
    section.get_by_text("Stopped", exact=True).wait_for()
    stopped = theatre.client.get(f"/imitatoes/series/{series_id}")
    assert stopped["state"] == "stopped" and stopped["ended"] < 5
    section.get_by_role("button", name="Resume").click()
    section.get_by_text("5 of 5 goals, 0 met", exact=True).wait_for(timeout=20_000)
    section.get_by_text("All goals are through", exact=True).wait_for()
    assert (
        section.get_by_role("link", name="Contact sheet").get_attribute("href").endswith(f"/series/{series_id}/sheet")
    )
    tab.page.wait_for_function(
        "[...document.querySelectorAll('.imitatoes-series-goals img')].filter((one) => one.naturalWidth).length === 5"
    )
    rows.nth(1).get_by_role("button").click()
    panel.get_by_text(GOALS[1]).first.wait_for()
    assert panel.locator(".imitatoes-goal").text_content() == GOALS[1], "its run is opened"
