"""The graph that tests a judging text encoder."""

from __future__ import annotations

from pack.engine.graph.encoder_test import SELF_TEST_CLASS, self_test_graph
from pack.engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS

GRAPH = {
    "1": {"class_type": "CLIPLoader", "inputs": {"clip_name": "qwen3vl_4b.safetensors", "type": "qwen_image"}},
    "2": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["9", 0]}},
    "3": {"class_type": "Pass", "inputs": {"clip": ["1", 0], "words": {"__value__": ["a", "b"]}}},
    "11": {"class_type": CRITIC_CLASS, "inputs": {"clip": ["3", 0], "images": ["6", 0]}},
    "6": {"class_type": "VAEDecode", "inputs": {}},
    "10": {"class_type": LOOP_CLASS, "inputs": {}},
}


def test_only_what_loads_the_encoder_is_kept():
    made = self_test_graph(GRAPH, "11")
    assert {name: node["class_type"] for name, node in made.items()} == {
        "1": "CLIPLoader", "3": "Pass", "12": SELF_TEST_CLASS,
    }  # fmt: skip
    assert made["12"]["inputs"] == {"clip": ["3", 0]}
    assert made["1"] == GRAPH["1"]


def test_a_list_stays_a_value():
    graph = {**GRAPH, "3": {"class_type": "Pass", "inputs": {"clip": ["1", 0], "words": ["a", "b", "c"]}}}
    assert self_test_graph(graph, "11")["3"]["inputs"]["words"] == {"__value__": ["a", "b", "c"]}


def test_there_is_none_without_an_encoder_of_its_own():
    assert self_test_graph(GRAPH, "6") is None
    assert self_test_graph(GRAPH, "gone") is None
    steered = {**GRAPH, "3": {"class_type": "Pass", "inputs": {"clip": ["10", 0]}}}
    assert self_test_graph(steered, "11") is None
    assert self_test_graph({**GRAPH, "11": {"class_type": CRITIC_CLASS, "inputs": {}}}, "11") is None
