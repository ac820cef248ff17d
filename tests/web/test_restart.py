"""The server is restarted under an open page."""

from __future__ import annotations

import re

import pytest

from .graphs import loop_workflow
from .test_page import LOOP, wait_for_text

pytestmark = pytest.mark.browser
CUT_OFF = "Cut off by a restart"
WITHIN_MS = 5_000
"""From the page's reconnecting on."""


def test_an_open_page_shows_the_suspended_run_with_resume_by_itself(theatre, tab):
    tab.load(loop_workflow(goal="ten purple hexagons", prompt="a picture", seconds=1.0))
    panel = tab.panel()
    tab.queue()
    tab.wait_for_tiles(1)
    tab.page.wait_for_function("/Rendering \\d+/.test(document.querySelector('.imitatoes-state').textContent)")
    before = tab.tiles()
    tab.page.evaluate(
        """() => { window.back = new Promise((done) =>
            window.comfyAPI.api.api.addEventListener('reconnected', () => done(true), { once: true })); }"""
    )
    theatre.process.restart(kill=True)
    tab.page.evaluate("window.back")
    tab.wait_for_state(CUT_OFF, seconds=WITHIN_MS / 1000)
    assert tab.button("Resume").is_visible()
    assert not tab.button("Stop now").is_visible()
    assert re.search(r"Resume the run to go on", panel.text_content())
    assert tab.tiles() >= before
    tab.past()
    tab.page.wait_for_function("document.querySelector('.imitatoes-past img').naturalWidth > 0")
    assert not [problem for problem in tab.problems if problem.startswith("404")], "its best has a thumbnail"
    tab.button("This run").click()
    assert panel.locator(".imitatoes-tile-pending").count() == 0
    wait_for_text(tab, LOOP, "run", CUT_OFF)
    tab.shot("suspended")
    tab.button("Resume").click()
    tab.wait_for_tiles(before + 1)
    tab.wait_for_state("Rendering")
    tab.problems.clear()  # the browser reports the lost connection as an error of its own
