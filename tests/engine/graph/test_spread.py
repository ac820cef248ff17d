"""A loop put on all cards, and off again."""

from __future__ import annotations

import pytest
from pack.engine.graph.cards import on_one_card, seeds_differ, workers_part
from pack.engine.graph.prepare_graph import NotReady, prepare_graph
from pack.engine.graph.run_request import RunRequest
from pack.engine.graph.spread import CannotSpread, spread_over_cards

from .reference import graph, object_info

IMAGE = {"required": {"images": ["IMAGE"], "load_balance": ["BOOLEAN", {"default": False}]}}
SEEDED = {"required": {"seed": ["INT", {"min": 0}]}}
PACK = {
    "DistributedSeed": {
        "input": {"required": {"seed": ["INT", {"min": 0}]}},
        "output": ["INT"],
        "output_name": ["seed"],
    },
    "DistributedCollector": {"input": IMAGE, "output": ["IMAGE", "AUDIO"], "output_name": ["images", "audio"]},
}
SHARED = {"output_is_list": [False, False], "output_node": False, "category": "", "display_name": "", "name": ""}


def known():
    return {**object_info(), **{name: {**SHARED, **one} for name, one in PACK.items()}}


def loop_graph():
    return {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": {"goal": "a fox"}},
        "3": {"class_type": "KSampler", "inputs": {"seed": ["10", 2]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
        "11": {"class_type": "ImitatoesVLMCritique", "inputs": {"images": ["8", 0], "loop": ["10", 5]}},
    }


def test_seed_and_judged_picture_go_through_the_packs_nodes_and_nothing_else_changes():
    spread = spread_over_cards(loop_graph(), "10", "11", known())
    assert spread["3"]["inputs"]["seed"] == ["12", 0] and spread["12"]["inputs"] == {"seed": ["10", 2]}
    assert spread["11"]["inputs"]["images"] == ["13", 0]
    assert spread["13"]["inputs"] == {"images": ["8", 0], "load_balance": False}
    assert spread["9"] == loop_graph()["9"]
    assert seeds_differ(spread) and "3" in workers_part(spread)
    assert on_one_card(spread) == loop_graph(), "off again"
    assert spread_over_cards(spread, "10", "11", known()) is spread


@pytest.mark.parametrize(("change", "word"), [("pack", "not installed"), ("seed", "same picture")])
def test_what_cannot_be_spread_is_refused_with_a_reason(change, word):
    asked, info = loop_graph(), known()
    if change == "pack":
        del info["DistributedSeed"]
    else:
        asked["3"]["inputs"]["seed"] = 5
    with pytest.raises(CannotSpread, match=word):
        spread_over_cards(asked, "10", "11", info)


def test_a_script_asks_for_it():
    order = RunRequest(workflow=graph("sdxl_txt2img"), goal="a red fox", spread=True)
    ready = prepare_graph(order, known())
    kinds = [node["class_type"] for node in ready.graph.values()]
    assert kinds.count("DistributedSeed") == kinds.count("DistributedCollector") == 1
    assert not ready.rejected, ready.rejected
    with pytest.raises(NotReady, match="not installed"):
        prepare_graph(order, object_info())


def test_where_the_pack_is_gone_a_graph_that_asks_for_it_is_painted_on_one_card():
    spread = prepare_graph(RunRequest(workflow=graph("sdxl_txt2img"), goal="a red fox", spread=True), known()).graph
    alone = prepare_graph(RunRequest(workflow=spread), object_info())
    assert not alone.rejected
    assert any("one card" in finding.what for finding in alone.findings)
