"""The graph that paints one region anew, made from graphs of every kind: the server would take it, nothing is lost."""

from __future__ import annotations

import copy

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.graph_view import GraphView
from pack.engine.graph.local_edit import EditMask, LocalEdit, make_edit_graph
from pack.engine.graph.local_edit_parts import EditRefused, find_edit_parts
from pack.engine.graph.loop_nodes import the_loop
from pack.engine.graph.roles import is_sampler
from pack.engine.graph.wrap import wrap

from .reference import NAMES, graph, object_info, own_node
from .test_loop_plan_kinds import detailer, plain

PICTURE, MASK = "imitatoes/r/loop_01_iter_01.png [output]", "imitatoes/r/mask.png [output]"
OURS = ("ImitatoesRegionCrop", "ImitatoesRegionStitch", "ImitatoesTextSegmentMask")
INFO = {**object_info(), **{name: own_node(name) for name in OURS}}
WORDS = EditMask(words="the left hand", file=MASK, engine="Ollama boxes", ollama_model="m", connection="local")


def edit(**fields):
    return LocalEdit(**{"picture": PICTURE, "mask": WORDS, "denoise": 0.5, **fields})


def looped(workflow):
    made = wrap(workflow, "a red fox", INFO).graph
    return made, the_loop(made)[1]


def edited(workflow, **fields):
    made, critic = looped(workflow)
    return make_edit_graph(made, INFO, critic, edit(**fields))


def of_class(made, class_type):
    return [node["inputs"] for node in made.values() if node["class_type"] == class_type]


def faults(workflow):
    return {(f.kind, f.node, f.input) for f in check(workflow, INFO).findings if f.severity in ("rejected", "wrong")}


CAN = ["flux1_fill_inpaint", "flux1_txt2img", "flux2_edit_by_text", "flux2_img2img", "flux2_txt2img"]
CAN += ["flux_redux_style", "qwen_controlnet_canny_2512", "qwen_controlnet_canny_diffsynth", "qwen_poster_design"]
CAN += ["qwen_style_transfer_min_repair", "qwen_txt2img", "qwen_txt2img_4step", "sdxl_txt2img", "z_image_turbo"]
CLIPS = ["hunyuan15_img2vid", "ltx2_img2vid", "wan22_img2vid", "wan22_img2vid_4step"]


@pytest.mark.parametrize("name", CAN)
@pytest.mark.parametrize("mask", [WORDS, EditMask(file=MASK)], ids=["words", "file"])
def test_a_reference_graph_paints_its_region(name, mask):
    made, critic = looped(graph(name))
    before = copy.deepcopy(made)
    repair = make_edit_graph(made, INFO, critic, edit(mask=mask, has_alpha=True))
    assert made == before
    assert faults(repair) <= faults(made)
    view = GraphView(repair, INFO)
    samplers = [node.id for node in view.nodes.values() if is_sampler(node)]
    assert len(samplers) == 1, "the whole picture is not painted again"
    assert {"ImitatoesSelfImprovingPrompt", "ImitatoesVLMCritique"} <= {node["class_type"] for node in repair.values()}
    (crop,) = of_class(repair, "ImitatoesRegionCrop")
    assert {"SetLatentNoiseMask", "ImitatoesRegionStitch"} <= {node["class_type"] for node in repair.values()} or (
        "InpaintModelConditioning" in {node["class_type"] for node in repair.values()}
    )
    judged = repair[repair[critic]["inputs"]["images"][0]]
    assert judged["class_type"] == "JoinImageWithAlpha"
    assert ("else_mask" in crop) == bool(mask.words)
    loop = the_loop(repair)[0]
    assert any(wire.source == loop and wire.slot == 0 for wire in view.wires), "the region's prompt"
    assert any(wire.source == loop and wire.slot == 2 for wire in view.wires), "and its own seed"


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(CAN)))
def test_what_cannot_be_edited_says_why(name):
    try:
        made, critic = looped(graph(name))
    except Exception as refused:
        assert type(refused).__name__ == "PlanRefused"
        return
    with pytest.raises(EditRefused) as refused:
        make_edit_graph(made, INFO, critic, edit())
    if name in CLIPS:
        assert "pictures can be repaired" in str(refused.value)


def test_denoise_goes_where_the_sampler_takes_it():
    (sampler,) = of_class(edited(graph("sdxl_txt2img"), denoise=0.35), "KSampler")
    assert sampler["denoise"] == 0.35
    made, critic = looped(graph("flux2_txt2img"))
    repair = make_edit_graph(made, INFO, critic, edit(denoise=0.5))
    (split,) = of_class(repair, "SplitSigmasDenoise")
    scheduler = repair[split["sigmas"][0]]
    steps = made[split["sigmas"][0]]["inputs"]["steps"]
    steps = made[steps[0]]["inputs"]["steps"] if isinstance(steps, list) else steps
    assert split["denoise"] == 0.5 and scheduler["inputs"]["steps"] == 2 * steps, "as many steps are left"
    assert [repair[scheduler["inputs"][side][0]]["class_type"] for side in ("width", "height")] == [OURS[0]] * 2


def test_models_made_for_it_start_from_full_noise():
    for name in ("flux1_fill_inpaint", "flux2_edit_by_text"):
        repair = edited(graph(name), denoise=0.3)
        assert not of_class(repair, "SplitSigmasDenoise")
        assert all(inputs.get("denoise", 1.0) == 1.0 for inputs in of_class(repair, "KSampler"))


def test_an_edit_model_sees_the_cut_and_takes_an_instruction():
    made, critic = looped(graph("flux2_edit_by_text"))
    parts = find_edit_parts(made, INFO, critic)
    assert parts.by_instruction
    repair = make_edit_graph(made, INFO, critic, edit())
    for node, name, kind in parts.references:
        source = repair[repair[node]["inputs"][name][0]]["class_type"]
        assert source == ("ImitatoesRegionCrop" if kind == "IMAGE" else "VAEEncode")


def test_control_maps_of_the_whole_picture_are_left_out():
    for name in ("qwen_controlnet_canny_2512", "qwen_controlnet_canny_diffsynth"):
        repair = edited(graph(name))
        assert not [
            n["class_type"] for n in repair.values() if "ontrol" in n["class_type"] or n["class_type"] == "Canny"
        ]


def test_a_detailer_after_the_first_pass_is_not_run_again():
    workflow = plain(n70=detailer(), n71=("SaveImage", {"images": ["70", 0], "filename_prefix": "x"}))
    repair = edited(workflow)
    assert not of_class(repair, "FaceDetailer")
    (saved,) = [i for i in of_class(repair, "SaveImage") if i["filename_prefix"] == "x"]
    assert repair[saved["images"][0]]["class_type"] == OURS[1]


def test_an_inpainting_checkpoint_gets_its_conditioning():
    workflow = plain()
    loader = next(node for node in workflow.values() if node["class_type"] == "CheckpointLoaderSimple")
    loader["inputs"]["ckpt_name"] = "sd_xl_inpaint.safetensors"
    repair = edited(workflow)
    (fill,) = of_class(repair, "InpaintModelConditioning")
    (sampler,) = of_class(repair, "KSampler")
    made = {node_id for node_id, node in repair.items() if node["inputs"] is fill}
    assert {sampler["positive"][0], sampler["negative"][0], sampler["latent_image"][0]} == made


def test_a_graph_that_needs_another_render_is_refused():
    workflow = plain(
        n40=("VAEEncode", {"pixels": ["8", 0], "vae": ["1", 2]}),
        n41=("ConditioningCombine", {"conditioning_1": ["2", 0], "conditioning_2": ["42", 0]}),
        n42=("unCLIPConditioning", {"conditioning": ["2", 0], "clip_vision_output": ["43", 0], "strength": 1.0,
             "noise_augmentation": 0.0}),
        n43=("CLIPVisionEncode", {"clip_vision": ["44", 0], "image": ["8", 0], "crop": "center"}),
        n44=("CLIPVisionLoader", {"clip_name": "x.safetensors"}),
    )  # fmt: skip
    sampler = next(dict(n["inputs"]) for n in workflow.values() if n["class_type"] == "KSampler")
    workflow["50"] = {
        "class_type": "KSampler",
        "inputs": {**sampler, "latent_image": ["40", 0], "positive": ["41", 0], "denoise": 0.4},
    }
    workflow["51"] = {"class_type": "VAEDecode", "inputs": {"samples": ["50", 0], "vae": ["1", 2]}}
    workflow["52"] = {"class_type": "SaveImage", "inputs": {"images": ["51", 0], "filename_prefix": "y"}}
    made, critic = looped(workflow)
    parts = find_edit_parts(made, INFO, critic)
    assert parts.sampler != "50", "the first pass needs nothing that must be painted again"


def test_a_prompt_of_its_own_is_a_must():
    made, critic = looped(plain())
    for node in made.values():
        if node["class_type"] == "CLIPTextEncode":
            node["inputs"]["text"] = "fixed"
    with pytest.raises(EditRefused, match="prompt"):
        find_edit_parts(made, INFO, critic)


def test_a_server_without_the_nodes_says_which():
    made, critic = looped(plain())
    poorer = {name: info for name, info in INFO.items() if name != "SetLatentNoiseMask"}
    with pytest.raises(EditRefused, match="SetLatentNoiseMask"):
        find_edit_parts(made, poorer, critic)


def test_a_service_paints_no_regions():
    made, critic = looped(plain())
    paid = {**INFO, "KSampler": {**INFO["KSampler"], "api_node": True}}
    with pytest.raises(EditRefused, match="service"):
        find_edit_parts(made, paid, critic)
