from __future__ import annotations

import copy

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.model import NotAnApiGraph
from pack.engine.graph.patch import undo
from pack.engine.graph.repair import apply_repairs, propose_repairs

from .probe_cases import CHANGES, probe
from .reference import NAMES, accepted, graph, object_info, ui_workflow

CERTAIN = {
    # probe: the input it puts right, and its value afterwards
    "missing_required_input": ("5", "cfg", 8.0),
    "value_not_in_list_short": ("5", "scheduler", "karras"),
    "value_not_in_list_long": ("5", "sampler_name", "euler"),
    "link_slot_string": ("6", "samples", ["5", 0]),
    "link_node_id_int": ("6", "samples", ["5", 0]),
    "link_float_slot": ("6", "samples", ["5", 0]),
    "int_numeric_string": ("5", "steps", 25),
    "int_null_seed": ("5", "seed", 0),
    "float_in_int": ("5", "steps", 20),
    "below_min": ("5", "steps", 1),
    "above_max": ("5", "denoise", 1.0),
    "seed_too_big": ("5", "seed", 2**64 - 1),
    "seed_negative": ("5", "seed", 0),
    "step_violation_width_1001": ("4", "width", 1000),
    "dyncombo_nested_sub_unprefixed": ("12", "resize_type.multiplier", 2.0),
}


def proposals(one):
    return [repair for repair in propose_repairs(one, object_info()) if repair.finding.kind != "no_titles"]


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_is_put_right(name):
    one = probe(name)
    before = copy.deepcopy(one)
    certain = [repair for repair in proposals(one) if repair.certain]
    done = apply_repairs(one, certain, object_info())
    node, name_of_input, value = CERTAIN[name]
    found = done.graph[node]["inputs"][name_of_input]
    assert (found, type(found)) == (value, type(value))
    assert accepted(check(done.graph, object_info()))
    assert one == before, "proposing changes nothing"
    assert undo(done.graph, done.inverse) == before


@pytest.mark.parametrize("name", CHANGES)
def test_every_proposal_can_be_applied_and_makes_nothing_worse(name):
    one = probe(name)
    before = check(one, object_info())
    for repair in proposals(one):
        after = check(apply_repairs(one, [repair], object_info()).graph, object_info())
        assert len(after.rejected) <= len(before.rejected)
        assert repair.lines, repair.sentence


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_graph_is_left_alone_but_for_titles(name):
    one = graph(name)
    assert proposals(one) == []
    titled = apply_repairs(one, propose_repairs(one, object_info()), object_info()).graph
    assert all(node["_meta"]["title"] for node in titled.values())
    assert propose_repairs(titled, object_info()) == []


def test_a_top_level_meta_is_dropped():
    one = probe("meta_key_in_prompt")
    done = apply_repairs(one, [repair for repair in proposals(one) if repair.certain], object_info())
    assert done.graph == graph("sdxl_txt2img")
    assert undo(done.graph, done.inverse) == one


def test_a_misspelt_input_takes_its_value_along():
    one = graph("sdxl_txt2img")
    one["5"]["inputs"]["samplername"] = one["5"]["inputs"].pop("sampler_name")
    done = apply_repairs(one, [repair for repair in proposals(one) if repair.certain], object_info())
    assert done.graph == graph("sdxl_txt2img")


def test_a_missing_model_is_proposed_from_its_family_and_never_certain():
    one = graph("qwen_txt2img")
    one["1"]["inputs"]["unet_name"] = "qwen_image_2512_q8.safetensors"
    one["3"]["inputs"]["vae_name"] = "qwen_image_vae_fp32.safetensors"
    proposed = {r.finding.input: r for r in proposals(one)}
    assert proposed["unet_name"].patch.operations[0].value.startswith("qwen_image_2512")
    assert proposed["vae_name"].patch.operations[0].value == "qwen_image_vae.safetensors"
    assert not any(repair.certain for repair in proposed.values())


def test_a_model_of_which_nothing_alike_is_installed_gets_no_proposal():
    one = graph("sdxl_txt2img")
    one["1"]["inputs"]["ckpt_name"] = "my_own_mix_of_everything.safetensors"
    assert proposals(one) == []


def test_a_link_of_the_wrong_slot_is_proposed_but_not_certain():
    one = graph("sdxl_txt2img")
    one["6"]["inputs"]["vae"] = ["1", 0]
    (repair,) = proposals(one)
    assert not repair.certain
    assert apply_repairs(one, [repair], object_info()).graph == graph("sdxl_txt2img")


def test_the_only_vae_is_proposed_where_one_is_missing():
    (repair,) = proposals(probe("one_output_good_one_bad"))
    assert (repair.certain, repair.patch.operations[0].source) == (False, "1")


def test_frames_and_cfg():
    one = graph("wan22_img2vid_4step")
    one["8"]["inputs"]["length"] = 80
    one["11"]["inputs"]["cfg"] = 3.5
    by_kind = {repair.finding.kind: repair for repair in proposals(one)}
    assert by_kind["frames_off_step"].patch.operations[0].value == 81
    assert not by_kind["cfg_of_distilled_model"].certain


def test_a_text_for_a_boolean():
    one = graph("flux1_fill_inpaint")
    one["8"]["inputs"]["noise_mask"] = "false"
    (repair,) = proposals(one)
    assert repair.patch.operations[0].value is False


def test_another_kind_of_json_is_refused():
    with pytest.raises(NotAnApiGraph):
        propose_repairs(ui_workflow(), object_info())
