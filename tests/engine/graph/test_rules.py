"""What goes with what: common mistakes, told before anything is rendered."""

from __future__ import annotations

import pytest
from pack.engine.graph.check import check

from .reference import graph, object_info


def changed(name, **nodes):
    """A reference graph with inputs replaced: changed("flux1_txt2img", _2={"type": "sd3"})."""
    one = graph(name)
    for node, inputs in nodes.items():
        one[node[1:]]["inputs"].update(inputs)
    return one


def kinds(one, **options):
    return {(f.kind, f.severity, f.node) for f in check(one, object_info(), **options).findings}


def test_text_encoder_type_of_another_family():
    assert ("text_encoder_type", "wrong", "2") in kinds(changed("flux1_txt2img", _2={"type": "sd3"}))


def test_text_encoder_file_of_another_family():
    wrong = changed("wan22_img2vid", _3={"clip_name": "qwen_3_4b.safetensors"})
    assert ("text_encoder_file", "wrong", "3") in kinds(wrong)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("flux2_txt2img", "ae.safetensors"),
        ("qwen_txt2img", "wan_2.1_vae.safetensors"),
        ("wan22_img2vid", "wan2.2_vae.safetensors"),
        ("z_image_turbo", "flux2-vae.safetensors"),
    ],
)
def test_vae_of_another_family(name, file):
    node = "4" if name.startswith("wan") else "3"
    assert ("vae_file", "wrong", node) in kinds(changed(name, **{f"_{node}": {"vae_name": file}}))


def test_files_of_the_users_own_are_no_mistake():
    own = changed("flux1_txt2img", _1={"unet_name": "my_mix.safetensors"}, _3={"vae_name": "my_vae.safetensors"})
    assert {kind for kind, severity, _ in kinds(own) if severity != "rejected"} == set()


def test_the_latent_of_flux2_has_a_shape_of_its_own():
    wrong = graph("flux2_txt2img")
    wrong["6"]["class_type"] = "EmptySD3LatentImage"
    assert ("empty_latent", "wrong", "6") in kinds(wrong)


def test_a_latent_that_only_happens_to_work_is_suspicious():
    odd = graph("flux1_txt2img")
    odd["7"]["class_type"] = "EmptyLatentImage"
    assert kinds(odd) == {("empty_latent", "suspicious", "7")}


def test_lora_of_another_family():
    wrong = changed("qwen_txt2img_4step", _11={"lora_name": "wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise.safetensors"})
    assert ("lora_family", "suspicious", "11") in kinds(wrong)


@pytest.mark.parametrize(
    ("name", "node"), [("z_image_turbo", "8"), ("flux1_txt2img", "8"), ("qwen_txt2img_4step", "8")]
)
def test_cfg_of_a_distilled_model(name, node):
    assert ("cfg_of_distilled_model", "wrong", node) in kinds(changed(name, **{f"_{node}": {"cfg": 4.0}}))


def test_a_few_step_lora_on_one_stage_is_told_of_that_stage():
    wrong = changed("wan22_img2vid_4step", _12={"cfg": 3.5})
    assert ("cfg_of_distilled_model", "wrong", "12") in kinds(wrong)


@pytest.mark.parametrize(
    ("prompt", "warned"),
    [
        ("a red fox in the snow, soft morning light, photo", True),
        ("A red fox. Deep snow everywhere. Golden hour.", True),
        ("The fox slowly turns its head to the camera, soft light", False),
        ("slow zoom in on the fox", False),
        ("snow falling over the fields", False),
        ("", False),
        ("Ein roter Fuchs im Schnee und das Licht des Morgens", False),
    ],
)
def test_a_prompt_that_only_describes_the_first_picture_is_warned_of(prompt, warned):
    given = changed("wan22_img2vid", _5={"text": prompt})
    assert (("prompt_describes_picture", "suspicious", "5") in kinds(given)) == warned


def test_a_prompt_for_a_picture_may_describe_it():
    assert "prompt_describes_picture" not in {kind for kind, *_ in kinds(graph("sdxl_txt2img"))}


def test_frames_of_ltx_and_wan():
    assert ("frames_off_step", "wrong", "8") in kinds(changed("ltx2_i2v_single_stage", _8={"length": 132}))
    assert ("frames_off_step", "wrong", "8") in kinds(changed("wan22_img2vid", _8={"length": 80}))


def test_picture_and_sound_of_different_length_and_rate():
    longer = changed("ltx2_i2v_single_stage", _10={"frames_number": 129})
    assert "lengths_differ" in {kind for kind, _, _ in kinds(longer)}
    faster = changed("ltx2_i2v_single_stage", _19={"fps": 30.0})
    assert ("frame_rates_differ", "wrong", "19") in kinds(faster)


def test_height_720_of_ltx_is_off_its_step():
    assert ("off_step", "wrong", "8") in kinds(changed("ltx2_i2v_single_stage", _8={"height": 720}))


def test_nested_latent_must_be_separated():
    by_accident = changed("ltx2_i2v_single_stage", _17={"samples": ["16", 0]})
    assert ("nested_latent", "suspicious", "17") in kinds(by_accident)
    fails = changed("ltx2_img2vid", _32={"samples": ["30", 1]})
    assert ("nested_latent", "wrong", "32") in kinds(fails)


def test_odd_sides_before_a_video():
    odd = graph("video_upscale")
    scale = {"image": ["4", 0], "upscale_method": "lanczos", "width": 1281, "height": 720, "crop": "center"}
    odd["5"] = {"class_type": "ImageScale", "inputs": scale}
    assert kinds(odd) == {("odd_side", "wrong", "5")}


def test_a_scheduler_for_another_size():
    assert ("scheduled_size", "suspicious", "8") in kinds(changed("flux2_txt2img", _8={"width": 512}))


def test_a_model_that_this_version_does_not_run():
    klein = changed("flux2_txt2img", _1={"unet_name": "flux-2-klein-4b-fp8.safetensors"})
    assert "version_too_old" in {kind for kind, _, _ in kinds(klein, version="0.8.0")}
    assert "version_too_old" not in {kind for kind, _, _ in kinds(klein, version="0.9.2")}


def test_a_picture_where_a_mask_or_picture_is_matched():
    wrong = changed("ltx2_img2vid", _5={"input": ["1", 0]})
    assert ("matched_type_mismatch", "wrong", "5") in kinds(wrong)


def test_frame_rates_without_sound_are_the_users_choice():
    silent = changed("ltx2_i2v_single_stage", _19={"fps": 30.0})
    del silent["19"]["inputs"]["audio"]
    assert "frame_rates_differ" not in {kind for kind, _, _ in kinds(silent)}


def test_the_vae_of_an_earlier_stage_is_not_blamed_on_the_next():
    two = graph("sdxl_txt2img")
    for node_id, node in graph("flux1_txt2img").items():
        inputs = {k: [f"9{v[0]}", v[1]] if isinstance(v, list) else v for k, v in node["inputs"].items()}
        two[f"9{node_id}"] = {**node, "inputs": inputs}
    two["8"] = {"class_type": "VAELoader", "inputs": {"vae_name": "vae-ft-mse-840000-ema-pruned.safetensors"}}
    two["6"]["inputs"]["vae"] = ["8", 0]
    two["97"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["6", 0], "vae": ["93", 0]}}
    assert {(kind, node) for kind, _, node in kinds(two)} <= {("vae_file", "8")}
    assert "93" not in {node for _, _, node in kinds(two)}


def test_a_combo_whose_options_are_written_on_the_node_takes_any():
    inputs = {"choice": "Portrait", "index": 1, "option1": "Landscape", "option2": "Portrait"}
    one = graph("sdxl_txt2img")
    one["20"] = {"class_type": "CustomCombo", "inputs": inputs}
    one["2"]["inputs"]["text"] = ["20", 0]
    assert [found for found in check(one, object_info()).findings if found.node == "20"] == []
