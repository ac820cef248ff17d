"""Landscape, vertical and square: the sizes of the model's family, wherever the graph writes its size."""

from __future__ import annotations

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.clip_shapes import ShapesRefused, clip_shapes
from pack.engine.graph.family import family_in, family_named

from ...templates import api_graph, classes
from .reference import graph, object_info

TEMPLATES = {
    "12 Picture to video with Wan 2.2": [(832, 480), (480, 832), (640, 640)],
    "13 Picture to video with LTX-2": [(1280, 704), (704, 1280), (960, 960)],
    "16 Text to video with Wan 2.2": [(832, 480), (480, 832), (640, 640)],
    "17 Picture to video with LTX-2.3": [(1280, 704), (704, 1280), (960, 960)],
}
REFERENCES = {
    "wan22_img2vid": "Wan 2.2 14B",
    "hunyuan15_img2vid": "HunyuanVideo 1.5",
    "ltx2_img2vid": "LTX-2",
    "ltx2_i2v_single_stage": "LTX-2",
}


def changed(made, shape):
    for one in shape.changes:
        made[one.node]["inputs"][one.input] = one.value
    return made


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_templates_have_all_three(name):
    found = clip_shapes(api_graph(name), classes())
    assert [(one.width, one.height) for one in found.shapes] == TEMPLATES[name]
    assert [one.shape for one in found.shapes] == ["landscape", "vertical", "square"]
    assert [one.current for one in found.shapes] == [True, False, False]


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_shape_is_put_in_everywhere_and_found_again(name, which):
    wanted = clip_shapes(api_graph(name), classes()).shapes[which]
    made = changed(api_graph(name), wanted)
    assert check(made, classes()).findings == check(api_graph(name), classes()).findings
    again = clip_shapes(made, classes())
    assert [(one.shape, one.current) for one in again.shapes if one.current] == [(wanted.shape, True)]
    multiple = family_in(made).size.multiple
    for node in made.values():
        if isinstance(node["inputs"].get("width"), int):
            sides = (node["inputs"]["width"], node["inputs"]["height"])
            assert not any(side % multiple for side in sides)
            assert sides in ((wanted.width, wanted.height), (wanted.width // 2, wanted.height // 2))
    assert changed(made, again.shapes[0]) == api_graph(name), "and back"


@pytest.mark.parametrize("name", REFERENCES)
def test_sizes_are_the_familys_own_and_as_large_as_before(name):
    found = clip_shapes(graph(name), object_info())
    family = family_named(REFERENCES[name])
    assert found.family == family.name
    wide, high, square = ((one.width, one.height) for one in found.shapes)
    assert wide in family.size.native
    assert high == (wide[1], wide[0])
    assert square[0] == square[1] and square[0] % family.size.multiple == 0
    assert 0.6 < square[0] * square[1] / (wide[0] * wide[1]) < 1.6


def test_a_large_clip_stays_large():
    made = graph("wan22_img2vid")
    latent = next(node for node in made.values() if node["class_type"] == "WanImageToVideo")
    latent["inputs"] |= {"width": 1280, "height": 720}
    sizes = [(one.width, one.height) for one in clip_shapes(made, object_info()).shapes]
    assert sizes == [(1280, 720), (720, 1280), (960, 960)]


def test_a_size_behind_nodes_that_hold_it_is_changed_there():
    made = graph("wan22_img2vid")
    latent = next(node for node in made.values() if node["class_type"] == "WanImageToVideo")
    for name, key in (("width", "90"), ("height", "91")):
        made[key] = {"class_type": "PrimitiveInt", "inputs": {"value": latent["inputs"][name]}}
        latent["inputs"][name] = [key, 0]
    vertical = clip_shapes(made, object_info()).shapes[1]
    assert {(one.node, one.input) for one in vertical.changes} == {("90", "value"), ("91", "value")}


def test_another_size_of_the_same_proportion_is_left_alone():
    made = changed(graph("wan22_img2vid"), clip_shapes(graph("wan22_img2vid"), object_info()).shapes[2])
    made["90"] = {"class_type": "EmptyImage", "inputs": {"width": 512, "height": 512, "batch_size": 1, "color": 0}}
    made["91"] = {"class_type": "PreviewImage", "inputs": {"images": ["90", 0]}}
    vertical = clip_shapes(made, object_info()).shapes[1]
    assert "90" not in {one.node for one in vertical.changes}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: graph("sdxl_txt2img"), "makes no clip"),
        (lambda: api_graph("18 Extend a clip with Wan 2.2"), "comes from its picture"),
        (lambda: {}, "makes no clip"),
    ],
)
def test_why_there_is_nothing_to_choose(made, why):
    with pytest.raises(ShapesRefused, match=why):
        clip_shapes(made(), classes())


def test_sizes_of_an_unknown_model_are_the_users():
    made = graph("wan22_img2vid")
    for node in made.values():
        if node["class_type"] in ("UNETLoader", "CLIPLoader"):
            node["inputs"] |= {
                name: "mine.safetensors" for name in ("unet_name", "clip_name") if name in node["inputs"]
            }
            if "type" in node["inputs"]:
                node["inputs"]["type"] = "stable_diffusion"
    with pytest.raises(ShapesRefused, match="not known here"):
        clip_shapes(made, object_info())
