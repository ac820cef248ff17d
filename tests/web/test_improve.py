"""The command that makes the workflow on the canvas self-improving."""

from __future__ import annotations

import copy

import pytest

from ..engine.graph.ui_workflows import basics, loader, node, picture, sampler, save, subgraph, text, workflow
from .graphs import DATA, reference

pytestmark = pytest.mark.browser
UNDO = "app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length"
STRAYED = """app.extensionManager.workflow.activeWorkflow.changeTracker.activeState.nodes
    .map(({ id, type, pos }) => [id, type, pos, [...app.graph.getNodeById(id).pos]])
    .filter(([, , put, is]) => Math.hypot(put[0] - is[0], put[1] - is[1]) > 20)"""
"""Nodes 2.0 of 1.35.9 moves what grows while the view moves by a few pixels."""
LEFT_ALONE = {"upscale_2x": "No sampler paints the picture"}
EVERYWHERE = ("sdxl_txt2img", "qwen_controlnet_canny_2512")
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
    """The workflow without what moves by itself: view, order, sizes, and fractions of pixels (Nodes 2.0 of 1.35)."""
    return tab.page.evaluate(
        "(() => { const g = app.graph.serialize(); "
        "return [g.nodes.map((n) => [n.id, n.type, n.widgets_values, n.pos.map(Math.round)])"
        ".sort((a, b) => a[0] - b[0]), [...g.links].map((l) => JSON.stringify(l)).sort()]; })()"
    )


def of_class(graph, name):
    return next(((key, node) for key, node in graph.items() if node["class_type"] == name), (None, None))


def loop_of(tab):
    """(graph, id of SelfImprovingPrompt, its inputs, inputs of VLMCritique, what is linked to which output)."""
    graph = tab.api_graph()
    loop_id, loop = of_class(graph, "ImitatoesSelfImprovingPrompt")
    _, critic = of_class(graph, "ImitatoesVLMCritique")
    assert critic["inputs"]["loop"] == [loop_id, 5]
    wired = {
        (key, field): value[1]
        for key, node in graph.items()
        for field, value in node["inputs"].items()
        if isinstance(value, list) and value[0] == loop_id and field != "loop"
    }
    return graph, loop_id, loop["inputs"], critic["inputs"], wired


def opened(tab, one):
    """The workflow on the canvas, and how many steps can be undone."""
    tab.load(copy.deepcopy(one))
    tab.page.wait_for_timeout(500)  # the page takes its first state for undo a moment after loading
    if not tab.theatre.real and not tab.page.evaluate("app.graph.nodes.every((node) => node.comfyClass)"):
        pytest.skip("this frontend (1.27) makes no model loaders where the server knows few nodes")
    # What it moved meanwhile would become a step of its own at the next click.
    tab.page.evaluate("app.extensionManager.workflow.activeWorkflow.changeTracker.checkState()")
    return content(tab), tab.page.evaluate(UNDO)


def wait_for_nodes(tab, count):
    tab.page.wait_for_function("(count) => app.graph.nodes.length === count", arg=count)


def undone(tab, before, steps, count):
    """Everything stays where the step put it, and one step back is all of it back."""
    tab.page.wait_for_function(f"{UNDO} === {steps + 1}")
    # While the view moves Nodes 2.0 of 1.35.9 undoes anything wrongly: what grows then comes back at another place.
    tab.wait_until_still("[app.canvas.ds.scale, ...app.canvas.ds.offset]")
    assert tab.page.evaluate(STRAYED) == []
    tab.command("Comfy.Undo")
    wait_for_nodes(tab, count)
    assert content(tab) == before


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "graphs").glob("*.json")))
def test_a_reference_graph_becomes_self_improving_in_one_step(tab, name):
    if not tab.theatre.real and name not in EVERYWHERE:
        pytest.skip(
            "the rehearsal knows the nodes of few reference graphs; their plans are tested in tests/engine/graph"
        )
    one = reference(name)
    before, steps = opened(tab, one)
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    if name in LEFT_ALONE:
        panel.get_by_role("alert").get_by_text(LEFT_ALONE[name]).wait_for()
        assert content(tab) == before
        assert tab.page.evaluate(UNDO) == steps
        tab.problems.clear()  # the browser tells every answer of 400
        return
    count = len(one["nodes"])
    wait_for_nodes(tab, count + 2)
    tab.shot(f"improve_{name}")
    graph, _, loop, critic, wired = loop_of(tab)
    assert graph[critic["images"][0]]["class_type"] == "VAEDecode"
    assert wired == WIRED.get(name, wired)
    assert {0, 2} <= set(wired.values())
    assert loop["seed"] == 42
    assert loop["prompt"] == loop["goal"] != ""
    undone(tab, before, steps, count)


def test_a_length_that_the_model_cannot_make_is_put_right_in_the_same_step(tab):
    if not tab.theatre.real:
        pytest.skip("the rehearsal has no video models")
    one = reference("wan22_img2vid")
    source = next(node for node in one["nodes"] if node["type"] == "WanImageToVideo")
    source["widgets_values"][2] = 80
    before, steps = opened(tab, one)
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    panel.get_by_text("so 80 became 81").wait_for()
    graph = tab.api_graph()
    assert [node["inputs"]["length"] for node in graph.values() if node["class_type"] == "WanImageToVideo"] == [81]
    undone(tab, before, steps, len(one["nodes"]))


def test_twice_is_refused(tab):
    opened(tab, reference("sdxl_txt2img"))
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    panel.get_by_text("This workflow has its loop").wait_for()
    tab.command("Imitatoes.MakeSelfImproving")
    panel.get_by_role("alert").get_by_text("Queue it as it is").wait_for()
    assert tab.page.evaluate("app.graph.nodes.length") == 9
    tab.problems.clear()  # the browser tells every answer of 400


INPUTS = "text:STRING negative:STRING seed:INT steps:INT cfg:FLOAT"


def inside(*promoted):
    """A subgraph that paints, of whose values these are its inputs."""
    nodes = [loader(), text(2, ""), text(3, ""), node(4, "EmptyLatentImage", [512, 512, 1], outs="LATENT")]
    nodes += [sampler(5), picture(6)]
    ends = {"text": (1, "text"), "negative": (2, "text"), "seed": (4, "seed"), "steps": (4, "steps"), "cfg": (4, "cfg")}
    inputs = [one for one in INPUTS.split() if one.split(":")[0] in promoted]
    for slot, (name, kind) in enumerate(one.split(":") for one in inputs):
        number, widget = ends[name]
        entry = {"name": widget, "type": kind, "link": (kind, -10, slot), "widget": {"name": widget}}
        nodes[number]["inputs"].append(entry)
    return subgraph("a", *nodes, inputs=" ".join(inputs), outputs=[("IMAGE", "IMAGE", 6, 0)])


def host(number, definition, *values):
    one = node(number, definition["id"], values, outs="IMAGE")
    one["properties"] = {"proxyWidgets": [["-1", entry["name"]] for entry in definition["inputs"]]}
    one["title"] = "Painter"
    return one


PROMOTED = ("text", "negative", "seed", "steps", "cfg")


def test_what_a_subgraph_promotes_is_linked_from_outside(tab):
    definition = inside(*PROMOTED)
    one = workflow(
        host(20, definition, "a fox", "ugly", 11, 9, 6.5), save(22, ("IMAGE", 20, 0)), subgraphs=[definition]
    )
    before, steps = opened(tab, one)
    tab.command("Imitatoes.MakeSelfImproving")
    wait_for_nodes(tab, 4)
    tab.shot("improve_promoted")
    _, _, loop, critic, wired = loop_of(tab)
    ends = {("20:2", "text"): 0, ("20:3", "text"): 1, ("20:5", "seed"): 2, ("20:5", "steps"): 3, ("20:5", "cfg"): 4}
    assert wired == ends
    assert critic["images"] == ["20:6", 0]
    start = {name: loop[name] for name in ("goal", "prompt", "negative", "seed", "steps", "cfg")}
    assert start == {"goal": "a fox", "prompt": "a fox", "negative": "ugly", "seed": 11, "steps": 9, "cfg": 6.5}
    undone(tab, before, steps, 2)


def hidden_seed(prompt="a fox"):
    """Seed and steps are inside."""
    definition = inside("text", "negative", "cfg")
    nodes = [host(20, definition, prompt, "ugly", 6.5), save(22, ("IMAGE", 20, 0))]
    return workflow(*nodes, subgraphs=[definition])


def test_what_is_hidden_in_a_subgraph_is_unpacked_in_the_same_step(tab):
    before, steps = opened(tab, hidden_seed())
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    panel.get_by_text("These are inside Painter and are no inputs of it: seed, steps.").wait_for()
    tab.shot("improve_hidden")
    tab.button("Unpack it and go on").click()
    wait_for_nodes(tab, 9)
    tab.shot("improve_unpacked")
    graph, _, loop, critic, wired = loop_of(tab)
    assert [":" in key for key in graph] == [False] * 9
    encoders = {key: one["inputs"] for key, one in graph.items() if one["class_type"] == "CLIPTextEncode"}
    assert sorted(slot for (key, _), slot in wired.items() if key in encoders) == [0, 1]
    assert {field: slot for (_, field), slot in wired.items() if field != "text"} == {"seed": 2, "steps": 3, "cfg": 4}
    assert graph[critic["images"][0]]["class_type"] == "VAEDecode"
    save_id, saving = of_class(graph, "SaveImage")
    assert (save_id, saving["inputs"]["images"]) == ("22", critic["images"])
    start = {name: loop[name] for name in ("prompt", "negative", "seed", "steps", "cfg")}
    assert start == {"prompt": "a fox", "negative": "ugly", "seed": 7, "steps": 20, "cfg": 6.5}
    undone(tab, before, steps, 2)


def test_the_prompt_of_what_is_unpacked_stays_as_it_was_sent(tab):
    """Newer pages send a subgraph's text as it stands, and that of a widget with its {braces} filled."""
    opened(tab, hidden_seed('{"style": {"a fox"}}'))
    sent = tab.api_graph()["20:2"]["inputs"]["text"]
    tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    tab.button("Unpack it and go on").click()
    wait_for_nodes(tab, 9)
    _, _, loop, *_ = loop_of(tab)
    assert loop["prompt"] == sent


def test_a_subgraph_may_stay_closed(tab):
    before, _ = opened(tab, hidden_seed())
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    tab.button("Change nothing").click()
    panel.locator(".imitatoes-question").wait_for(state="hidden")
    assert content(tab) == before
    tab.command("Imitatoes.MakeSelfImproving")
    tab.button("Go on without: seed, steps").click()
    wait_for_nodes(tab, 4)
    *_, wired = loop_of(tab)
    assert wired == {("20:2", "text"): 0, ("20:3", "text"): 1, ("20:5", "cfg"): 4}
    panel.get_by_role("alert").get_by_text("Seed stays as it is, inside the subgraph.").wait_for()


def test_unpacking_one_node_leaves_another_of_the_same_subgraph_as_it_is(tab):
    definition = inside("text", "cfg")
    nodes = [host(20, definition, "a fox", 6.5), host(21, definition, "a hare", 3.5)]
    nodes += [save(22, ("IMAGE", 20, 0)), node(23, "PreviewImage", [], ins={"images": ("IMAGE", 21, 0)})]
    opened(tab, workflow(*nodes, subgraphs=[definition]))
    before = {key: one for key, one in tab.api_graph().items() if key.startswith("21:")}
    tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    tab.button("Unpack it and go on").click()
    wait_for_nodes(tab, 11)
    graph, *_ = loop_of(tab)
    assert {key: one for key, one in graph.items() if key.startswith("21:")} == before
    assert graph["23"]["inputs"]["images"] == ["21:6", 0]


def test_two_subgraphs_that_are_linked_to_each_other_are_both_unpacked(tab):
    """The text is in one, the sampler in the other."""
    words = subgraph("b", text(9, "a fox", ("CLIP", -10, 0)), inputs="clip:CLIP", outputs=[("C", "CONDITIONING", 9, 0)])
    nodes = [text(3, ""), node(4, "EmptyLatentImage", [512, 512, 1], outs="LATENT"), sampler(5), picture(6), loader()]
    nodes[2]["inputs"][1]["link"] = ("CONDITIONING", -10, 0)
    paints = subgraph("a", *nodes, inputs="positive:CONDITIONING", outputs=[("IMAGE", "IMAGE", 6, 0)])
    one = workflow(
        loader(30),
        node(20, words["id"], ins={"clip": ("CLIP", 30, 1)}, outs="CONDITIONING"),
        node(21, paints["id"], ins={"positive": ("CONDITIONING", 20, 0)}, outs="IMAGE"),
        save(22, ("IMAGE", 21, 0)),
        subgraphs=[words, paints],
    )
    before, steps = opened(tab, one)
    tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    tab.button("Unpack it and go on").click()
    wait_for_nodes(tab, 10)
    graph, _, loop, _, wired = loop_of(tab)
    assert loop["prompt"] == "a fox"
    (painting,) = (one["inputs"] for one in graph.values() if one["class_type"] == "KSampler")
    assert wired[painting["positive"][0], "text"] == 0
    undone(tab, before, steps, 4)


def test_what_cannot_be_unpacked_takes_no_step_of_the_user_back(tab):
    one = hidden_seed()
    inner = one["definitions"]["subgraphs"][0]["nodes"]
    inner.append(node(90, "TheirNode", [], mode=2))
    opened(tab, one)
    tab.page.evaluate("app.graph.add(LiteGraph.createNode('SaveImage'))")
    tab.page.evaluate("app.extensionManager.workflow.activeWorkflow.changeTracker.checkState()")
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    tab.button("Unpack it and go on").click()
    panel.get_by_role("alert").get_by_text("TheirNode in it is not installed here").wait_for()
    assert tab.page.evaluate("app.graph.nodes.length") == 3


def two_pictures():
    """Two samplers, each with a picture that is saved."""
    nodes = [*basics(), sampler(15), picture(16, ("LATENT", 15, 0)), save(17, ("IMAGE", 16, 0), "other")]
    nodes[-1]["title"] = "The other one"
    return workflow(*nodes)


@pytest.mark.parametrize(
    ("label", "judged", "seeded"), [("Save Image (7)", "6", "5"), ("The other one (17)", "16", "15")]
)
def test_which_picture_is_judged_is_asked_where_it_cannot_be_told(tab, label, judged, seeded):
    opened(tab, two_pictures())
    panel = tab.panel()
    tab.command("Imitatoes.MakeSelfImproving")
    panel.get_by_text("Which one is to be judged?").wait_for()
    tab.shot("improve_which")
    tab.button(label).click()
    wait_for_nodes(tab, 12)
    _, _, _, critic, wired = loop_of(tab)
    assert critic["images"] == [judged, 0]
    assert wired[seeded, "seed"] == 2


def test_the_question_is_asked_in_a_panel_that_was_closed_too(tab):
    opened(tab, two_pictures())
    tab.command("Imitatoes.MakeSelfImproving")
    tab.page.locator(".imitatoes-question").get_by_role("button", name="Change nothing").click()
    assert tab.page.evaluate("app.graph.nodes.length") == 10
