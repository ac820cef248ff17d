"""The next segment of a clip: the same graph from another first picture."""

from __future__ import annotations

import pytest
from pack.engine.graph.clips import moves_a_picture
from pack.engine.graph.extend_graph import (
    ExtendRefused,
    extend_graph,
    frames_to_begin_with,
    last_frames_file,
    run_extended,
)
from pack.engine.graph.wrap import wrap

from ...templates import api_graph
from .reference import graph, object_info

RUN = "20261129-010203-0badcafe"
PICTURE = f"imitatoes/{RUN}/last_frame.png [output]"


def looped(name):
    made = wrap(graph(name), "a goal", object_info()).graph
    return made, next(key for key, node in made.items() if "SelfImproving" in node["class_type"])


@pytest.mark.parametrize("name", ["wan22_img2vid", "ltx2_img2vid", "ltx2_i2v_single_stage", "hunyuan15_img2vid"])
def test_the_first_picture_goal_and_words_are_new_and_all_else_is_kept(name):
    made, hub = looped(name)
    next_one = extend_graph(made, hub, "the fox runs away", "", 7, PICTURE)
    changed = {key for key in made if made[key]["inputs"] != next_one[key]["inputs"]}
    loaders = {key for key in changed if made[key]["class_type"] == "LoadImage"}
    assert changed == {hub, *loaders} and loaders
    assert {next_one[key]["inputs"]["image"] for key in loaders} == {PICTURE}
    start = next_one[hub]["inputs"]
    assert (start["goal"], start["prompt"], start["seed"]) == ("the fox runs away", "", 7)
    assert run_extended(next_one) == (RUN, 1)
    assert run_extended(made) == ("", 0)


def test_a_clip_made_of_words_alone_cannot_go_on():
    made, hub = looped("sdxl_txt2img")
    assert not moves_a_picture(made)
    with pytest.raises(ExtendRefused, match="picture to video"):
        extend_graph(made, hub, "more", "", 1, PICTURE)


def test_a_workflow_that_makes_clips_longer_itself_says_how():
    longer = api_graph("18 Extend a clip with Wan 2.2")
    with pytest.raises(ExtendRefused, match="Load Video"):
        extend_graph(longer, "10", "more", "", 1, PICTURE)


@pytest.mark.parametrize(
    "image",
    ["imitatoes/../last_frame.png [output]", "last_frame.png [output]", f"imitatoes/{RUN}/last_frame.png", 3, None],
)
def test_another_picture_is_no_run(image):
    made, _ = looped("wan22_img2vid")
    loader = next(key for key, node in made.items() if node["class_type"] == "LoadImage")
    made[loader]["inputs"]["image"] = image
    assert run_extended(made) in (("", 0), ("..", 1))


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("13 Picture to video with LTX-2", 9),
        ("17 Picture to video with LTX-2.3", 9),
        ("12 Picture to video with Wan 2.2", 1),
    ],
)
def test_a_segment_begins_with_a_piece_of_video_where_the_model_takes_one(name, frames):
    assert frames_to_begin_with(api_graph(name)) == frames


@pytest.mark.parametrize("name", ["wan22_img2vid", "hunyuan15_img2vid"])
def test_other_models_begin_with_one_picture(name):
    assert frames_to_begin_with(graph(name)) == 1


def test_what_else_looks_at_the_picture_gets_one():
    made = api_graph("13 Picture to video with LTX-2")
    made["90"] = {"class_type": "CLIPVisionEncode", "inputs": {"image": ["7", 0], "clip_vision": ["1", 1]}}
    assert frames_to_begin_with(made) == 1
    made["90"] = {"class_type": "MaskToImage", "inputs": {"mask": ["6", 1]}}
    assert frames_to_begin_with(made) == 1
    made["90"] = {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}}
    assert frames_to_begin_with(made) == 9


def test_several_frames_are_known_by_their_file():
    made, hub = looped("ltx2_img2vid")
    for count, file in ((1, "last_frame.png"), (9, "last_9_frames.webp")):
        assert last_frames_file(count) == file
        picture = f"imitatoes/{RUN}/{file} [output]"
        assert run_extended(extend_graph(made, hub, "more", "", 1, picture)) == (RUN, count)
