from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.graph.tracing import literal

from .reference import NAMES, graph, object_info, roles

EXPECTED = {
    # name: positive, negative, seed, steps, cfg, guidance, size of the first stage, decode, output
    "flux1_fill_inpaint": ("4.text", "", "10.seed", "10.steps", "10.cfg", "5.guidance", "", "11", "12"),
    "flux1_txt2img": ("4.text", "", "8.seed", "8.steps", "8.cfg", "5.guidance", "7", "9", "10"),
    "flux2_edit_by_text": ("4.text", "", "9.noise_seed", "8.steps", "", "5.guidance", "21", "12", "13"),
    "flux2_img2img": ("4.text", "", "9.noise_seed", "8.steps", "", "5.guidance", "21", "12", "13"),
    "flux2_txt2img": ("4.text", "", "9.noise_seed", "8.steps", "", "5.guidance", "6", "12", "13"),
    "flux_redux_style": ("4.text", "", "8.seed", "8.steps", "8.cfg", "5.guidance", "7", "9", "10"),
    "hunyuan15_img2vid": ("4.text", "5.text", "13.noise_seed", "12.steps", "11.cfg", "", "9", "16", "18"),
    "ltx2_audio_reactive": (
        "7.text",
        "8.text",
        "15.noise_seed 29.noise_seed",
        "14.steps",
        "17.cfg 26.cfg",
        "",
        "10",
        "32",
        "35",
    ),
    "ltx2_i2v_single_stage": ("5.text", "6.text", "13.noise_seed", "12.steps", "15.cfg", "", "8", "17", "20"),
    "qwen_controlnet_canny_2512": ("4.text", "5.text", "8.seed", "8.steps", "8.cfg", "", "21", "9", "10"),
    "qwen_controlnet_canny_diffsynth": ("4.text", "5.text", "8.seed", "8.steps", "8.cfg", "", "21", "9", "10"),
    "qwen_style_transfer_min_repair": ("9.text", "11.text", "13.seed", "13.steps", "13.cfg", "", "12", "14", "15"),
    "sdxl_txt2img": ("2.text", "3.text", "5.seed", "5.steps", "5.cfg", "", "4", "6", "7"),
    "upscale_2x": ("", "", "", "", "", "", "", "", "5"),
    "video_upscale": ("", "", "", "", "", "", "", "", "7"),
    "wan22_img2vid": ("5.text", "6.text", "11.noise_seed", "11.steps 12.steps", "11.cfg 12.cfg", "", "8", "13", "15"),
    "z_image_turbo": ("4.text", "", "8.seed", "8.steps", "8.cfg", "", "6", "9", "10"),
}
EXPECTED["ltx2_img2vid"] = EXPECTED["ltx2_audio_reactive"]
EXPECTED["wan22_img2vid_4step"] = EXPECTED["wan22_img2vid"]
for _name in ("qwen_poster_design", "qwen_txt2img", "qwen_txt2img_4step"):
    EXPECTED[_name] = ("4.text", "5.text", "8.seed", "8.steps", "8.cfg", "", "7", "9", "10")


def told(found, rename=lambda node: node):
    """The parts in one line each, ids given back their first names."""

    def places(part):
        return " ".join(f"{rename(place.node)}.{place.input}" for place in found.places(part))

    size = found.first.size if found.first else None
    return (
        places(lambda one: one.positive),
        places(lambda one: one.negative),
        places(lambda one: one.seed),
        places(lambda one: one.steps),
        places(lambda one: one.cfg),
        places(lambda one: one.guidance),
        rename(size.node) if size else "",
        " ".join(map(rename, found.decodes)),
        " ".join(map(rename, found.outputs)),
    )


def test_all_reference_graphs_are_expected():
    assert set(EXPECTED) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_the_reference_graphs(name):
    found = roles(graph(name), object_info())
    assert told(found) == EXPECTED[name]


def renamed(one, names):
    """The graph with other ids, in another order."""

    def value(v):
        return [names[v[0]], v[1]] if isinstance(v, list) else v

    return {
        names[node_id]: {**one[node_id], "inputs": {k: value(v) for k, v in one[node_id]["inputs"].items()}}
        for node_id in sorted(one, key=lambda node_id: names[node_id])
    }


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_ids_and_order_of_the_nodes_do_not_matter(name, data):
    one = graph(name)
    numbers = data.draw(st.permutations(range(len(one))))
    names = {node_id: f"{number // 3}:{number}" for node_id, number in zip(one, numbers, strict=True)}
    back = {new: old for old, new in names.items()}
    found = told(roles(renamed(one, names), object_info()), back.__getitem__)
    assert [set(part.split()) for part in found] == [set(part.split()) for part in EXPECTED[name]]


def test_the_second_stage_that_adds_no_noise_has_no_seed():
    first, second = roles(graph("wan22_img2vid"), object_info()).samplings
    assert (first.seed.node, second.seed) == ("11", None)


def test_a_text_is_followed_to_the_node_where_it_stands():
    one = graph("sdxl_txt2img")
    one["20"] = {"class_type": "PrimitiveString", "inputs": {"value": "a fox"}}
    one["2"]["inputs"]["text"] = ["20", 0]
    place = roles(one, object_info()).first.positive[0]
    assert (place.node, literal(one, place)) == ("20", "a fox")


def test_a_text_put_together_by_a_node_stays_with_the_encoder():
    one = graph("sdxl_txt2img")
    one["20"] = {"class_type": "StringConcatenate", "inputs": {"string_a": "a", "string_b": "fox", "delimiter": " "}}
    one["2"]["inputs"]["text"] = ["20", 0]
    place = roles(one, object_info()).first.positive[0]
    assert (tuple(place), literal(one, place)) == (("2", "text"), None)


def test_a_seed_through_our_own_node_is_followed():
    one = graph("sdxl_txt2img")
    inputs = {"goal": "g", "prompt": "a fox", "negative": "", "seed": 7, "steps": 20, "cfg": 7.0}
    one["10"] = {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": inputs}
    one["5"]["inputs"]["seed"] = ["10", 2]
    one["2"]["inputs"]["text"] = ["10", 0]
    found = roles(one, object_info()).first
    assert (tuple(found.seed), tuple(found.positive[0])) == (("10", "seed"), ("10", "prompt"))


def test_combined_conditioning_leads_to_both_texts():
    one = graph("sdxl_txt2img")
    one["8"] = {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "in snow"}}
    inputs = {"conditioning_1": ["2", 0], "conditioning_2": ["8", 0]}
    one["9"] = {"class_type": "ConditioningCombine", "inputs": inputs}
    one["5"]["inputs"]["positive"] = ["9", 0]
    assert [place.node for place in roles(one, object_info()).first.positive] == ["2", "8"]


def test_a_node_of_an_unknown_pack_between_does_not_break_the_trail():
    one = graph("sdxl_txt2img")
    one["9"] = {"class_type": "SomePacksLatentFilter", "inputs": {"samples": ["5", 0]}}
    one["6"]["inputs"]["samples"] = ["9", 0]
    found = roles(one, object_info())
    assert (found.decodes, found.outputs) == (("6",), ("7",))
