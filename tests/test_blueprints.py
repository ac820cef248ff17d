"""The blueprint of ComfyUI 0.8.0 and later: one node to drop in that is the whole loop, made the graph that the page
queues. tests/web/test_templates_page.py drops it in a real page."""

from __future__ import annotations

import copy

from pack.engine.graph.check import check
from pack.engine.graph.loop_nodes import OUTPUTS, the_loop
from pack.engine.graph.ui_conversion.convert import convert

from .conftest import ROOT
from .templates import classes, read

BLUEPRINT = ROOT / "subgraphs" / "Self-improving loop.json"


def dropped():
    """A workflow of a checkpoint, an empty latent and the blueprint's node, linked as a user would."""
    workflow = copy.deepcopy(read(BLUEPRINT))
    (node,) = workflow["nodes"]
    workflow |= {"last_node_id": 40, "last_link_id": 4, "version": 0.4}
    loader = {"id": 30, "type": "CheckpointLoaderSimple", "mode": 0, "inputs": [], "properties": {}}
    loader |= {"widgets_values": ["sd_xl_base_1.0.safetensors"]}
    loader["outputs"] = [{"name": n, "type": n, "links": [i]} for i, n in enumerate(("MODEL", "CLIP", "VAE"), 1)]
    latent = {"id": 31, "type": "EmptyLatentImage", "mode": 0, "inputs": [], "properties": {}}
    latent |= {"widgets_values": [1024, 1024, 1], "outputs": [{"name": "LATENT", "type": "LATENT", "links": [4]}]}
    workflow["links"] = [[i, 30, i - 1, node["id"], i - 1, n] for i, n in enumerate(("MODEL", "CLIP", "VAE"), 1)]
    workflow["links"].append([4, 31, 0, node["id"], 3, "LATENT"])
    for place, entry in enumerate(node["inputs"][:4]):
        entry["link"] = place + 1
    node["widgets_values"][0] = "a red lantern"
    workflow["nodes"] += [loader, latent]
    return workflow


def test_it_is_one_node_with_what_a_loop_needs():
    blueprint = read(BLUEPRINT)
    (node,), (inside,) = blueprint["nodes"], blueprint["definitions"]["subgraphs"]
    assert node["type"] == inside["id"]
    assert node["title"] == inside["name"] == BLUEPRINT.stem
    assert [entry["name"] for entry in node["inputs"]] == [entry["name"] for entry in inside["inputs"]]
    assert [entry["name"] for entry in node["outputs"]] == ["images", "score", "passed", "critique"]
    links = {link["id"]: link for link in inside["links"]}
    for place, entry in enumerate(inside["inputs"]):
        ends = [links[number] for number in entry["linkIds"]]
        assert ends and all((one["origin_id"], one["origin_slot"]) == (-10, place) for one in ends)
    for inner in inside["nodes"]:
        for place, entry in enumerate(inner["inputs"]):
            if entry["link"] is not None:
                link = links[entry["link"]]
                assert (link["target_id"], link["target_slot"]) == (inner["id"], place)


def test_it_is_found_by_other_words_too():
    """Where ComfyUI's page looks for them: extra of the file (comfyui-frontend-package 1.49.6)."""
    blueprint = read(BLUEPRINT)
    said = blueprint["extra"]
    assert said["BlueprintDescription"] == blueprint["definitions"]["subgraphs"][0]["description"]
    assert {"loop", "agent", "judge", "vision", "ollama", "prompt optimizer"} <= set(said["BlueprintSearchAliases"])


def test_dropped_in_it_is_a_loop_that_can_be_queued():
    graph = convert(dropped(), classes()).graph
    hub, critic = the_loop(graph)
    assert graph[hub]["inputs"]["goal"] == "a red lantern"
    assert [finding.message() for finding in check(graph, classes()).findings] == []
    links = [value for node in graph.values() for value in node["inputs"].values() if isinstance(value, list)]
    taken = {slot for source, slot in links if source == hub}
    assert set(OUTPUTS.values()) <= taken
    assert graph[critic]["inputs"]["loop"][0] == hub
