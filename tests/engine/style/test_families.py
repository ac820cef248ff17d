from __future__ import annotations

import pytest
from pack.engine.graph.family import families
from pack.engine.style.families import family_of_model, family_written, may_fit, reads_tags


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("sd_v1", "SD 1.5"),
        ("stable-diffusion-v1/lora", "SD 1.5"),
        ("SD 1.5", "SD 1.5"),
        ("sd_1.5", ""),  # ai-toolkit's name for whatever it does not know
        ("sd_v2", "SD 2"),
        ("sdxl_base_v1-0", "SDXL"),
        ("stable-diffusion-xl-v1-base/lora", "SDXL"),
        ("SDXL 1.0", "SDXL"),
        ("Pony", "SDXL"),
        ("Illustrious", "SDXL"),
        ("sd3m", "SD3"),
        ("SD 3.5 Large", "SD3"),
        ("flux1", "FLUX.1"),
        ("flux.1", "FLUX.1"),
        ("flux-1-dev/lora", "FLUX.1"),
        ("Flux.1 D", "FLUX.1"),
        ("flux_kontext", "FLUX.1"),
        ("flux2", "FLUX.2"),
        ("flux_2_dev", "FLUX.2 dev"),
        ("flux_2_klein_4b", "FLUX.2 klein 4B"),
        ("flux_2_klein_9b", "FLUX.2 klein 9B"),
        ("chroma", "Chroma"),
        ("lumina2", "Lumina 2"),
        ("qwen_image", "Qwen-Image"),
        ("z_image", "Z-Image"),
        ("zimage", "Z-Image"),
        ("hunyuan-image-2.1", "HunyuanImage 2.1"),
        ("hunyuan_video", "HunyuanVideo"),
        ("framepack", "HunyuanVideo"),
        ("hunyuan_video_1_5", "HunyuanVideo 1.5"),
        ("wan", "Wan"),
        ("wan_2.2_14b", "Wan 14B"),
        ("Wan Video 1.3B t2v", "Wan 1.3B"),
        ("Wan Video 2.2 TI2V-5B", "Wan 5B"),
        ("ltx2", "LTX-2"),
        ("LTXV", "LTX-Video"),
        ("Other", ""),
        ("", ""),
    ],
)
def test_what_trainers_and_sites_write(text, family):
    assert family_written(text) == family


@pytest.mark.parametrize(
    ("classes", "config", "family"),
    [
        (["SDXL", "BASE"], {}, "SDXL"),
        (["SSD1B", "SDXL", "BASE"], {}, "SDXL"),
        (["FluxSchnell", "Flux", "BASE"], {"hidden_size": 3072}, "FLUX.1"),
        (["Flux2", "Flux", "BASE"], {"hidden_size": 6144}, "FLUX.2 dev"),
        (["Flux2", "Flux", "BASE"], {"hidden_size": 3072}, "FLUX.2 klein 4B"),
        (["Flux2", "Flux", "BASE"], {}, "FLUX.2"),
        (["ZImage", "Lumina2", "BASE"], {"dim": 3840}, "Z-Image"),
        (["Lumina2", "BASE"], {"dim": 3840}, "Z-Image"),
        (["Lumina2", "BASE"], {"dim": 2304}, "Lumina 2"),
        (["WAN22_Animate", "WAN21_T2V", "BASE"], {"dim": 5120}, "Wan 14B"),
        (["WAN21_I2V", "WAN21_T2V", "BASE"], {"dim": 1536}, "Wan 1.3B"),
        (["LTXAV", "LTXV", "BASE"], {}, "LTX-2"),
        (["SD3", "BASE"], {}, "SD3"),
        (["SomethingNew", "BASE", "object"], {"dim": 5120}, ""),
        ([], {}, ""),
    ],
)
def test_the_loaded_models_class_tells_its_family(classes, config, family):
    assert family_of_model(classes, config) == family


@pytest.mark.parametrize(
    ("lora", "model", "may"),
    [
        ("SDXL", "SDXL", True),
        ("SDXL", "FLUX.1", False),
        ("FLUX.2", "FLUX.2 dev", True),
        ("FLUX.2 klein 4B", "FLUX.2 dev", False),
        ("FLUX.1", "FLUX.2", False),
        ("Wan", "Wan 14B", True),
        ("", "SDXL", True),
        ("SDXL", "", True),
    ],
)
def test_names_alone_rule_out_only_what_they_must(lora, model, may):
    assert may_fit(lora, model) is may
    assert may_fit(model, lora) is may


def test_a_family_that_the_loop_knows_too_has_the_same_name():
    shared = {"SDXL", "SD 1.5", "FLUX.2 dev", "Qwen-Image", "Z-Image", "LTX-2", "HunyuanVideo 1.5"}
    assert shared <= {family.name for family in families()}
    assert all(family_written(name) == name for name in shared)


def test_tags_or_sentences():
    assert [family for family in ("SDXL", "SD 1.5", "FLUX.1", "Qwen-Image", "") if reads_tags(family)] == [
        "SDXL",
        "SD 1.5",
        "",
    ]
