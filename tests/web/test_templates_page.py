"""Templates and the blueprint as the page opens them."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from ..templates import API, TUTORIAL, UI, api_graph, missing_from, read
from ..test_templates import overlap, region

pytestmark = pytest.mark.browser
DRAWN = """() => app.graph.nodes.map((node) => {
    const { scale, offset } = app.canvas.ds;
    const drawn = document.querySelector(`[data-node-id="${node.id}"]`)?.getBoundingClientRect();
    const [wide, high] = node.computeSize();
    const box = drawn
        ? [drawn.x / scale - offset[0], drawn.y / scale - offset[1], drawn.width / scale, drawn.height / scale]
        : [node.pos[0], node.pos[1] - 30, Math.max(wide, node.size[0]), Math.max(high, node.size[1]) + 30];
    return [`${node.id} ${node.type}`, box.map(Math.round)];
})"""
"""Each node's box with its title: of its element in Nodes 2.0, else what the canvas takes for it."""


def posted(tab):
    graph = tab.api_graph()
    for node in graph.values():
        node.pop("_meta", None)
    return graph


def test_the_first_try_gets_better_and_ends_in_the_panel(tab, theatre):
    """No model is asked: the tutorial has its own painter and judge. The empty panel may look what is installed."""
    theatre.judge.requests.clear()
    tab.load(read(next(path for path in UI if path.stem == TUTORIAL)))
    wanted = api_graph(TUTORIAL)
    for node in wanted.values():
        node.pop("_meta")
    assert posted(tab) == wanted
    tab.panel()
    tab.queue()
    tab.wait_for_state("Goal met")
    assert 3 <= tab.tiles() <= 5
    assert {one.path for one in theatre.judge.requests} <= {"/api/tags", "/api/version", "/api/ps"}
    tab.shot("see_it_improve")


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_nothing_lies_on_top_of_anything_as_large_as_the_page_makes_it(path, tab, theatre):
    api = next(one for one in API if one.stem == path.stem)
    if missing := missing_from(read(api), theatre.client.get("/object_info")):
        pytest.skip(f"this server has no {', '.join(sorted(missing))}")
    tab.load(read(path))
    tab.page.wait_for_timeout(300)  # widgets grow in the frames after
    boxes = {name: region(*box) for name, box in tab.page.evaluate(DRAWN)}
    assert [pair for pair in combinations(boxes, 2) if overlap(boxes[pair[0]], boxes[pair[1]])] == []
    tab.problems.clear()  # thumbnails of models that this server lacks


def test_the_blueprint_is_found_and_dropped_as_one_node(tab, theatre):
    if not theatre.real:
        pytest.skip("the rehearsal serves no blueprints")
    listed = theatre.client.ask("GET", "/global_subgraphs")
    if listed[0] != 200:
        pytest.skip("this ComfyUI is older than blueprints")
    assert ["Self-improving loop"] == [
        one["name"] for one in listed[2].values() if one["info"]["node_pack"].endswith("imitatoes")
    ]
    tab.page.mouse.dblclick(700, 500)
    tab.page.keyboard.type("Self-improving loop", delay=20)
    tab.page.wait_for_timeout(2500)  # the search waits for the typing to end
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_function("app.graph.nodes.length === 1")
    tab.page.mouse.click(700, 500)
    graph = json.loads(json.dumps(tab.api_graph()))
    kinds = sorted(node["class_type"] for node in graph.values())
    assert kinds == [
        "CLIPTextEncode",
        "CLIPTextEncode",
        "ImitatoesSelfImprovingPrompt",
        "ImitatoesVLMCritique",
        "KSampler",
        "VAEDecode",
    ]
