"""The reader on what packs have that ComfyUI has not: schedules, seeds from elsewhere, samplers, templates."""

from __future__ import annotations

import pytest
from pack.engine.graph.loop_plan import plan_loop
from pack.engine.graph.plan_refusal import PlanRefused
from pack.engine.graph.texts import placeholder_in

from .reference import object_info_0_33
from .test_loop_plan import FOG, KITE, told
from .test_loop_plan_kinds import plain, plan, text

FRAMES = '"0": "a kite",\n"5": "a boat"'


def node_class(inputs, outputs, **fields):
    """A class as object_info describes it. inputs: name to type, optional ones with a ? behind the type."""
    specs = {"required": {}, "optional": {}}
    for name, kind in inputs.items():
        specs["optional" if kind.endswith("?") else "required"][name] = [kind.rstrip("?"), {}]
    return {"input": specs, "output": outputs, "output_name": outputs, "output_node": False, **fields}


def plan_with(classes, workflow):
    return plan_loop(workflow, {**object_info_0_33(), **classes})


SCHEDULED = {
    "a text for each frame, by the class": (
        {"n70": ("CR Simple Prompt Scheduler", {"keyframe_list": FRAMES, "current_frame": 3})},
        "70",
    ),
    "behind other texts of the scheduler": (
        {"n70": ("CR Prompt Scheduler", {"schedule": ["71", 0], "prepend_text": "lines", "append_text": "a long one"})},
        "70",
    ),
    "by the text alone": ({"n70": ("Text Multiline", {"text": FRAMES})}, "70"),
}


@pytest.mark.parametrize("case", SCHEDULED)
def test_a_prompt_that_is_several_texts_is_refused(case):
    nodes, node = SCHEDULED[case]
    nodes = {**nodes, "n2": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["70", 0]})}
    with pytest.raises(PlanRefused, match="gives each frame a text of its own") as refused:
        plan(plain(**nodes))
    assert (refused.value.kind, refused.value.node) == ("scheduled_text", node)


def test_an_encoder_that_schedules_its_own_text_is_refused():
    known = {"BatchPromptSchedule": node_class({"text": "STRING", "clip": "CLIP"}, ["CONDITIONING", "CONDITIONING"])}
    with pytest.raises(PlanRefused, match=r"node 2 \(BatchPromptSchedule\)"):
        plan_with(known, plain(n2=("BatchPromptSchedule", {"text": FRAMES, "clip": ["1", 1]})))


def test_a_prompt_that_speaks_of_numbers_is_no_schedule():
    workflow = plain(n2=text('3 kites: "red", "blue" and green'))
    assert plan(workflow).values["prompt"].startswith("3 kites")


def test_choices_of_a_node_that_passes_conditioning_on_are_no_prompt():
    inputs = {"model": ["1", 0], "clip": ["1", 1], "positive": ["2", 0], "negative": ["3", 0]}
    paint = ("PowerPaint", {**inputs, "function": "object removal", "save_memory": "none"})
    workflow = plain(n70=paint)
    workflow["5"]["inputs"].update(positive=["70", 1], negative=["70", 2])
    types = {"model": "MODEL", "clip": "CLIP", "positive": "CONDITIONING", "negative": "CONDITIONING"}
    known = node_class(
        {**types, "function": "STRING", "save_memory": "STRING"}, ["MODEL", "CONDITIONING", "CONDITIONING", "LATENT"]
    )
    for found in (plan(workflow), plan_with({"PowerPaint": known}, workflow)):
        assert told(found)[1:3] == ("2.text", "3.text")
        assert found.values["negative"] == workflow["3"]["inputs"]["text"]


def test_what_is_put_before_and_behind_is_not_the_prompt_however_long():
    inputs = {"prepend_text": "in the style of a very old photograph", "prompts": KITE, "append_text": "", "index": 0}
    kinds = {"prepend_text": "STRING", "prompts": "STRING", "append_text": "STRING", "index": "INT"}
    workflow = plain(n70=("FL_PromptSelector", inputs), n2=("CLIPTextEncode", {"clip": ["1", 1], "text": ["70", 0]}))
    assert told(plan_with({"FL_PromptSelector": node_class(kinds, ["STRING"])}, workflow))[1] == "70.prompts"


def test_a_text_that_a_language_model_of_a_pack_rewrites_is_told():
    known = {"GeminiAPI": node_class({"prompt": "STRING"}, ["STRING"])}
    workflow = plain(n70=("GeminiAPI", {"prompt": KITE}), n2=("CLIPTextEncode", {"clip": ["1", 1], "text": ["70", 0]}))
    found = plan_with(known, workflow)
    assert told(found)[1] == "70.prompt"
    assert any("makes another text of the prompt" in note for note in found.notes)


def test_a_template_stands_for_an_encoder_that_is_left_empty():
    types = {"text": "STRING", "clip": "CLIP", "template_output": "QWEN_TEMPLATE?"}
    known = {
        "QwenVLTextEncoder": node_class(types, ["CONDITIONING"]),
        "QwenTemplateBuilder": node_class({"prompt": "STRING", "custom_system": "STRING"}, ["QWEN_TEMPLATE"]),
    }
    encoder = {"text": "", "clip": ["1", 1], "template_output": ["70", 0]}
    builder = {"prompt": KITE, "custom_system": "Describe the picture in all its details."}
    workflow = plain(n2=("QwenVLTextEncoder", encoder), n70=("QwenTemplateBuilder", builder))
    assert told(plan_with(known, workflow))[1] == "70.prompt"
    workflow["2"]["inputs"]["text"] = KITE
    assert told(plan_with(known, workflow))[1] == "2.text"


@pytest.mark.parametrize("maker", ["ETN_KritaCanvas", "CR Seed from Nowhere"])
def test_a_seed_that_another_node_makes_is_taken_over_and_told(maker):
    workflow = plain(n70=(maker, {}))
    workflow["5"]["inputs"]["seed"] = ["70", 3]
    found = plan_loop(workflow, object_info_0_33(), draw_seed=lambda: 77)
    assert told(found)[3] == "5.seed" and found.values["seed"] == 77
    assert any(f"node 70 ({maker})" in note and "seed" in note for note in found.notes)


def test_a_seed_of_a_type_of_its_own_is_followed():
    sampler = {"model": "MODEL", "seed": "SEED", "steps": "INT", "cfg": "FLOAT", "positive": "CONDITIONING"}
    kinds = {**sampler, "negative": "CONDITIONING", "latent_image": "LATENT"}
    workflow = plain(n70=("Seed", {"seed": 9040}))
    workflow["5"]["class_type"] = "KSampler (WAS)"
    workflow["5"]["inputs"]["seed"] = ["70", 0]
    found = plan_with({"KSampler (WAS)": node_class(kinds, ["LATENT"])}, workflow)
    assert told(found)[3] == "70.seed" and found.values["seed"] == 9040


def test_a_sampler_is_known_also_where_it_requires_none_of_its_sockets():
    values = {"eta": "FLOAT", "steps": "INT", "cfg": "FLOAT", "seed": "INT"}
    sockets = {"model": "MODEL?", "positive": "CONDITIONING?", "negative": "CONDITIONING?", "latent_image": "LATENT?"}
    workflow = plain()
    workflow["5"]["class_type"] = "ClownsharKSampler_Beta"
    known = {"ClownsharKSampler_Beta": node_class({**values, **sockets}, ["LATENT", "LATENT", "OPTIONS"])}
    assert told(plan_with(known, workflow))[1:] == ("2.text", "3.text", "5.seed", "5.steps", "5.cfg")


def test_what_only_carries_all_of_it_is_no_sampler():
    values = {"steps": "INT?", "cfg": "FLOAT?", "seed": "INT?"}
    sockets = {"model": "MODEL?", "positive": "CONDITIONING?", "negative": "CONDITIONING?", "latent": "LATENT?"}
    outputs = ["MODEL", "CONDITIONING", "CONDITIONING", "LATENT", "IMAGE"]
    workflow = plain(n70=("SomeParameters", {"steps": 9, "cfg": 2.0, "seed": 4, "positive": ["2", 0]}))
    workflow["9"]["inputs"]["images"] = ["70", 4]
    with pytest.raises(PlanRefused):
        plan_with({"SomeParameters": node_class({**values, **sockets}, outputs)}, workflow)


def test_what_costs_money_is_told_where_a_loop_is_planned():
    inputs = {"prompt": KITE, "seed": 5, "aspect_ratio": "16:9", "raw": False}
    workflow = {
        "1": {"class_type": "FluxProUltraImageNode", "inputs": inputs},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    assert any("1 (FluxProUltraImageNode) costs money" in note for note in plan(workflow).notes)
    assert not any("money" in note for note in plan(plain()).notes)


def test_what_is_made_instead_of_a_picture_is_told():
    sound = plain(n9=("SaveAudioMP3", {"audio": ["70", 0]}), n70=("LoadAudio", {"audio": "a.mp3"}))
    with pytest.raises(PlanRefused, match=r"no picture that could be judged: node 9 \(SaveAudioMP3\) takes AUDIO"):
        plan(sound)
    upscaled = {
        "1": ("LoadVideo", {"file": "a.mp4"}),
        "2": ("WavespeedFlashVSRNode", {"video": ["1", 0], "target_resolution": "1080p"}),
        "3": ("SaveVideo", {"video": ["2", 0], "filename_prefix": "x", "format": "auto", "codec": "auto"}),
    }
    workflow = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in upscaled.items()}
    with pytest.raises(PlanRefused, match=r"video of node 3 \(SaveVideo\): node 2 \(WavespeedFlashVSRNode\)"):
        plan(workflow)


@pytest.mark.parametrize(
    "value",
    [
        "${prompt}",
        "${prompt:a beautiful photo of a cat}",
        "%%_COMFYFIXME_${comfyrawworkflowinputseed:0}_ENDFIXME_%%",
        "PARAM_PROMPT",
        "{{ prompt }}",
    ],
)
def test_placeholders_of_other_programs_are_known(value):
    assert placeholder_in(value) == value


@pytest.mark.parametrize("value", [FOG, "costs ${5} and more", "a ${thing} on a hill", "{a|b} kite"])
def test_ordinary_texts_are_no_placeholders(value):
    assert placeholder_in(value) == ""
