"""While a render goes on: its preview in the film, how long it has taken and may take, and how its end is told."""

from __future__ import annotations

import re

import pytest

from .graphs import loop_workflow

pytestmark = pytest.mark.browser
TIME = "document.querySelector('.imitatoes-time').textContent"


def test_the_samplers_picture_and_the_time_are_shown_while_it_renders(tab):
    tab.load(loop_workflow(goal="ten purple hexagons", prompt="a picture", seconds=3.0))
    panel = tab.panel()
    tab.queue()
    pending = ".imitatoes-tile-pending"
    tab.page.wait_for_function(
        f"document.querySelector('{pending} img:not([hidden])')?.naturalWidth > 0", timeout=40_000
    )
    assert "as far as it is rendered" in panel.locator(pending).get_attribute("aria-label")
    tab.wait_for_tiles(1)
    tab.page.wait_for_function(f"/^This render .* of about .* · run .*, at most .* more$/.test({TIME})")
    first = tab.page.evaluate(TIME)
    tab.page.wait_for_function(f"(first) => {TIME} !== first", arg=first, timeout=5_000)
    tab.page.wait_for_function(
        f"document.querySelector('{pending} img:not([hidden])')?.src.startsWith('blob:')", timeout=20_000
    )
    tab.shot("preview")
    shown = panel.locator(".imitatoes-time").text_content()
    assert re.search(r"at most \d+ (s|min \d+ s) more", shown), shown
    tab.button("Stop now").click()
    tab.wait_for_state("Stopped")
    assert not panel.locator(".imitatoes-time").is_visible()


@pytest.fixture
def told(tab):
    """Sounds and desktop messages of the page, instead of played and shown."""
    tab.page.evaluate(
        """() => {
            window.told = [];
            window.Notification = class {
                static permission = 'granted';
                static requestPermission() { window.told.push('asked'); }
                constructor(title, { body }) { window.told.push([title, body]); }
            };
            HTMLMediaElement.prototype.play = function () {
                window.told.push(this.src.slice(0, 5));
                return Promise.resolve();
            };
        }"""
    )
    yield lambda: tab.page.evaluate("window.told")
    for name in ("Sound", "Notification"):
        tab.page.evaluate("(id) => app.extensionManager.setting.set(id, false)", f"Imitatoes.Panel.{name}")


def test_the_end_is_told_beyond_the_page_only_when_asked_for(tab, told):
    workflow = loop_workflow(goal="one green star", prompt="one green star", seconds=0.0, max_loops=1)
    tab.load(workflow)
    tab.panel()
    tab.queue()
    tab.wait_for_state("Goal met")
    assert told() == []
    for name in ("Sound", "Notification"):
        tab.page.evaluate("(id) => app.extensionManager.setting.set(id, true)", f"Imitatoes.Panel.{name}")
    tab.queue()
    tab.page.wait_for_function("window.told.length >= 2", timeout=30_000)
    assert ["Imitatoes: Goal met", "one green star"] in told()
    assert "blob:" in told()
