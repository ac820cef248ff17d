from __future__ import annotations

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.clips import clip_source
from pack.engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS, LOOP_OUTPUT, OUTPUTS, the_loop
from pack.engine.graph.patch import undo
from pack.engine.graph.plan_refusal import PlanRefused
from pack.engine.graph.wrap import wrap

from .reference import NAMES, STILL, graph, object_info, own_node

GOAL = "a red fox sitting in deep snow"
WITHOUT_A_PROMPT = ("upscale_2x", "video_upscale")
SAMPLING = [name for name in NAMES if name not in WITHOUT_A_PROMPT]


def wrapped(name):
    return wrap(graph(name), GOAL, object_info())


def test_the_outputs_are_those_of_the_node():
    names = own_node(LOOP_CLASS)["output_name"]
    assert {name: names.index(name) for name in OUTPUTS} == OUTPUTS
    assert names[LOOP_OUTPUT] == "loop"


@pytest.mark.parametrize("name", SAMPLING)
def test_every_graph_with_a_prompt_becomes_a_loop_that_the_server_takes(name):
    made = wrapped(name)
    hub, critic = the_loop(made.graph)
    found = [one.kind for one in check(made.graph, object_info()).findings]
    assert found == STILL.get(name, [])
    assert made.graph[hub]["inputs"]["goal"] == GOAL
    assert made.graph[critic]["class_type"] == CRITIC_CLASS
    assert undo(made.graph, made.inverse) == graph(name)
    assert made.lines


def test_the_users_own_texts_and_numbers_are_the_start():
    made = wrapped("sdxl_txt2img")
    hub, critic = the_loop(made.graph)
    inputs = made.graph[hub]["inputs"]
    own = {name: inputs[name] for name in ("prompt", "negative", "seed", "steps", "cfg")}
    texts = {"prompt": "a red fox in snow, soft morning light", "negative": "blurry, low quality"}
    assert own == {**texts, "seed": 42, "steps": 25, "cfg": 7.0}
    links = {"text": [hub, 0]}
    assert made.graph["2"]["inputs"]["text"] == links["text"]
    assert made.graph["3"]["inputs"]["text"] == [hub, 1]
    sampler = made.graph["5"]["inputs"]
    assert [sampler[name] for name in ("seed", "steps", "cfg")] == [[hub, 2], [hub, 3], [hub, 4]]
    assert made.graph[critic]["inputs"] == {"images": ["6", 0], "loop": [hub, LOOP_OUTPUT]}
    assert made.notes == ()


def test_both_stages_follow_and_fixed_steps_stay():
    made = wrapped("wan22_img2vid_4step")
    hub, _ = the_loop(made.graph)
    assert made.graph["11"]["inputs"]["cfg"] == made.graph["12"]["inputs"]["cfg"] == [hub, 4]
    assert made.graph["11"]["inputs"]["steps"] == made.graph["12"]["inputs"]["steps"] == 4
    assert made.graph["12"]["inputs"]["noise_seed"] == 0
    assert made.graph[hub]["inputs"]["steps"] == 4
    assert "fixed step" in made.notes[0]


def test_the_second_stage_at_cfg_1_stays():
    made = wrapped("ltx2_img2vid")
    assert made.graph["26"]["inputs"]["cfg"] == 1.0


def test_of_a_video_the_judge_gets_all_frames_and_knows_them_for_a_clip():
    made = wrapped("wan22_img2vid")
    _, critic = the_loop(made.graph)
    assert made.graph[critic]["inputs"]["images"] == ["13", 0]
    found = clip_source(made.graph, object_info(), critic)
    assert (found.is_clip, found.rate, found.picked) == (True, 16.0, False)


@pytest.mark.parametrize("name", WITHOUT_A_PROMPT)
def test_a_graph_without_a_prompt_is_refused(name):
    with pytest.raises(PlanRefused, match="No sampler paints the picture of node"):
        wrapped(name)


def test_a_graph_that_is_a_loop_already_is_refused():
    with pytest.raises(PlanRefused, match="already"):
        wrap(wrapped("sdxl_txt2img").graph, GOAL, object_info())


def test_without_a_goal_or_without_the_nodes_it_is_refused():
    with pytest.raises(PlanRefused, match="goal"):
        wrap(graph("sdxl_txt2img"), "  ", object_info())
    bare = {name: info for name, info in object_info().items() if not name.startswith("Imitatoes")}
    with pytest.raises(PlanRefused, match="Install Imitatoes"):
        wrap(graph("sdxl_txt2img"), GOAL, bare)


def test_of_a_prompt_put_together_by_a_node_the_longer_piece_is_steered_and_the_other_told():
    one = graph("sdxl_txt2img")
    one["20"] = {"class_type": "StringConcatenate", "inputs": {"string_a": "a", "string_b": "fox", "delimiter": " "}}
    one["2"]["inputs"]["text"] = ["20", 0]
    made = wrap(one, GOAL, object_info())
    hub, _ = the_loop(made.graph)
    assert made.graph["20"]["inputs"]["string_b"] == [hub, 0]
    assert made.graph[hub]["inputs"]["prompt"] == "fox"
    assert made.notes == ('"a " is put before the prompt by node 20 (StringConcatenate) and stays as it is.',)


def test_of_several_texts_the_longest_leads_and_the_others_are_told():
    one = graph("flux1_txt2img")
    inputs = {"clip": ["2", 0], "clip_l": "fox", "t5xxl": "a red fox in the snow", "guidance": 3.5}
    one["4"] = {"class_type": "CLIPTextEncodeFlux", "inputs": inputs}
    made = wrap(one, GOAL, object_info())
    hub, _ = the_loop(made.graph)
    assert made.graph[hub]["inputs"]["prompt"] == "a red fox in the snow"
    assert (made.graph["4"]["inputs"]["clip_l"], made.graph["4"]["inputs"]["t5xxl"]) == ("fox", [hub, 0])
    assert "clip_l of node 4" in made.notes[0]


def test_a_sampler_that_only_prepares_a_depth_map_is_left_alone():
    one = graph("flux1_txt2img")
    one["30"] = {"class_type": "UNETLoader", "inputs": {"unet_name": "lotus.safetensors", "weight_dtype": "default"}}
    one["31"] = {"class_type": "LotusConditioning", "inputs": {}}
    one["32"] = {"class_type": "BasicGuider", "inputs": {"model": ["30", 0], "conditioning": ["31", 0]}}
    one["33"] = {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
    one["34"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["33", 0], "vae": ["3", 0]}}
    one["35"] = {"class_type": "BasicScheduler", "inputs": {"model": ["30", 0], "scheduler": "simple", "steps": 1}}
    one["35"]["inputs"]["denoise"] = 1.0
    one["36"] = {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}}
    one["37"] = {"class_type": "DisableNoise", "inputs": {}}
    inputs = {
        "noise": ["37", 0],
        "guider": ["32", 0],
        "sampler": ["36", 0],
        "sigmas": ["35", 0],
        "latent_image": ["34", 0],
    }
    one["38"] = {"class_type": "SamplerCustomAdvanced", "inputs": inputs}
    one["39"] = {"class_type": "VAEDecode", "inputs": {"samples": ["38", 0], "vae": ["3", 0]}}
    inputs = {"positive": ["5", 0], "negative": ["6", 0], "vae": ["3", 0], "pixels": ["39", 0]}
    one["40"] = {"class_type": "InstructPixToPixConditioning", "inputs": inputs}
    one["8"]["inputs"].update(positive=["40", 0], negative=["40", 1], latent_image=["40", 2])
    made = wrap(one, GOAL, object_info())
    hub, _ = the_loop(made.graph)
    inputs = made.graph[hub]["inputs"]
    assert (inputs["steps"], inputs["seed"], inputs["prompt"]) == (20, 42, "a red fox in snow, soft morning light")
    assert made.graph["35"]["inputs"]["steps"] == 1


def test_a_longer_text_of_a_later_stage_does_not_lead():
    one = graph("wan22_img2vid")
    one["20"] = {
        "class_type": "CLIPTextEncode",
        "inputs": {"clip": ["3", 0], "text": "much longer than the first " * 4},
    }
    one["12"]["inputs"]["positive"] = ["20", 0]
    made = wrap(one, GOAL, object_info())
    hub, _ = the_loop(made.graph)
    assert made.graph[hub]["inputs"]["prompt"] == "the fox turns its head, camera pushes in"
    assert "text of node 20" in made.notes[0]
