"""Measuring Imitatoes from the page: what it takes is told first, it goes on by itself, and ends in a report."""

from __future__ import annotations

import pytest

from ..comfyui.measured import REFEREE, looks_at_pixels
from ..comfyui.theatre import MODEL
from .graphs import loop_workflow

pytestmark = pytest.mark.browser


def opened(tab):
    tab.command("Imitatoes.Measure")
    dialog = tab.page.get_by_role("dialog", name="Measure Imitatoes on this PC")
    dialog.wait_for()
    return dialog


def test_it_is_measured_stopped_gone_on_with_and_reported(theatre, tab):
    theatre.judge.default = looks_at_pixels
    tab.load(loop_workflow(seconds=0.2))
    dialog = opened(tab)
    form = dialog.locator("form")
    form.wait_for()
    assert form.get_by_label("Judge", exact=True).input_value() == MODEL
    assert form.get_by_label("Referee, of another model family").input_value() == REFEREE
    form.get_by_label("Prompts", exact=True).fill("2")
    form.get_by_label("Renders of each run, at most").fill("2")
    form.get_by_role("button", name="Measure a first render").click()
    dialog.get_by_text("2 prompts show a difference in all-correct pictures").wait_for(timeout=60_000)
    assert "At most 8 renders" in dialog.text_content()
    tab.shot("experiment_planned")
    dialog.get_by_role("button", name="Begin").click()
    stop = dialog.get_by_role("button", name="Stop")
    stop.wait_for()
    stop.click()
    dialog.get_by_text("Stopped; what was rendered is kept.").wait_for(timeout=30_000)
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")

    dialog = opened(tab)  # as it was left
    dialog.get_by_role("button", name="Go on").click()
    dialog.get_by_text("Done.").wait_for(timeout=120_000)
    assert form.is_hidden()
    assert not tab.page.get_by_text("The run has ended").is_visible(), "hundreds of runs end without a word"
    tab.shot("experiment_done")
    report = dialog.get_by_role("link", name="Report").get_attribute("href")
    assert theatre.client.ask("GET", report.removeprefix(theatre.client.url))[0] == 200
    with tab.page.context.expect_page() as ticking:
        dialog.get_by_role("link", name="Tick the pictures yourself").click()
    page = ticking.value
    page.locator("form").first.wait_for()
    first = page.locator("form").first
    for row in first.get_by_role("group").all():
        row.get_by_label("yes").check()
    page.get_by_text("1 of").wait_for()
    page.get_by_text("pictures ticked and kept").wait_for()
    page.close()
    dialog.get_by_role("button", name="Measure anew").click()
    dialog.locator("form").wait_for()
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")


def test_a_referee_of_the_same_family_is_refused_in_words(theatre, tab):
    tab.load(loop_workflow())
    dialog = opened(tab)
    anew, form = dialog.get_by_role("button", name="Measure anew"), dialog.locator("form")
    anew.or_(form).filter(visible=True).first.wait_for()
    if anew.is_visible():  # of an experiment before
        anew.click()
    form.wait_for()
    form.get_by_label("Referee, of another model family").select_option("qwen2.5vl:7b")
    with tab.refused("/imitatoes/experiments"):
        form.get_by_role("button", name="Measure a first render").click()
        dialog.get_by_role("alert").get_by_text("same model family").wait_for()
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")
