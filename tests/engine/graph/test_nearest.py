from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.graph.nearest import alternatives, misspelt

from .reference import object_info


def installed(node, name):
    spec = object_info()[node]["input"]["required"][name]
    return spec[0] if isinstance(spec[0], list) else spec[1]["options"]


@pytest.mark.parametrize(
    ("missing", "node", "name", "nearest"),
    [
        ("flux1-dev-bf16.safetensors", "UNETLoader", "unet_name", "flux1-dev"),
        ("qwen_image_2512_bf16.safetensors", "UNETLoader", "unet_name", "qwen_image_2512"),
        ("wan2.2_i2v_low_noise_14B_fp16.safetensors", "UNETLoader", "unet_name", "wan2.2_i2v_low_noise_14B"),
        ("z_image_turbo_fp8.safetensors", "UNETLoader", "unet_name", "z_image_turbo"),
        ("wan_2.1_vae_bf16.safetensors", "VAELoader", "vae_name", "wan_2.1_vae.safetensors"),
        ("umt5_xxl_fp8_scaled.safetensors", "CLIPLoader", "clip_name", "umt5_xxl_fp"),
        ("t5xxl_fp8_e4m3fn.safetensors", "DualCLIPLoader", "clip_name2", "t5xxl_fp"),
    ],
)
def test_the_nearest_of_kind_and_family(missing, node, name, nearest):
    assert alternatives(missing, installed(node, name))[0].startswith(nearest)


@pytest.mark.parametrize(
    ("missing", "offered"),
    [
        ("wan2.2_i2v_low_noise_14B.safetensors", ["wan2.2_i2v_high_noise_14B.safetensors"]),
        ("flux1-dev.safetensors", ["flux2_dev.safetensors", "flux1-fill-dev.safetensors", "sdxl.safetensors"]),
        ("sd_xl_base_1.0.safetensors", ["sd_xl_refiner_1.0.safetensors", "sd_xl_turbo_1.0.safetensors"]),
        ("flux2-vae.safetensors", ["ae.safetensors", "wan_2.1_vae.safetensors"]),
        ("my_mix.safetensors", ["flux1-dev.safetensors"]),
    ],
)
def test_another_family_or_variant_is_never_named(missing, offered):
    assert alternatives(missing, offered) == []


def test_misspellings():
    schedulers = ["simple", "karras", "normal", "beta"]
    assert misspelt("karas", schedulers) == "karras"
    assert misspelt("KARRAS", schedulers) == "karras"
    assert misspelt("linear", schedulers) is None
    samplers = ["euler", "euler_ancestral", "euler_ancestral_cfg_pp", "dpmpp_2m"]
    assert misspelt("euler_a", samplers) is None, "short for euler_ancestral, though euler is spelt nearer"
    assert misspelt("eulr", samplers) == "euler"
    assert misspelt("KSample", ["KSampler", "KSamplerAdvanced"]) == "KSampler"
    assert misspelt("seed_1", ["seed_2", "seed_3"]) is None, "two are as near, so neither is meant for certain"


def test_what_is_too_long_for_a_name_is_like_nothing():
    long = "karras" * 1000
    assert misspelt(long, [long[:-1]]) is None
    assert alternatives(f"{long}.safetensors", [f"{long}2.safetensors"]) == []


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=6))
def test_only_what_is_offered_is_named(name, offered):
    assert set(alternatives(name, offered)) <= set(offered)
    assert misspelt(name, offered) in {None, *offered}
