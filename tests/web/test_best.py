"""One number: wherever the page names the best of a run, it is the same picture with the same score."""

from __future__ import annotations

import re

import pytest
from pack.rehearsal.ollama_double import Reply, pixel_judge

from ..comfyui.theatre import ONE_LINE, scripted
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
NAMED = re.compile(r"(?:best|best so far) ([\d.]+) \(#(\d+)\)|taken by you: #(\d+), ([\d.]+)")

PLACES = """() => {
    const panel = document.querySelector('.imitatoes-panel');
    const node = (kind) => app.graph.nodes.find((n) => n.comfyClass === kind);
    const said = (kind, name) => node(kind).widgets.find((w) => w.name === name).element.textContent;
    const tile = panel.querySelector('.imitatoes-is-best');
    const file = (node('ImitatoesVLMCritique').imgs ?? []).map((image) => image.src).at(-1)
        ?? document.querySelector('[data-node-id="11"] img[src*="loop_"]')?.src ?? '';
    return {
        header: panel.querySelector('.imitatoes-place').textContent,
        hub: said('ImitatoesSelfImprovingPrompt', 'run'),
        critic: said('ImitatoesVLMCritique', 'verdict'),
        chart: panel.querySelector('.imitatoes-best-score')?.textContent ?? '',
        tile: [tile?.dataset.number, tile?.querySelector('.imitatoes-tile-score').textContent],
        preview: /loop_\\d+_iter_\\d+/.exec(decodeURIComponent(file))?.[0] ?? '',
    };
}"""


def named(text):
    """(number, score) of the best that a text names."""
    found = NAMED.search(text)
    assert found, text
    score, number, taken, taken_score = found.groups()
    return int(number or taken), score or taken_score


def assert_all_name(tab, run, number):
    """Everything on the page names iteration `number` with the score that the server says."""
    picture = run["iterations"][number - 1]["picture"].removesuffix(".png")
    tab.page.wait_for_function(f"() => ({PLACES})().preview === '{picture}'", timeout=10_000)
    shown = tab.page.evaluate(PLACES)
    best = (number, f"{run['best']['score']:.2f}")
    assert run["best"]["iteration"] == number
    assert named(shown["header"]) == best
    assert named(shown["hub"]) == best
    assert named(shown["critic"]) == best
    assert re.search(r"#(\d+) · \D*([\d.]+)", shown["critic"]).groups() == (str(best[0]), f"{best[1]}.")
    assert shown["chart"] == best[1]
    assert shown["tile"] == [str(best[0]), best[1]]


@pytest.fixture
def judged_by(theatre):
    """Sets the judge's looks for one test."""

    def choose(*looks):
        theatre.judge.default = scripted(*looks)

    yield choose
    theatre.judge.default = pixel_judge


def newest(theatre):
    return theatre.run(theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"])


def test_the_best_is_not_the_last_then_another_is_taken_then_a_wish_is_added(theatre, tab, judged_by):
    judged_by(-2, -5, -1)
    tab.load(loop_workflow(iterations_per_loop=4, max_loops=1, checklist=ONE_LINE["checklist"], seconds=0.2))
    tab.panel()
    tab.queue()
    tab.wait_for_tiles(3)
    tab.page.wait_for_function("document.querySelector('.imitatoes-place').textContent.includes('(#2)')")
    run = newest(theatre)
    assert_all_name(tab, run, 2)
    tab.page.wait_for_function("document.querySelector('.imitatoes-state').dataset.tone !== 'running'", timeout=40_000)
    run = newest(theatre)
    assert_all_name(tab, run, run["best"]["iteration"])
    tab.shot("one_number")

    tab.panel().locator(".imitatoes-film button").nth(2).click()
    tab.button("Take this one").click()
    tab.wait_for_state("You took #3")
    assert_all_name(tab, newest(theatre), 3)

    judged_by(-3)
    tab.panel().get_by_role("textbox").first.fill("make it night")
    tab.continue_button().click()
    tab.wait_for_tiles(6)
    tab.page.wait_for_function("document.querySelector('.imitatoes-state').dataset.tone !== 'running'", timeout=40_000)
    run = newest(theatre)
    assert run["fresh_from"] == 5 <= run["best"]["iteration"]
    assert_all_name(tab, run, run["best"]["iteration"])
    old = tab.panel().locator(".imitatoes-film button").nth(1)
    assert "for the goal before your wish" in old.get_attribute("aria-label")


def test_a_picture_that_nobody_looked_at_has_no_number(theatre, tab, judged_by):
    theatre.judge.default = Reply(content="I would give it 8 out of 10.")
    tab.load(loop_workflow(iterations_per_loop=2, max_loops=1, checklist=ONE_LINE["checklist"]))
    panel = tab.panel()
    tab.queue()
    tab.wait_for_state("The judge failed")
    assert panel.locator(".imitatoes-tile-score").all_text_contents() == ["–", "–"]
    assert panel.locator(".imitatoes-best-score").count() == 0
    assert not re.search(r"\d\.\d", panel.locator(".imitatoes-place").text_content())
    assert panel.locator(".imitatoes-iteration .imitatoes-score").text_content() == "–"
