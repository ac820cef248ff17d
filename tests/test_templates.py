"""The shipped templates: what the canvas shows and what a script posts is one graph, valid, and it runs."""

from __future__ import annotations

import json

import pytest
from pack.engine.graph.loop_nodes import LOOP_CLASS
from PIL import Image

from .comfyui.theatre import opened, scripted
from .conftest import ROOT

UI = sorted((ROOT / "workflows").glob("*.json"))
API = sorted((ROOT / "workflows" / "api").glob("*.json"))
WIDGET_TYPES = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
NOTES = ("Note", "MarkdownNote")
"""Nodes of the page alone, which are never posted."""
LATENTS = ("EmptyLatentImage", "EmptySD3LatentImage")


@pytest.fixture(scope="module")
def theatre(tmp_path_factory):
    base = tmp_path_factory.mktemp("templates")
    (base / "input").mkdir()
    Image.new("RGB", (512, 512), (200, 120, 40)).save(base / "input" / "example.png")  # ComfyUI brings one of that name
    with opened(base, None, None) as started:
        yield started


@pytest.fixture(scope="module")
def classes(theatre):
    return theatre.client.get("/object_info")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def inputs_of(described):
    """(name, specification, required) in the order in which the canvas shows them."""
    for part in ("required", "optional"):
        for name in described["input_order"].get(part, []):
            yield name, described["input"][part][name], part == "required"


def has_widget(specification):
    kind, options = specification[0], (specification[1] if len(specification) > 1 else {})
    return (isinstance(kind, list) or kind in WIDGET_TYPES) and not options.get("forceInput")


def type_of(specification):
    return "COMBO" if isinstance(specification[0], list) else specification[0]


def fits(given, wanted):
    """Pass-through nodes have sockets of any type."""
    return given == wanted or "*" in (given, wanted)


def as_api(workflow, classes):
    """What the canvas would post: every widget's value in the order of the inputs, links in their place."""
    links = {link[0]: link for link in workflow["links"]}
    graph = {}
    for node in (n for n in workflow["nodes"] if n["type"] not in NOTES):
        sockets = {entry["name"]: entry for entry in node["inputs"]}
        values, inputs = iter(node["widgets_values"]), {}
        for name, specification, _ in inputs_of(classes[node["type"]]):
            if has_widget(specification):
                inputs[name] = next(values)
                if len(specification) > 1 and specification[1].get("control_after_generate"):
                    assert next(values) in ("fixed", "increment", "decrement", "randomize")
            link = sockets.get(name, {}).get("link")
            if link is not None:
                inputs[name] = [str(links[link][1]), links[link][2]]
        assert list(values) == [], f"{node['type']} has widget values that no input takes"
        graph[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return graph


def test_every_template_has_both_forms():
    assert [path.name for path in UI] == [path.name for path in API]
    assert UI


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_both_forms_are_the_same_graph(path, classes):
    graph = {node: {**entry} for node, entry in read(ROOT / "workflows" / "api" / path.name).items()}
    for entry in graph.values():
        entry.pop("_meta", None)
    assert as_api(read(path), classes) == graph


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_links_are_written_alike_at_both_ends(path, classes):
    workflow = read(path)
    nodes = {node["id"]: node for node in workflow["nodes"]}
    assert len(nodes) == len(workflow["nodes"])
    assert workflow["last_node_id"] >= max(nodes)
    assert workflow["last_link_id"] >= max(link[0] for link in workflow["links"])
    at_inputs = {(e["link"], n, i) for n in nodes for i, e in enumerate(nodes[n]["inputs"]) if e["link"] is not None}
    at_outputs = {
        (link, n, i) for n in nodes for i, e in enumerate(nodes[n].get("outputs", [])) for link in e["links"] or []
    }
    assert at_outputs == {(link[0], link[1], link[2]) for link in workflow["links"]}
    assert at_inputs == {(link[0], link[3], link[4]) for link in workflow["links"]}
    for link_id, source, slot, target, place, kind in workflow["links"]:
        output, entry = nodes[source]["outputs"][slot], nodes[target]["inputs"][place]
        assert kind == output["type"], link_id
        assert fits(kind, entry["type"]), link_id
        assert kind == classes[nodes[source]["type"]]["output"][slot], link_id


@pytest.mark.parametrize("path", API, ids=lambda path: path.stem)
def test_every_required_input_is_there_and_every_link_has_its_type(path, classes):
    graph = read(path)
    for node_id, node in graph.items():
        known = {name: (spec, required) for name, spec, required in inputs_of(classes[node["class_type"]])}
        assert set(node["inputs"]) <= set(known), node_id
        assert {name for name, (_, required) in known.items() if required} <= set(node["inputs"]), node_id
        for name, value in node["inputs"].items():
            if isinstance(value, list):
                source, slot = value
                given = classes[graph[source]["class_type"]]["output"][slot]
                assert fits(given, type_of(known[name][0])), (node_id, name)


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_missing_models_can_be_fetched_by_name(path):
    """The page offers to download what a template needs: each model file has its address beside it."""
    workflow = read(path)
    files = {v for n in workflow["nodes"] for v in n["widgets_values"] if str(v).endswith(".safetensors")}
    offered = [model for node in workflow["nodes"] for model in node["properties"].get("models", [])]
    assert {model["name"] for model in offered} == files
    assert all(model["url"].startswith("https://") and model["directory"] for model in offered)


def small(path):
    graph = read(path)
    for node in graph.values():
        if node["class_type"] in LATENTS:
            node["inputs"] |= {"width": 512, "height": 512}
    return graph


def has_loop(path):
    return has(path, LOOP_CLASS)


def has(path, class_type):
    return any(node["class_type"] == class_type for node in read(path).values())


@pytest.mark.parametrize("path", [path for path in API if has_loop(path)], ids=lambda path: path.stem)
def test_a_template_with_a_loop_runs_to_its_end(path, theatre):
    graph = small(path)
    graph["10"]["inputs"]["checklist"] = "a red fox"
    theatre.judge.default = scripted(-3, 5, 5)
    run = theatre.played(graph)
    assert (run["status"], len(run["iterations"])) == ("done", 2), run["reason"]
    assert run["best"]["iteration"] == 2
    assert theatre.picture(run, "best.png").is_file()


PLAIN = [path for path in API if not has_loop(path) and not has(path, "ImitatoesTextSegmentMask")]
"""Without those that need a segmentation model; comfyui/test_contract_mask.py makes a tiny one for its template."""


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_a_template_without_a_loop_saves_its_picture(path, theatre):
    entry = theatre.client.run(small(path))
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    assert [name for output in entry["outputs"].values() for name in output.get("images", [])]
