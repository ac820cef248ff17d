from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.graph.family import families, family_of, ranges


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
