"""What a critic is linked to: pictures, or a clip with its rate and the nodes that keep it."""

from __future__ import annotations

import pytest
from pack.engine.graph.clips import clip_source, moves_a_picture
from pack.engine.graph.wrap import wrap

from .reference import graph, object_info, own_node

CLIPS = {
    "wan22_img2vid": 16.0,
    "wan22_img2vid_4step": 16.0,
    "ltx2_img2vid": 25.0,
    "ltx2_i2v_single_stage": 24.0,
}
PICTURES = ("sdxl_txt2img", "flux1_txt2img", "flux2_txt2img", "qwen_txt2img", "qwen_poster_design")


def looped(name, **more):
    made = wrap(graph(name), "a goal", object_info(**more))
    critic = next(key for key, node in made.graph.items() if node["class_type"] == "ImitatoesVLMCritique")
    return made.graph, critic


@pytest.mark.parametrize("name", CLIPS)
def test_what_a_video_model_makes_is_a_clip_at_its_own_rate(name):
    made, critic = looped(name)
    found = clip_source(made, object_info(), critic)
    assert (found.is_clip, found.rate, found.picked) == (True, CLIPS[name], False)
    assert [made[one]["class_type"] for one in found.savers] == ["SaveVideo"]


@pytest.mark.parametrize("name", PICTURES)
def test_what_a_picture_model_makes_is_none(name):
    made, critic = looped(name)
    assert not clip_source(made, object_info(), critic).is_clip


def test_what_a_node_joins_to_a_clip_is_one_whatever_paints_it():
    made, critic = looped("sdxl_txt2img")
    source = made[critic]["inputs"]["images"]
    inputs = {
        "images": source,
        "filename_prefix": "x",
        "fps": 6.0,
        "lossless": True,
        "quality": 80,
        "method": "default",
    }
    made["90"] = {"class_type": "SaveAnimatedWEBP", "inputs": inputs}
    found = clip_source(made, object_info(), critic)
    assert (found.is_clip, found.rate, found.savers) == (True, 6.0, ("90",))


def test_a_pack_without_its_nodes_at_hand_is_known_by_the_names_of_its_classes():
    made, critic = looped("sdxl_txt2img")
    source = made[critic]["inputs"]["images"]
    made["90"] = {"class_type": "VHS_VideoCombine", "inputs": {"images": source, "frame_rate": 12, "save_output": True}}
    found = clip_source(made, object_info(), critic)
    assert (found.is_clip, found.rate) == (True, 12.0)


def test_a_graph_that_picks_frames_as_before_is_a_clip_of_these():
    made, critic = looped("wan22_img2vid")
    made["90"] = {"class_type": "ImageFromBatch", "inputs": {"image": ["13", 0], "batch_index": 4, "length": 4}}
    made[critic]["inputs"]["images"] = ["90", 0]
    found = clip_source(made, object_info(), critic)
    assert (found.is_clip, found.picked) == (True, True)


def test_nothing_linked_is_no_clip():
    made, critic = looped("wan22_img2vid")
    del made[critic]["inputs"]["images"]
    assert not clip_source(made, object_info(), critic).is_clip
    assert own_node("ImitatoesVLMCritique")["input"]


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("wan22_img2vid", True),
        ("ltx2_img2vid", True),
        ("ltx2_i2v_single_stage", True),
        ("sdxl_txt2img", False),
        ("flux2_img2img", False),
    ],
)
def test_a_picture_that_begins_to_move_is_known(name, moves):
    assert moves_a_picture(graph(name)) == moves


@pytest.mark.parametrize("giver", ["PrimitiveInt", "ComfyMathExpression"])
def test_whatever_gives_the_length_the_clip_is_wrapped_alike(giver):
    given = graph("wan22_img2vid")
    place = next(node for node in given.values() if "length" in node["inputs"])
    inputs = {"value": 81} if giver == "PrimitiveInt" else {"expression": "5 * 16 + 1"}
    given["77"] = {"class_type": giver, "inputs": inputs}
    place["inputs"]["length"] = ["77", 0]
    made = wrap(given, "a goal", object_info())
    critic = next(key for key, node in made.graph.items() if node["class_type"] == "ImitatoesVLMCritique")
    assert made.plan.judged == wrap(graph("wan22_img2vid"), "a goal", object_info()).plan.judged
    assert made.graph[critic]["inputs"]["images"] == ["13", 0]
    assert clip_source(made.graph, object_info(), critic).is_clip
