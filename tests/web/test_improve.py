"""The command that makes the workflow on the canvas self-improving."""

from __future__ import annotations

import pytest

from .graphs import DATA, reference

pytestmark = pytest.mark.browser
UNDO = "app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length"
LEFT_ALONE = {"upscale_2x": "No VAE decode was found", "wan22_img2vid": "It makes a video"}
EVERYWHERE = ("sdxl_txt2img", "flux2_txt2img", "qwen_controlnet_canny_2512", "upscale_2x")
WIRED = {
    "sdxl_txt2img": {("2", "text"): 0, ("3", "text"): 1, ("5", "seed"): 2, ("5", "steps"): 3, ("5", "cfg"): 4},
    "flux2_txt2img": {("4", "text"): 0, ("9", "noise_seed"): 2, ("8", "steps"): 3},
    "qwen_controlnet_canny_2512": {
        ("4", "text"): 0,
        ("5", "text"): 1,
        ("8", "seed"): 2,
        ("8", "steps"): 3,
        ("8", "cfg"): 4,
    },
}


def content(tab):
    """The workflow without what moves by itself: view, order, sizes."""
    return tab.page.evaluate(
        "(() => { const g = app.graph.serialize(); return [g.nodes.map((n) => [n.id, n.type, n.widgets_values, n.pos])"
        ".sort((a, b) => a[0] - b[0]), [...g.links].map((l) => JSON.stringify(l)).sort()]; })()"
    )


def of_class(graph, name):
    return next(((key, node) for key, node in graph.items() if node["class_type"] == name), (None, None))


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "graphs").glob("*.json")))
def test_a_reference_graph_becomes_self_improving_in_one_step(tab, name):
    if not tab.theatre.real and name not in EVERYWHERE:
        pytest.skip("the rehearsal's page knows the nodes of few reference graphs; their plans are tested in js/")
    workflow = reference(name)
    tab.load(workflow)
    tab.page.wait_for_timeout(500)  # the page takes its first state for undo a moment after loading
    if not tab.theatre.real and not tab.page.evaluate("app.graph.nodes.every((node) => node.comfyClass)"):
        pytest.skip("this frontend (1.27) makes no model loaders where the server knows few nodes")
    before, steps = content(tab), tab.page.evaluate(UNDO)
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    if name in LEFT_ALONE:
        panel.get_by_role("alert").get_by_text(LEFT_ALONE[name]).wait_for()
        assert content(tab) == before
        assert tab.page.evaluate(UNDO) == steps
        return
    tab.page.wait_for_function("(count) => app.graph.nodes.length === count + 2", arg=len(workflow["nodes"]))
    tab.shot(f"improve_{name}")
    graph = tab.api_graph()
    loop_id, loop = of_class(graph, "ImitatoesSelfImprovingPrompt")
    _, critic = of_class(graph, "ImitatoesVLMCritique")
    assert critic["inputs"]["loop"] == [loop_id, 5]
    assert graph[critic["inputs"]["images"][0]]["class_type"] == "VAEDecode"
    wired = {
        (key, field): value[1]
        for key, node in graph.items()
        for field, value in node["inputs"].items()
        if isinstance(value, list) and value[0] == loop_id and field != "loop"
    }
    assert wired == WIRED.get(name, wired)
    assert {0, 2, 3} <= set(wired.values())
    assert loop["inputs"]["seed"] == 42
    assert loop["inputs"]["prompt"] == loop["inputs"]["goal"] != ""
    tab.page.wait_for_function(f"{UNDO} === {steps + 1}")
    tab.command("Comfy.Undo")
    tab.page.wait_for_function("(count) => app.graph.nodes.length === count", arg=len(workflow["nodes"]))
    assert content(tab) == before


def test_twice_is_refused(tab):
    tab.load(reference("sdxl_txt2img"))
    panel = tab.panel()
    tab.button("Make this workflow self-improving").click()
    panel.get_by_text("This workflow has its loop").wait_for()
    tab.command("Imitatoes.MakeSelfImproving")
    panel.get_by_role("alert").get_by_text("It has a loop already").wait_for()
    assert tab.page.evaluate("app.graph.nodes.length") == 9
