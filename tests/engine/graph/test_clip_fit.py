"""Lengths and frame rates by model family, put into a clip's graph when the loop is, and told."""

from __future__ import annotations

import pytest
from pack.engine.graph.clip_fit import fitting_length
from pack.engine.graph.family import Frames, families
from pack.engine.graph.patch import undo
from pack.engine.graph.wrap import wrap

from ...templates import API, classes, has_loop, read
from ...test_templates import unwrapped
from .reference import graph, object_info

CLIPS = {
    "wan22_img2vid": ("Wan 2.2 14B", "4n+1", 80, 81, 30, 16),
    "hunyuan15_img2vid": ("HunyuanVideo 1.5", "4n+1", 120, 121, 30, 24),
    "ltx2_img2vid": ("LTX-2", "8n+1", 100, 97, 30, 25),
    "ltx2_i2v_single_stage": ("LTX-2", "8n+1", 123, 121, 10, 24),
}
LENGTHS, RATES = ("length", "frames_number"), ("fps", "frame_rate")


def numbers(made, names):
    """(node, input): value, of literals by these names."""
    found = {(key, name): node["inputs"].get(name) for key, node in made.items() for name in names}
    return {place: value for place, value in found.items() if isinstance(value, (int, float))}


def given(name, length=None, rate=None):
    made = graph(name)
    for names, value in ((LENGTHS, length), (RATES, rate)):
        for key, which in numbers(made, names) if value is not None else ():
            made[key]["inputs"][which] = type(made[key]["inputs"][which])(value)
    return made


@pytest.mark.parametrize("name", CLIPS)
def test_what_the_family_cannot_make_is_put_right_and_told(name):
    family, made_of, length, fitting, rate, usual = CLIPS[name]
    plain = given(name, length, rate)
    made = wrap(plain, "a goal", object_info())
    assert set(numbers(made.graph, LENGTHS).values()) == {fitting}
    assert set(numbers(made.graph, RATES).values()) == {usual}
    assert any(f"{family} makes {made_of} frames, so {length} became {fitting}." in note for note in made.notes)
    assert any(f"so {rate} became {usual}." in note for note in made.notes)
    changed = {(one.node, one.input) for one in made.plan.changes}
    assert changed == set(numbers(plain, (*LENGTHS, *RATES)))
    whole = {"length", "frames_number"}
    assert all(isinstance(one.value, int) for one in made.plan.changes if one.input in whole)
    assert undo(made.graph, made.inverse) == plain


@pytest.mark.parametrize("name", CLIPS)
def test_what_the_user_set_stays_where_the_family_can_make_it(name):
    multiple = 8 if "ltx" in name else 4
    usual = CLIPS[name][-1]
    for length, rate in ((multiple * 3 + 1, usual), (multiple * 40 + 1, 2 * usual), (1, usual)):
        made = wrap(given(name, length, rate), "a goal", object_info())
        assert made.plan.changes == ()
        assert set(numbers(made.graph, LENGTHS).values()) == {length}


def test_frames_that_are_filled_up_have_a_rate_of_their_own():
    plain = given("wan22_img2vid", rate=30)
    decode = next(key for key, node in plain.items() if node["class_type"] == "VAEDecode")
    video = next(node for node in plain.values() if node["class_type"] == "CreateVideo")
    plain["90"] = {"class_type": "RIFE VFI", "inputs": {"frames": [decode, 0], "multiplier": 2}}
    video["inputs"]["images"] = ["90", 0]
    assert wrap(plain, "a goal", object_info()).plan.changes == ()


def test_the_rate_of_a_video_that_is_loaded_is_its_own():
    plain = given("wan22_img2vid")
    sampler = next(node for node in plain.values() if node["class_type"] == "WanImageToVideo")
    plain["92"] = {"class_type": "VHS_LoadVideo", "inputs": {"video": "mine.mp4", "force_rate": 30}}
    sampler["inputs"]["start_image"] = ["92", 0]
    assert wrap(plain, "a goal", object_info()).plan.changes == ()


def test_a_length_behind_a_node_that_holds_it_is_changed_there():
    plain = given("wan22_img2vid", 80)
    (key, name), *_ = numbers(plain, LENGTHS)
    plain["91"] = {"class_type": "PrimitiveInt", "inputs": {"value": 80}}
    plain[key]["inputs"][name] = ["91", 0]
    made = wrap(plain, "a goal", object_info())
    assert (made.graph["91"]["inputs"]["value"], made.graph[key]["inputs"][name]) == (81, ["91", 0])


@pytest.mark.parametrize("name", ["sdxl_txt2img", "qwen_txt2img", "flux2_txt2img"])
def test_pictures_have_no_length(name):
    assert wrap(graph(name), "a goal", object_info()).plan.changes == ()


@pytest.mark.parametrize("path", [path for path in API if has_loop(read(path))], ids=lambda path: path.stem)
def test_our_templates_fit_already(path):
    if "encoder" not in path.stem:
        assert wrap(unwrapped(read(path)), "a goal", classes()).plan.changes == ()


def test_the_nearest_length_is_a_clip():
    for family in families():
        if frames := family.frames:
            for length in range(2, 300):
                near = fitting_length(frames, length)
                assert near > 1 and frames.nearest(near) == near
                assert abs(near - length) <= frames.multiple / 2 or frames.nearest(length) == 1
    assert fitting_length(Frames(multiple=8, offset=1), 2) == 9
