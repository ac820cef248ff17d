from __future__ import annotations

import copy

import pytest
from pack.engine.graph.loop_nodes import LOOP_CLASS
from pack.engine.graph.ui_workflow import WIDGETS, in_extra_pnginfo, with_settings, workflow_id
from pack.engine.settings import Settings

SETTINGS = Settings(prompt="new", negative="n", seed=7, steps=3, cfg=1.5)
WIDGET_VALUES = ["g", "old", "neg", 1, "randomize", 20, 7.0, 4, 3, 0.8, "auto", "old line", 0.0, 0, 0.95, 0.0, -1]
WIDGET_VALUES += ["seed", "off"]
EXPECTED = ["g2", "new", "n", 7, "fixed", 3, 1.5, 4, 3, 0.8, "auto", "line", 0.0, 0, 0.95, 0.0, -1, "seed", "off"]


def node(node_id=10, **fields):
    return {"id": node_id, "type": LOOP_CLASS, "widgets_values": list(WIDGET_VALUES), "inputs": [], **fields}


def test_the_widgets_show_the_iterations_values():
    workflow = {"id": "w", "nodes": [node()], "links": []}
    before = copy.deepcopy(workflow)
    patched = with_settings(workflow, "10", SETTINGS, "g2", "line")
    assert patched["nodes"][0]["widgets_values"] == EXPECTED
    assert workflow == before


def test_named_widget_values():
    named = dict(zip(WIDGETS, WIDGET_VALUES, strict=True))
    patched = with_settings({"nodes": [node(widgets_values=named)], "links": []}, "10", SETTINGS, "g2", "line")
    assert patched["nodes"][0]["widgets_values"] == dict(zip(WIDGETS, EXPECTED, strict=True))


def test_links_into_changed_inputs_are_removed_and_others_stay():
    workflow = {
        "nodes": [
            node(inputs=[{"name": "seed", "link": 1}, {"name": "max_loops", "link": 2}]),
            {"id": 3, "type": "PrimitiveInt", "outputs": [{"links": [1, 4]}, {"links": [2]}, {"links": None}]},
        ],
        "links": [[1, 3, 0, 10, 0, "INT"], [2, 3, 1, 10, 1, "INT"], [4, 3, 0, 5, 0, "INT"]],
    }
    patched = with_settings(workflow, "10", SETTINGS, "g2", "line")
    assert [link[0] for link in patched["links"]] == [2, 4]
    assert patched["nodes"][0]["inputs"] == [{"name": "seed", "link": None}, {"name": "max_loops", "link": 2}]
    assert [o["links"] for o in patched["nodes"][1]["outputs"]] == [[4], [2], []]


def test_inside_a_subgraph():
    workflow = {
        "nodes": [{"id": 7, "type": "sub"}],
        "links": [],
        "definitions": {
            "subgraphs": [
                {
                    "id": "sub",
                    "nodes": [node(3, inputs=[{"name": "seed", "link": 9}])],
                    "inputs": [{"linkIds": [9, 12]}],
                    "links": [{"id": 9}, {"id": 12}],
                }
            ]
        },
    }
    patched = with_settings(workflow, "7:3", SETTINGS, "g2", "line")["definitions"]["subgraphs"][0]
    assert patched["nodes"][0]["widgets_values"] == EXPECTED
    assert patched["links"] == [{"id": 12}]
    assert patched["inputs"] == [{"linkIds": [12]}]


def test_a_workflow_without_the_node_is_left_alone():
    for workflow in ({}, {"nodes": [{"id": 10, "type": "Other"}]}, {"nodes": [node()], "links": []}):
        assert with_settings(workflow, "99:1", SETTINGS, "g") == workflow


def test_everything_else_that_is_embedded_stays():
    assert in_extra_pnginfo(None, "10", SETTINGS, "g") is None
    assert in_extra_pnginfo({"other": 1}, "10", SETTINGS, "g") == {"other": 1}
    both = in_extra_pnginfo({"other": 1, "workflow": {"nodes": [node()], "links": []}}, "10", SETTINGS, "g2", "line")
    assert both["other"] == 1
    assert both["workflow"]["nodes"][0]["widgets_values"] == EXPECTED


def test_a_workflow_saved_before_there_was_a_checklist_keeps_its_widgets():
    workflow = {"nodes": [node(widgets_values=WIDGET_VALUES[:-1])], "links": []}
    patched = with_settings(workflow, "10", SETTINGS, "g2", "line")
    assert patched["nodes"][0]["widgets_values"] == EXPECTED[:-1]


ODD = [
    None,
    "text",
    ["a", "list"],
    5,
    {"workflow": "text"},
    {"workflow": ["nodes"]},
    {"workflow": {"nodes": [None]}},
    {"workflow": {"nodes": "text"}},
    {"workflow": {"nodes": [{"id": 10}, 5]}},
    {"workflow": {"nodes": [], "definitions": None}},
    {"workflow": {"nodes": [], "definitions": {"subgraphs": [None]}}},
    {"workflow": {"nodes": [{"id": 10, "type": "ImitatoesSelfImprovingPrompt", "inputs": [None]}]}},
    {"workflow": {"nodes": [{"id": 10, "type": "ImitatoesSelfImprovingPrompt", "inputs": 5, "widgets_values": 7}]}},
    {"workflow": {"nodes": [{"id": 10, "type": "ImitatoesSelfImprovingPrompt",
                             "inputs": [{"name": "goal", "link": [1]}]}], "links": [None, 3]}},
    {"workflow": {"id": ["x"]}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:50])
def test_what_is_no_workflow_is_left_out_and_costs_no_render(odd):
    found = in_extra_pnginfo({**odd, "other": 1} if isinstance(odd, dict) else odd, "10", SETTINGS, "goal")
    if not isinstance(odd, dict):
        assert found is None
    else:
        assert found["other"] == 1
        assert isinstance(found.get("workflow", {}), dict)
    assert workflow_id(odd) == ""
