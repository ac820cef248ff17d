"""None"""

from __future__ import annotations

import pytest
from pack.engine.graph.chains import chain_length, cycles, in_order
from pack.engine.graph.graph_view import GraphView
from pack.engine.graph.model import NotAnApiGraph, by_id, next_id, read_graph
from pack.engine.graph.node_class import node_class, types_fit

from .reference import NAMES, graph, object_info, ui_workflow


@pytest.mark.parametrize("name", NAMES)
def test_reference_graphs_are_read(name):
    assert read_graph(graph(name)) == graph(name)


def test_a_ui_workflow_is_told_how_to_be_exported():
    with pytest.raises(NotAnApiGraph, match=r"Export \(API\)"):
        read_graph(ui_workflow())


@pytest.mark.parametrize(
    ("sent", "told"),
    [([1, 2], "a list"), (None, "nothing"), ({"prompt": {"1": {}}}, "inside its `prompt` key"), ({"x": 1}, "No entry")],
)
def test_other_json_is_named(sent, told):
    with pytest.raises(NotAnApiGraph, match=told):
        read_graph(sent)


def test_sub_inputs_of_a_dynamic_combo():
    resize = node_class(object_info(), "ResizeImageMaskNode")
    assert set(resize.expanded({}).inputs) == {"input", "resize_type", "scale_method"}
    chosen = resize.expanded({"resize_type": "scale dimensions"}).inputs
    assert chosen["resize_type.width"].required
    assert chosen["resize_type.crop"].choices == ["disabled", "center"]


def test_slots_of_a_growing_input():
    batch = node_class(object_info(), "BatchImagesNode")
    grown = batch.expanded({"images.image0": ["1", 0], "images.image7": ["1", 0]})
    assert set(grown.inputs) == {"images.image0", "images.image7"}
    assert grown.inputs["images.image7"].type == "IMAGE"
    assert (grown.growths[0].minimum, len(grown.growths[0].slots)) == (2, 50)


def test_a_matched_output_has_the_type_of_what_is_linked():
    view = GraphView(graph("ltx2_img2vid"), object_info())
    assert view.type_of("5", 0) == "IMAGE"
    assert view.type_of("99", 0) == "*"


@pytest.mark.parametrize(
    ("received", "wanted", "fit"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "IMAGE,MASK", True),
        ("LATENT", "IMAGE,MASK", False),
        ("*", "MODEL", True),
        (["a", "b"], "COMBO", True),
        ("COMBO", ["a", "b"], False),
        ("STRING", ["a"], False),
        ("IMAGE", "COMFY_MATCHTYPE_V3", True),
    ],
)
def test_types_fit_as_the_server_decides(received, wanted, fit):
    assert types_fit(received, wanted) is fit


def linked(**sources):
    return {
        node: {"class_type": "X", "inputs": {one: [one, 0] for one in several}} for node, several in sources.items()
    }


def test_cycles_and_chains():
    assert cycles(linked(a="", b="a", c="ab")) == []
    assert [set(cycle) for cycle in cycles(linked(a="b", b="c", c="a", d="a"))] == [{"a", "b", "c"}]
    assert cycles(linked(a="a")) == [["a"]]
    assert len(cycles(linked(a="b", b="a", c="d", d="c"))) == 2
    assert chain_length(linked(c="ab", b="a", a="")) == 3
    assert in_order(linked(c="ab", b="a", a="")) == ["a", "b", "c"]


def test_a_free_id_is_above_all_numbers_also_in_subgraphs():
    assert next_id({"7": {}, "12:40": {}, "hub": {}}) == "41"


def test_ids_are_sorted_by_their_numbers():
    ids = ["12:40", "9", "12", "a", "12:5", "100"]
    assert sorted(ids, key=by_id) == ["9", "12", "12:5", "12:40", "100", "a"]
