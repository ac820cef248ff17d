from __future__ import annotations

import pytest
from pack.engine.style.key_signature import family_of_parts
from pack.engine.style.lora_parts import is_text_encoder, parts_of

from ...lora_files import FAMILIES, NAMINGS, shapes, text_modules


def family(shapes):
    return family_of_parts(parts_of(shapes))


def lora(outputs_and_inputs, up="lora_B", down="lora_A"):
    found = {}
    for name, (outputs, inputs) in outputs_and_inputs.items():
        found |= {f"{name}.{up}.weight": (outputs, 4), f"{name}.{down}.weight": (4, inputs)}
    return found


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("text", [False, True])
def test_each_family_by_its_parts(name, naming, text):
    assert family(shapes(name, naming, text)) == name


TO_Q = {"transformer.transformer_blocks.3.attn.to_q": (1536, 1536)}


@pytest.mark.parametrize(
    ("modules", "name"),
    [
        # diffusers' and PEFT's names
        (
            {
                "transformer.transformer_blocks.0.attn.to_q": (3072, 3072),
                "transformer.single_transformer_blocks.0.attn.to_q": (3072, 3072),
                "transformer.single_transformer_blocks.0.proj_mlp": (12288, 3072),
            },
            "FLUX.1",
        ),
        (
            {
                "transformer.transformer_blocks.0.attn.to_q": (6144, 6144),
                "transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj": (55296, 6144),
            },
            "FLUX.2 dev",
        ),
        ({"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": (640, 2048)}, "SDXL"),
        ({"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora": (640, 768)}, "SD 1.5"),
        ({"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": (640, 1024)}, "SD 2"),
        ({"transformer.transformer_blocks.3.attn.add_q_proj": (1536, 1536), **TO_Q}, "SD3"),
        ({"base_model.model.joint_blocks.0.x_block.attn.qkv": (4608, 1536)}, "SD3"),
        ({"transformer.transformer_blocks.59.attn.add_q_proj": (3072, 3072)}, "Qwen-Image"),
        ({"diffusion_model.layers.0.attention.to_q": (3840, 3840)}, "Z-Image"),
        ({"diffusion_model.layers.0.attention.qkv": (3840, 2304)}, "Lumina 2"),
        ({"diffusion_model.blocks.0.self_attn.q": (3072, 3072)}, "Wan 5B"),
        ({"lora_unet__blocks_0_cross_attn_q": (5120, 5120)}, "Wan 14B"),
        ({"diffusion_model.transformer_blocks.0.attn1.to_q": (4096, 4096)}, "LTX-Video 13B"),
        ({"diffusion_model.transformer_blocks.0.audio_attn1.to_q": (2048, 2048)}, "LTX-2"),
        (
            {"distilled_guidance_layer.layers.0.in_layer": (5120, 5120), "double_blocks.0.img_attn.qkv": (9216, 3072)},
            "Chroma",
        ),
        ({"transformer.double_blocks.0.img_mlp.fc1": (12288, 3072)}, "HunyuanVideo"),
        ({"lora_unet_double_blocks_19_img_attn_qkv": (9216, 3072)}, "HunyuanVideo"),
        # Not enough to tell, or nobody's that is known.
        ({"diffusion_model.transformer_blocks.0.attn1.to_q": (1152, 1152)}, ""),
        ({"diffusion_model.blocks.0.self_attn.q": (1000, 1000)}, ""),
        ({"something.else": (10, 10)}, ""),
        ({}, ""),
    ],
)
def test_other_names_and_members(modules, name):
    assert family(lora(modules)) == name


def test_text_encoder_parts_alone_tell_nothing():
    found = lora({name: sides for name, *sides in text_modules()}, "lora_up", "lora_down")
    assert family(found) == ""
    assert all(map(is_text_encoder, parts_of(found)))


def test_parts_have_the_sides_of_the_weight_they_change():
    parts = parts_of(
        {
            "a.lora_up.weight": (10, 4),
            "a.lora_down.weight": (4, 20),
            "a.alpha": (),
            "b.hada_w1_a": (30, 4),
            "b.hada_w1_b": (4, 40),
            "b.hada_w2_a": (30, 4),
            "c.lokr_w1": (5, 5),
            "d_lora.up.weight": (1, 4),
            "d_lora.down.weight": (4, 2, 3, 3),
            "e.diff": (7,),
            "e.diff_b": (7,),
        }
    )
    assert {name: (part.outputs, part.inputs) for name, part in parts.items()} == {
        "a": (10, 20),
        "b": (30, 40),
        "c": (None, None),
        "d": (1, 2),
        "e": (None, None),
    }
