"""The page of a real ComfyUI in headless Chromium: the verdict on the node, and pictures dropped on the canvas."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ..comfyui.theatre import GOAL, PROMPT, embedded, opened

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
pytestmark = [
    pytest.mark.comfyui,
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM and COMFYUI_PATH), reason="needs Chromium, and COMFYUI_PATH set to a ComfyUI checkout"
    ),
]
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
KNOWN = {"Cannot read properties of undefined (reading 'id')"}
"""What frontend 1.27.10 throws of its own, without any pack, when a second workflow is opened."""
WIDGETS = [GOAL, PROMPT, "", 1, "randomize", 20, 7.0, 4, 3, 0.8, "auto", ""]


def ui_workflow():
    def node(number, kind, at, size, inputs, outputs, widgets):
        return {
            "id": number,
            "type": kind,
            "pos": at,
            "size": size,
            "flags": {},
            "order": 0,
            "mode": 0,
            "inputs": inputs,
            "outputs": outputs,
            "properties": {"Node name for S&R": kind},
            "widgets_values": widgets,
        }

    names = ("prompt", "negative", "seed", "steps", "cfg")
    types = ("STRING", "STRING", "INT", "INT", "FLOAT")
    painter_in = [
        {"name": n, "type": t, "link": i + 1, "widget": {"name": n}}
        for i, (n, t) in enumerate(zip(names, types, strict=True))
    ]
    links = [[i + 1, 10, i, 6, i, t] for i, t in enumerate(types)]
    links += [[6, 6, 0, 11, 0, "IMAGE"], [7, 10, 5, 11, 1, "IMITATOES_LOOP"]]
    return {
        "id": "0d5f3b7e-8f0e-4a55-9a01-000000000001",
        "revision": 0,
        "last_node_id": 11,
        "last_link_id": 7,
        "nodes": [
            node(
                10,
                "ImitatoesSelfImprovingPrompt",
                [40, 60],
                [380, 620],
                [],
                [{"name": n, "type": t, "links": [i + 1]} for i, (n, t) in enumerate(zip(names, types, strict=True))]
                + [{"name": "loop", "type": "IMITATOES_LOOP", "links": [7]}],
                list(WIDGETS),
            ),
            node(
                6,
                "RehearsalPainter",
                [470, 60],
                [280, 420],
                painter_in,
                [{"name": "images", "type": "IMAGE", "links": [6]}],
                ["", "", 0, "fixed", 20, 7.0, 256, 256, 1, 0.3],
            ),
            node(
                11,
                "ImitatoesVLMCritique",
                [800, 60],
                [380, 760],
                [{"name": "images", "type": "IMAGE", "link": 6}, {"name": "loop", "type": "IMITATOES_LOOP", "link": 7}],
                [],
                ["", "qwen3-vl:8b-instruct", "local", "", 0.8, "0", "auto"],
            ),
        ],
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


@pytest.fixture(scope="module")
def theatre(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("page"), Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        theatre.client.post("/settings", {"Comfy.TutorialCompleted": True, "Comfy.Minimap.Visible": False})
        yield theatre


@pytest.fixture
def page(theatre):
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.problems = []
        page.on("pageerror", lambda error: str(error) not in KNOWN and page.problems.append(str(error)))
        page.on("console", lambda m: m.type == "error" and "imitatoes" in m.text and page.problems.append(m.text))
        here = theatre.process.url
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(here) else route.abort())
        page.goto(here)
        page.wait_for_function("window.app?.graph && window.app?.extensionManager")
        page.wait_for_selector(".side-tool-bar-container")
        page.wait_for_timeout(1500)  # the page loads its own default graph late and would replace ours
        yield page
        browser.close()


def shot(page, name):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.keyboard.press("Escape")  # the missing-model dialog
        page.wait_for_timeout(500)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def verdict_of(page):
    return page.evaluate(
        "app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVLMCritique')"
        "?.widgets.find((w) => w.name === 'verdict')?.element.textContent"
    )


def api_graph(page):
    return json.loads(page.evaluate("app.graphToPrompt().then((p) => JSON.stringify(p.output))"))


def test_queue_once_in_the_page_and_drop_the_picture_back(theatre, page):
    page.evaluate("(workflow) => app.loadGraphData(workflow)", ui_workflow())
    page.wait_for_function("app.graph.nodes.length === 3")
    sent = api_graph(page)
    assert "verdict" not in sent["11"]["inputs"], "our widget is for eyes only"
    page.evaluate("app.queuePrompt(0, 1)")
    page.wait_for_function(
        "(app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVLMCritique').widgets"
        ".find((w) => w.name === 'verdict').element.textContent).startsWith('Iteration 2')",
        timeout=30000,
    )
    shot(page, "rendering")
    page.wait_for_function(
        "(app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVLMCritique').widgets"
        ".find((w) => w.name === 'verdict').element.textContent).startsWith('done')",
        timeout=60000,
    )
    shot(page, "done")
    (row,) = theatre.client.get("/imitatoes/runs")["runs"]
    run = theatre.run(row["run_id"])
    assert len(run["iterations"]) > 1
    assert run["best"]["score"] >= 0.8

    for iteration in run["iterations"]:
        path = theatre.picture(run, iteration["picture"])
        page.evaluate(
            """async ([url, name]) => {
                const blob = await (await fetch(url)).blob();
                await app.handleFile(new File([blob], name, { type: "image/png" }));
            }""",
            [f"/imitatoes/runs/{run['run_id']}/pictures/{iteration['picture']}", iteration["picture"]],
        )
        page.wait_for_function(
            "(seed) => app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesSelfImprovingPrompt')"
            "?.widgets.find((w) => w.name === 'seed').value === seed",
            arg=iteration["settings"]["seed"],
        )
        loaded = api_graph(page)
        assert {k: loaded["10"]["inputs"][k] for k in iteration["settings"]} == iteration["settings"]
        assert loaded["10"]["inputs"] == embedded(path)["10"]["inputs"]
    shot(page, "dropped")
    assert page.problems == []


def test_a_goal_with_markup_shows_as_text(theatre, page):
    workflow = ui_workflow()
    workflow["nodes"][0]["widgets_values"][0] = "<img src=x onerror=alert(1)> one red circle"
    workflow["nodes"][0]["widgets_values"][1] = "one red circle"
    page.evaluate("(workflow) => app.loadGraphData(workflow)", workflow)
    page.wait_for_function("app.graph.nodes.length === 3")
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    before = len(theatre.client.get("/imitatoes/runs")["runs"])
    page.evaluate("app.queuePrompt(0, 1)")
    theatre.client.wait(lambda: len(theatre.client.get("/imitatoes/runs")["runs"]) > before)
    page.wait_for_function(
        "!(app.graph.nodes.find((n) => n.comfyClass === 'ImitatoesVLMCritique').widgets"
        ".find((w) => w.name === 'verdict').element.textContent).startsWith('Queue')"
    )
    assert dialogs == []
    assert verdict_of(page)
    run_id = theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"]
    theatre.client.post(f"/imitatoes/runs/{run_id}/stop", {})


@pytest.mark.parametrize("name", ["self_improving_sdxl", "self_improving_flux1"])
def test_the_templates_open_and_say_the_same_as_their_api_graphs(theatre, page, name):
    workflows = Path(__file__).resolve().parents[2] / "workflows"
    ui = json.loads((workflows / f"{name}.json").read_text(encoding="utf-8"))
    page.evaluate("(workflow) => app.loadGraphData(workflow)", ui)
    page.wait_for_function("(count) => app.graph.nodes.length === count", arg=len(ui["nodes"]))
    shot(page, name)
    expected = json.loads((workflows / "api" / f"{name}.json").read_text(encoding="utf-8"))
    assert {k: v["inputs"] for k, v in api_graph(page).items()} == {k: v["inputs"] for k, v in expected.items()}
