from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.graph.family import families, family_in, family_of, ranges

from .reference import NAMES, graph


@pytest.mark.parametrize(
    ("file", "family"),
    [
        ("sd_xl_base_1.0.safetensors", "SDXL"),
        ("sd_xl_turbo_1.0_fp16.safetensors", "SDXL Turbo"),
        ("flux1-dev.safetensors", "FLUX.1 dev"),
        ("flux1-schnell-fp8.safetensors", "FLUX.1 schnell"),
        ("flux-2-klein-4b-fp8.safetensors", "FLUX.2 klein distilled"),
        ("flux-2-klein-base-4b.safetensors", "FLUX.2 klein base"),
        ("flux2_dev_fp8mixed.safetensors", "FLUX.2 dev"),
        ("qwen_image_2512_fp8_e4m3fn.safetensors", "Qwen-Image-2512"),
        ("qwen_image_edit_2511_bf16.safetensors", "Qwen-Image-Edit"),
        ("z_image_turbo_bf16.safetensors", "Z-Image-Turbo"),
        ("wan2.2_ti2v_5B_fp16.safetensors", "Wan 2.2 5B"),
        ("sd3.5_large_fp8_scaled.safetensors", "SD3.5 Large"),
        ("ltx-video-2b-v0.9.5.safetensors", "LTX-Video"),
        ("ltx-2-19b-dev-fp8.safetensors", "LTX-2"),
        ("hunyuan_video_t2v_720p_bf16.safetensors", "HunyuanVideo"),
        ("hunyuanvideo1.5_720p_t2v_fp16.safetensors", "HunyuanVideo 1.5"),
        ("krea2_turbo_fp8_scaled.safetensors", "Krea 2 Turbo"),
        ("flux1-krea-dev_fp8_scaled.safetensors", "FLUX.1 dev"),
        ("my_own_model.safetensors", ""),
    ],
)
def test_family_by_model_file(file, family):
    for name in ("ckpt_name", "unet_name"):
        assert family_of({"1": {"inputs": {"text": "flux"}}, "2": {"inputs": {name: file}}}) == family


@given(
    st.sampled_from(["", *(f.name for f in families())]),
    st.integers(1, 200),
    st.floats(0, 30, allow_nan=False),
)
def test_ranges_hold_the_users_own_values(family, steps, cfg):
    found = ranges(family, steps, cfg)
    assert found.steps[0] <= steps <= found.steps[1]
    assert found.cfg[0] <= cfg <= found.cfg[1]
    if cfg <= 1.5:
        assert found.cfg == (cfg, cfg)


def test_every_figure_has_its_source_and_every_family_its_pattern():
    names = [family.name for family in families()]
    assert len(set(names)) == len(names)
    for family in families():
        assert family.sources
        assert family.steps[0] <= family.steps[1]
        assert family.cfg[0] <= family.cfg[1]
        if family.size:
            assert family.size.step % family.size.multiple == 0
            sides = [side for native in family.size.native for side in native]
            assert all(side % family.size.multiple == 0 and side >= family.size.minimum for side in sides), family.name


@pytest.mark.parametrize("name", NAMES)
def test_family_of_the_reference_graphs(name):
    starts = {"flux1": "FLUX.1", "flux2": "FLUX.2", "flux_": "FLUX.1", "hunyu": "Hunyuan", "ltx2_": "LTX-2"}
    starts |= {"qwen_": "Qwen-Image", "sdxl_": "SDXL", "wan22": "Wan 2.2 14B", "z_ima": "Z-Image-Turbo"}
    found = family_of(graph(name))
    assert found.startswith(starts.get(name[:5], "")) if name[:5] in starts else found == ""


def test_parts_tell_the_family_where_the_file_does_not():
    wan, flux2 = graph("wan22_img2vid"), graph("flux2_txt2img")
    for one, nodes in ((wan, "12"), (flux2, "1")):
        for node in nodes:
            one[node]["inputs"]["unet_name"] = "mine.safetensors"
    assert family_of(wan) == "Wan 2.2 14B"
    assert family_of(flux2) == "", "three families share these parts, with different ranges"


def test_lengths():
    frames = family_in(graph("ltx2_i2v_single_stage")).frames
    assert [frames.nearest(length) for length in (121, 132, 1, 0, 8)] == [121, 129, 1, 1, 9]
    assert frames.nearest(8 * 10**400 + 2) == 8 * 10**400 + 1, "JSON knows no largest number"
