"""The canvas: the verdict on the node, pictures dropped back, templates, the settings."""

from __future__ import annotations

import pytest

from ..comfyui.theatre import embedded
from ..templates import NEWER, UI, api_graph, missing_from, read
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
LOOP, CRITIC = "ImitatoesSelfImprovingPrompt", "ImitatoesVLMCritique"


def wait_for_text(tab, kind, widget, words):
    tab.page.wait_for_function(
        "([kind, name, words]) => app.graph.nodes.find((n) => n.comfyClass === kind)"
        "?.widgets.find((w) => w.name === name)?.element.textContent.includes(words)",
        arg=[kind, widget, words],
        timeout=40_000,
    )


def test_queue_once_in_the_page_and_drop_the_picture_back(theatre, tab):
    tab.load(loop_workflow())
    assert not {"verdict", "run"} & {name for node in tab.api_graph().values() for name in node["inputs"]}
    tab.queue()
    wait_for_text(tab, CRITIC, "verdict", "Iteration 2 of 12")
    wait_for_text(tab, CRITIC, "verdict", "Goal met")
    tab.shot("done")
    assert tab.text_of(LOOP, "run").startswith("Goal met after")
    row = theatre.client.get("/imitatoes/runs")["runs"][0]
    run = theatre.run(row["run_id"])
    assert len(run["iterations"]) > 1
    assert run["best"]["score"] >= 0.8
    for iteration in run["iterations"]:
        path = theatre.picture(run, iteration["picture"])
        tab.page.evaluate(
            """async ([url, name]) => {
                const blob = await (await fetch(url)).blob();
                await app.handleFile(new File([blob], name, { type: "image/png" }));
            }""",
            [f"/imitatoes/runs/{run['run_id']}/pictures/{iteration['picture']}", iteration["picture"]],
        )
        tab.page.wait_for_function(
            "(seed) => app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesSelfImprovingPrompt')"
            "?.widgets.find((w) => w.name === 'seed').value === seed",
            arg=iteration["settings"]["seed"],
        )
        loaded = tab.api_graph()
        assert {k: loaded["10"]["inputs"][k] for k in iteration["settings"]} == iteration["settings"]
        assert loaded["10"]["inputs"] == embedded(path)["10"]["inputs"]


def test_the_node_says_what_is_judged_while_the_judge_looks(theatre, tab):
    tab.load(loop_workflow(seconds=0.1))
    tab.page.evaluate(
        """() => { window.said = new Set();
            const element = app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVLMCritique')
                .widgets.find((w) => w.name === 'verdict').element;
            new MutationObserver(() => window.said.add(element.textContent))
                .observe(element, { childList: true, characterData: true, subtree: true }); }"""
    )
    tab.queue()
    wait_for_text(tab, CRITIC, "verdict", "Goal met")
    said = tab.page.evaluate("[...window.said]")
    assert any(text.startswith("Judging iteration 1 of 12") for text in said)
    assert any("Looks for: three red circles" in text for text in said)


def test_the_pages_own_total_is_right_for_renders_that_the_server_queued(tab):
    tab.load(loop_workflow(seconds=0.5))
    tab.page.evaluate(
        """() => { window.totals = {}; const api = window.comfyAPI.api.api;
            const store = app.extensionManager._p?._s?.get?.('execution');
            api.addEventListener('progress_state', ({ detail }) => setTimeout(() => {
                const painting = Object.values(detail.nodes).some((n) => n.state === 'running' && n.value < n.max);
                if (store && painting) (window.totals[detail.prompt_id] ??= []).push(store.executionProgress);
            }, 20)); }"""
    )
    tab.queue()
    wait_for_text(tab, CRITIC, "verdict", "Goal met")
    totals = tab.page.evaluate("Object.values(window.totals)")
    assert len(totals) > 1
    assert all(max(values) < 1 for values in totals), "told nothing, the page shows 100 % from the first node on"


HEARD = """() => {
    window.verdictsHere = 0;
    const count = ({ detail }) => { if (detail.output?.imitatoes) setTimeout(() => { window.verdictsHere += 1; }); };
    window.comfyAPI.api.api.addEventListener("executed", count);
}"""
"""Counts the verdicts that the page hands to its nodes from now on."""


def test_a_run_does_not_write_into_another_workflow_in_front(theatre, tab):
    tab.load(loop_workflow())
    tab.queue()
    wait_for_text(tab, CRITIC, "verdict", "Iteration")
    tab.load(loop_workflow())
    run = theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"]
    tab.page.evaluate(HEARD)
    seen = len(theatre.run(run)["iterations"])
    theatre.until(run, lambda told: len(told["iterations"]) > seen or told["waiting"])
    tab.page.wait_for_function("window.verdictsHere > 0")
    assert tab.text_of(CRITIC, "verdict") == "Queue to see the verdict here."
    assert tab.text_of(LOOP, "run").startswith("Queue once")


def test_our_widgets_are_not_saved(tab):
    tab.load(loop_workflow())
    saved = tab.page.evaluate("app.graph.serialize().nodes.map((n) => n.widgets_values.length)")
    assert sorted(saved) == sorted(len(node["widgets_values"]) for node in loop_workflow()["nodes"])


PAGE_ONLY = {
    "PreviewAny": ("preview", "previewMode"),
    "CreateVideo": ("bit_depth",),
    "SaveVideo": ("format.codec",),
}
"""Inputs that a page adds: widgets of its own, which the server ignores, and what newer versions have a default for."""


def said_by_both(graph):
    """The inputs of a graph without those that this page adds or does not know yet."""
    others = {**NEWER, **PAGE_ONLY}
    return {
        node_id: {n: v for n, v in node["inputs"].items() if n not in others.get(node["class_type"], ())}
        for node_id, node in graph.items()
    }


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_the_templates_open_and_say_the_same_as_their_api_graphs(tab, path):
    if not tab.theatre.real:
        pytest.skip("the rehearsal has not all nodes of the templates")
    expected = api_graph(path.stem)
    if missing := missing_from(expected, tab.theatre.client.get("/object_info")):
        pytest.skip(f"this ComfyUI is older than {', '.join(sorted(missing))}")
    tab.load(read(path))
    tab.shot(path.stem)
    assert said_by_both(tab.api_graph()) == said_by_both(expected)


def test_new_critics_judge_with_the_model_of_the_settings_and_loaded_ones_keep_theirs(tab):
    set_to = "([id, value]) => app.extensionManager.setting.set(id, value)"
    tab.page.evaluate(set_to, ["Imitatoes.Judge.Model", "gemma3:4b"])
    tab.page.evaluate(set_to, ["Imitatoes.Judge.Connection", "workstation"])
    try:
        value = "(name) => app.graph.nodes.at(-1).widgets.find((w) => w.name === name).value"
        tab.page.evaluate("app.graph.add(LiteGraph.createNode('ImitatoesVLMCritique'))")
        assert tab.page.evaluate(value, "model") == "gemma3:4b"
        assert tab.page.evaluate(value, "connection") == "workstation"
        workflow = loop_workflow()
        tab.load(workflow)
        critic = next(node for node in tab.api_graph().values() if node["class_type"] == CRITIC)
        assert critic["inputs"]["model"] == workflow["nodes"][2]["widgets_values"][1]
    finally:
        tab.page.evaluate(set_to, ["Imitatoes.Judge.Model", ""])
        tab.page.evaluate(set_to, ["Imitatoes.Judge.Connection", ""])


def test_the_end_of_a_run_is_told_only_while_the_panel_is_closed(theatre, tab):
    told = "[...document.querySelectorAll('body *')].some((e) => e.textContent.trim() === 'The goal is met')"
    tab.page.wait_for_function(f"!({told})", timeout=20_000)  # what an earlier run was told with is gone
    tab.load(loop_workflow(seconds=0.0))
    tab.panel()
    tab.queue()
    tab.wait_for_state("Goal met")
    tab.page.wait_for_timeout(300)  # so long a toast may take to appear
    assert not tab.page.evaluate(told)
    tab.command("Imitatoes.OpenPanel")  # toggles: closed now
    tab.page.wait_for_function("!document.querySelector('.imitatoes-panel')")
    tab.queue()
    tab.page.wait_for_function(told, timeout=30_000)
