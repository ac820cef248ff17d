"""Past runs in the panel: found by words, end, score and star; opened; deleted one by one and many at once."""

from __future__ import annotations

import re

import pytest

from ..comfyui.theatre import loop_graph

pytestmark = pytest.mark.browser


def played(theatre, goal, **fields):
    return theatre.played(loop_graph(goal=goal, prompt=fields.pop("prompt", goal), max_loops=1, **fields))


def goals(tab):
    return tab.page.locator(".imitatoes-past-goal").all_text_contents()


def wait_for_goals(tab, wanted):
    tab.page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll('.imitatoes-past-goal')].map((e) => e.textContent))"
        " === JSON.stringify(wanted)",
        arg=wanted,
        timeout=10_000,
    )


def confirm(tab, words):
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_text(words).first.wait_for()
    dialog.get_by_role("button", name=re.compile("(Delete|Confirm)$")).click()


def test_past_runs_open_and_are_deleted_after_a_question(theatre, tab):
    goal = "one green star, to be deleted"
    run = played(theatre, goal, prompt="one green star")
    panel = tab.panel()
    tab.past()
    row = panel.get_by_role("button", name=re.compile(f"Open the run “{goal}”"))
    tab.page.wait_for_function("document.querySelector('.imitatoes-past img').naturalWidth > 0")
    row.click()
    tab.wait_for_tiles(len(run["iterations"]))
    assert panel.locator(".imitatoes-goal").text_content() == goal
    assert not row.is_visible(), "the list is a view of its own: nothing to scroll past"
    tab.button("Close this past run").click()
    tab.past()
    panel.get_by_role("button", name=f"Delete the run “{goal}”").click()
    confirm(tab, goal)
    row.wait_for(state="detached")
    assert not (theatre.runs_folder / run["run_id"]).exists()


def test_runs_are_found_by_words_end_score_and_star(theatre, tab):
    met = played(theatre, "one green star under a moon", prompt="one green star")
    unmet = played(theatre, "ten purple hexagons under a moon", prompt="a picture", iterations_per_loop=1)
    played(theatre, "one red circle", iterations_per_loop=1)
    panel = tab.panel()
    tab.past()
    search = panel.get_by_role("searchbox", name="Search in goals, prompts and wishes")
    search.fill("MOON under")
    both = ["ten purple hexagons under a moon", "one green star under a moon"]
    wait_for_goals(tab, both)
    panel.get_by_role("combobox", name="Score").select_option("0.8")
    wait_for_goals(tab, both[1:] if met["best"]["score"] >= 0.8 > unmet["best"]["score"] else both)
    panel.get_by_role("combobox", name="Score").select_option("")
    state = panel.get_by_role("combobox", name="How it ended")
    state.select_option("met" if met["status"] == "done" else "not_met")
    wait_for_goals(tab, both[1:] if met["status"] == "done" else both)
    state.select_option("")
    panel.get_by_role("combobox", name="Judge model").select_option(met["model"])
    wait_for_goals(tab, both)
    tab.shot("past_found")
    star = panel.get_by_role("button", name="Star for the run “one green star under a moon”")
    star.click()
    tab.page.wait_for_function("document.querySelectorAll('.imitatoes-past [aria-pressed=true]').length === 1")
    assert theatre.run(met["run_id"])["starred"] is True
    panel.get_by_role("button", name="Only runs with a star").click()
    wait_for_goals(tab, both[1:])
    search.fill("wolves")
    panel.get_by_text("No run fits.").wait_for()
    search.fill("")
    panel.get_by_role("button", name="Only runs with a star").click()
    panel.get_by_role("combobox", name="Judge model").select_option("")
    panel.locator(".imitatoes-past-goal", has_text=re.compile("^one red circle$")).first.wait_for()


def test_many_are_deleted_at_once_with_their_size_said_before(theatre, tab):
    runs = [played(theatre, f"one green star, number {n} of the heap", prompt="one green star") for n in (1, 2)]
    folders = [theatre.runs_folder / run["run_id"] for run in runs]
    size = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    panel = tab.panel()
    tab.past()
    for number in (1, 2):
        panel.get_by_role("checkbox", name=f"Choose the run “one green star, number {number} of the heap”").check()
    chosen = panel.locator(".imitatoes-selection")
    said = re.compile(r"2 runs chosen, ([\d.]+) ([kM])B")
    tab.page.wait_for_function("/2 runs chosen, .*B/.test(document.querySelector('.imitatoes-selection').textContent)")
    number, unit = said.search(chosen.text_content()).groups()
    assert float(number) * {"k": 1e3, "M": 1e6}[unit] == pytest.approx(size, rel=0.05)
    tab.shot("past_chosen")
    panel.get_by_role("button", name="Delete them").click()
    confirm(tab, "2 runs are deleted from disk")
    tab.page.wait_for_function("!document.querySelector('.imitatoes-past').textContent.includes('of the heap')")
    assert not any(folder.exists() for folder in folders)
