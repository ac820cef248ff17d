"""Models for editing that repair beside the user's own: which a server has, and the graph that they make."""

from __future__ import annotations

import copy
import re

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.edit_templates import (
    edit_templates,
    find_repairer,
    installed_template,
    repair_choices,
    template_source,
)
from pack.engine.graph.graph_view import GraphView
from pack.engine.graph.local_edit import EditMask, make_edit_graph
from pack.engine.graph.local_edit_parts import EditRefused, NoSinglePicture
from pack.engine.graph.loop_nodes import the_loop
from pack.engine.graph.roles import is_sampler
from pack.engine.graph.run_request import OrderLimits
from pack.engine.graph.ui_conversion.convert import convert
from pydantic import ValidationError

from ...web.official_templates import official_templates, read
from .reference import graph, object_info_0_33, own_node, with_files
from .test_local_edit import MASK, OURS, edit, looped

FILES = {
    "FLUX.2 Klein": {
        "UNETLoader.unet_name": ["flux-2-klein-base-4b.safetensors", "flux-2-klein-4b-fp8.safetensors"],
        "CLIPLoader.clip_name": ["qwen_3_4b.safetensors"],
        "VAELoader.vae_name": ["ae.safetensors", "flux2-vae.safetensors"],
    },
    "FLUX.1 Kontext": {
        "UNETLoader.unet_name": ["flux1-dev.safetensors", "flux1-dev-kontext_fp8_scaled.safetensors"],
        "DualCLIPLoader.clip_name1": ["clip_l.safetensors"],
        "DualCLIPLoader.clip_name2": ["clip_l.safetensors", "t5xxl_fp8_e4m3fn_scaled.safetensors"],
        "VAELoader.vae_name": ["vae.safetensors", "ae.safetensors"],
    },
    "Qwen-Image-Edit": {
        "UNETLoader.unet_name": ["qwen_image_2512.safetensors", "qwen_image_edit_2511_fp8mixed.safetensors"],
        "CLIPLoader.clip_name": ["qwen_2.5_vl_7b_fp8_scaled.safetensors"],
        "VAELoader.vae_name": ["qwen_image_vae.safetensors"],
    },
}
CHECKPOINT = {"CheckpointLoaderSimple.ckpt_name": ["sd_xl_base_1.0.safetensors"]}
NAMES = tuple(FILES)


def server(*names, without=""):
    """Core 0.33.0 with SDXL and the models of these templates. without: an input for which there is no file."""
    files = dict(CHECKPOINT)
    for name in names:
        for where, listed in FILES[name].items():
            files[where] = [*files.get(where, []), *([] if where == without else listed)]
    info = with_files(copy.deepcopy(dict(object_info_0_33())), files)
    return {**info, **{name: own_node(name) for name in OURS}}


def kept_prompt():
    """A graph whose prompt the loop does not steer, so its own sampler cannot paint a region."""
    made, critic = looped(graph("sdxl_txt2img"))
    for node in made.values():
        if node["class_type"] == "CLIPTextEncode":
            node["inputs"]["text"] = "fixed"
    return made, critic


MARKED = EditMask(file=MASK)


def repaired(workflow, critic, info, repair_with, mask=MARKED):
    found = find_repairer(workflow, info, critic, repair_with)
    made = make_edit_graph(found.graph, info, critic, edit(mask=mask), found.parts)
    faults = [f for f in check(made, info).findings if f.severity in ("rejected", "wrong")]
    assert not faults, faults
    return made, found.parts


@pytest.mark.parametrize("name", NAMES)
def test_a_template_paints_the_repair_by_an_instruction_and_the_users_nodes_stay(name):
    workflow, critic = looped(graph("sdxl_txt2img"))
    before, info = copy.deepcopy(workflow), server(name)
    made, parts = repaired(workflow, critic, info, name)
    assert workflow == before and parts.by_instruction
    view = GraphView(made, info)
    loop, _ = the_loop(made)
    (sampler,) = [node for node in view.nodes.values() if is_sampler(node)]
    assert sampler.id == parts.sampler and sampler.id not in before
    assert not [node for node in made.values() if node["class_type"] == "CheckpointLoaderSimple"], "not loaded for it"
    assert {(wire.source, wire.slot) for wire in view.wires} >= {(loop, 0), (loop, 2)}, "its instruction, its seed"
    (shown,) = [node["inputs"]["images"] for node in made.values() if node["class_type"] == "SaveImage"]
    assert shown == made[critic]["inputs"]["images"], "the user's own save node gets it too"
    assert {key: made[key]["class_type"] for key in made if key in before} == {
        key: before[key]["class_type"] for key in before if key in made
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_those_of_the_official_template(name):
    found = installed_template(server(*NAMES), name)
    assert found.row.name == name
    assert {node.rpartition(".")[2]: file for (_, node), file in found.files.items()} == {
        where.partition(".")[2]: listed[-1] for where, listed in FILES[name].items()
    }


def test_a_template_needs_all_of_its_models_and_nodes():
    for name in NAMES:
        for where in FILES[name]:
            assert installed_template(server(name, without=where), name) is None, where
        missing = {key: one for key, one in server(name).items() if key not in ("ReferenceLatent", "CFGNorm")}
        assert installed_template(missing, name) is None
    assert installed_template(server()) is None


def test_auto_takes_the_users_own_model_and_else_what_is_installed():
    workflow, critic = looped(graph("sdxl_txt2img"))
    info = server(*NAMES)
    assert find_repairer(workflow, info, critic, "auto").graph == workflow
    assert find_repairer(workflow, info, critic, "a name of another version").graph == workflow
    fixed, critic = kept_prompt()
    made, _ = repaired(fixed, critic, info, "auto")
    assert "flux-2-klein-4b-fp8.safetensors" in str(made)
    for repair_with, servers in (("off", info), ("auto", server())):
        with pytest.raises(EditRefused, match="prompt"):
            find_repairer(fixed, servers, critic, repair_with)


def test_a_name_that_is_not_installed_says_what_to_do():
    workflow, critic = looped(graph("sdxl_txt2img"))
    with pytest.raises(EditRefused, match=re.escape("repair_with: FLUX.1 Kontext is not installed")):
        find_repairer(workflow, server("FLUX.2 Klein"), critic, "FLUX.1 Kontext")


def test_no_model_repairs_a_clip():
    made, critic = looped(graph("ltx2_img2vid"))
    with pytest.raises(NoSinglePicture):
        find_repairer(made, {**server(*NAMES)}, critic, "FLUX.2 Klein")


def test_a_region_of_words_or_a_mask_is_kept_to():
    workflow, critic = looped(graph("sdxl_txt2img"))
    made, _ = repaired(workflow, critic, server(*NAMES), "FLUX.1 Kontext", EditMask(words="the hand", file=MASK))
    kinds = [node["class_type"] for node in made.values()]
    assert {"ImitatoesTextSegmentMask", "SetLatentNoiseMask", "ImitatoesRegionStitch"} <= set(kinds)


def test_what_a_script_may_ask_for():
    assert OrderLimits(repair_with="FLUX.1 Kontext").repair_with in repair_choices()
    with pytest.raises(ValidationError, match="use one of auto, off"):
        OrderLimits(repair_with="https://example.org")


@pytest.mark.parametrize("row", edit_templates(), ids=lambda row: row.name)
def test_every_figure_is_that_of_the_official_template(row):
    assert template_source(row).startswith("https://")
    if row.template not in official_templates():
        pytest.skip("this version of comfyui-workflow-templates does not have it")
    official = convert(read(official_templates()[row.template]), object_info_0_33()).graph
    there = [(node["class_type"], node["inputs"]) for node in official.values()]
    figures = ("shift", "strength", "guidance", "cfg", "steps", "type", "reference_latents_method", "sampler_name")

    def values(name):
        """Of an input, those that the template has, behind its switches too."""
        found = {inputs[name] for _, inputs in there if name in inputs and not isinstance(inputs[name], list)}
        return found | {inputs.get("value") for kind, inputs in there if kind.startswith("Primitive")}

    for entry in row.nodes.values():
        if entry["class_type"] not in ("LoadImage", "EmptyFlux2LatentImage"):
            assert entry["class_type"] in {kind for kind, _ in there}
        for name in figures:
            value = entry["inputs"].get(name)
            if isinstance(value, (int, float, str)):
                assert value in values(name), (entry["class_type"], name)
    for pattern in (v["file"] for e in row.nodes.values() for v in e["inputs"].values() if isinstance(v, dict)):
        assert any(re.search(pattern, str(v), re.I) for _, inputs in there for v in inputs.values()), pattern
