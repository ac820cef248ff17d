from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.graph.chains import cycles
from pack.engine.graph.diff import diff
from pack.engine.graph.patch import (
    AddNode,
    ClearInput,
    Connect,
    Patch,
    PatchRefused,
    RemoveNode,
    ReplaceClass,
    SetInput,
    SetTitle,
    apply,
    undo,
)

from .reference import NAMES, graph, object_info


def patch(*operations):
    return Patch(operations=operations)


def refused(one, *operations):
    before = copy.deepcopy(one)
    with pytest.raises(PatchRefused) as problem:
        apply(one, patch(*operations), object_info())
    assert one == before, "refused means nothing applied"
    return str(problem.value)


@st.composite
def operations(draw, one):
    """Operations of every kind on a graph: sensible and senseless ones."""
    node = draw(st.sampled_from([*one, "77", "78"]))
    inputs = one.get(node, {"inputs": {}})["inputs"]
    name = draw(st.sampled_from([*inputs, "new"]))
    source = draw(st.sampled_from([*one, "77"]))
    scale = {"class_type": "ImageScaleBy", "inputs": {"image": [source, 0], "upscale_method": "area", "scale_by": 0.5}}
    kinds = [
        SetInput(node=node, input=name, value=draw(st.one_of(st.integers(), st.text(max_size=5), st.booleans()))),
        ClearInput(node=node, input=name),
        Connect(node=node, input=name, source=source, slot=draw(st.integers(0, 3))),
        AddNode(node=node, entry=scale),
        RemoveNode(node=node),
        ReplaceClass(node=node, class_type=draw(st.sampled_from(["PreviewImage", "VAEDecodeTiled", "NoSuchNode"]))),
        SetTitle(node=node, meta=draw(st.sampled_from([None, {"title": "mine"}]))),
    ]
    return draw(st.sampled_from(kinds))


def dangling(one):
    return {
        (node, name)
        for node, entry in one.items()
        for name, value in entry["inputs"].items()
        if isinstance(value, list) and value[0] not in one
    }


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_patch_is_refused_whole_or_undone_by_its_inverse(data):
    original = graph(data.draw(st.sampled_from(NAMES)))
    one = copy.deepcopy(original)
    wanted = patch(*data.draw(st.lists(operations(one), min_size=1, max_size=4)))
    try:
        applied = apply(one, wanted, object_info())
    except PatchRefused as problem:
        assert str(problem).endswith(".")
        assert one == original
        return
    assert one == original, "the graph given is never changed"
    assert not dangling(applied.graph)
    assert not cycles(applied.graph)
    assert undo(applied.graph, applied.inverse) == original
    assert Patch.model_validate_json(wanted.model_dump_json()) == wanted


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_single_operations_that_are_possible_are_undone(data):
    """As above, with values that mostly fit, so that most are applied."""
    one = graph(data.draw(st.sampled_from(NAMES)))
    node = data.draw(st.sampled_from([*one]))
    literals = [name for name, value in one[node]["inputs"].items() if not isinstance(value, list)]
    chosen = [RemoveNode(node=node), SetTitle(node=node, meta={"title": "x"})]
    chosen += [ClearInput(node=node, input=name) for name in one[node]["inputs"]]
    chosen += [SetInput(node=node, input=name, value=one[node]["inputs"][name]) for name in literals]
    operation = data.draw(st.sampled_from(chosen))
    feeds = any([node, slot] in n["inputs"].values() for n in one.values() for slot in range(4))
    if isinstance(operation, RemoveNode) and feeds:
        assert "not there" in refused(one, operation)
    else:
        applied = apply(one, patch(operation), object_info())
        assert undo(applied.graph, applied.inverse) == one


def test_inverse_after_json():
    one = graph("sdxl_txt2img")
    applied = apply(one, patch(SetInput(node="5", input="cfg", value=4.5), RemoveNode(node="7")), object_info())
    inverse = Patch.model_validate(json.loads(applied.inverse.model_dump_json()))
    assert undo(applied.graph, inverse) == one


def test_a_cycle_is_refused_and_named():
    one = graph("sdxl_txt2img")
    inputs = {"samples": ["5", 0], "upscale_method": "area", "scale_by": 1.5}
    add = AddNode(node="8", entry={"class_type": "LatentUpscaleBy", "inputs": inputs})
    said = refused(one, add, Connect(node="5", input="latent_image", source="8", slot=0))
    assert "circle" in said
    assert "5" in said and "8" in said


def test_a_wrong_type_is_refused_with_the_slot_that_fits():
    said = refused(graph("sdxl_txt2img"), Connect(node="6", input="vae", source="1", slot=0))
    assert "takes VAE" in said and "gives MODEL" in said and "Slot 2" in said


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (SetInput(node="5", input="steps", value="many"), "whole number"),
        (SetInput(node="5", input="steps", value=0), "less than 1"),
        (SetInput(node="5", input="scheduler", value="karas"), "karras"),
        (SetInput(node="6", input="samples", value="hello"), "through a link"),
        (RemoveNode(node="6"), "not there"),
        (RemoveNode(node="60"), "no node 60"),
        (AddNode(node="6", entry={"class_type": "PreviewImage", "inputs": {}}), "there already"),
        (AddNode(node="8", entry={"inputs": {}}), "class_type"),
        (AddNode(node="8", entry={"class_type": "NoSuchNode", "inputs": {}}), "NoSuchNode"),
        (ReplaceClass(node="6", class_type="PreviewImage"), "no slot 0"),
        (ClearInput(node="6", input="nothing"), "no input nothing"),
        (Connect(node="6", input="samples", source="5", slot=1), "no slot 1"),
    ],
)
def test_refusals_say_why(operation, told):
    assert told in refused(graph("sdxl_txt2img"), operation)


def test_a_chain_deeper_than_the_server_bears_is_refused():
    one, inputs = graph("sdxl_txt2img"), {"upscale_method": "area", "scale_by": 1.0}
    adding = [
        AddNode(
            node=str(8 + n),
            entry={"class_type": "LatentUpscaleBy", "inputs": {"samples": [str(7 + n) if n else "5", 0], **inputs}},
        )
        for n in range(900)
    ]
    assert "more than 900" in refused(one, *adding, Connect(node="6", input="samples", source="907", slot=0))


def test_faults_that_were_there_do_not_stand_in_the_way():
    broken = graph("sdxl_txt2img")
    broken["6"]["inputs"]["vae"] = ["99", 0]
    assert (
        apply(broken, patch(SetInput(node="5", input="cfg", value=5.0)), object_info()).graph["5"]["inputs"]["cfg"]
        == 5.0
    )


def test_the_difference_is_readable():
    one = graph("sdxl_txt2img")
    inputs = {"image": ["6", 0], "upscale_method": "area", "scale_by": 0.5}
    changed = apply(
        one,
        patch(
            AddNode(node="8", entry={"class_type": "ImageScaleBy", "inputs": inputs}),
            Connect(node="7", input="images", source="8", slot=0),
            SetInput(node="5", input="cfg", value=4.5),
            SetInput(node="5", input="steps", value=30),
        ),
        object_info(),
    )
    assert diff(one, changed.graph) == [
        "~ 5.steps: 25 -> 30",
        "~ 5.cfg: 7.0 -> 4.5",
        "~ 7.images: 6:0 -> 8:0",
        "+ 8 ImageScaleBy (image 6:0, upscale_method 'area', scale_by 0.5)",
    ]
    assert diff(changed.graph, one)[0] == "- 8 ImageScaleBy"
    assert diff(one, one) == []
