from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.graph.check import check
from pack.engine.graph.family import family_in
from pack.engine.graph.patch import apply
from pack.engine.graph.recovery import MAX_CHANGES, TILED_DECODE, explain_giving_up, next_change
from pack.engine.graph.render_error import RenderError

from .reference import NAMES, accepted, graph, object_info, roles

TILED = {
    "input": {
        "required": {
            "samples": ["LATENT", {}],
            "vae": ["VAE", {}],
            "mode": ["COMBO", {"options": ["auto", "whole", "tiled"], "default": "auto"}],
        }
    },
    "output": ["IMAGE", "STRING"],
    "output_name": ["image", "report"],
    "display_name": "Auto Tiled Decode",
    "output_node": False,
}
INFO = {**object_info(), TILED_DECODE: TILED}
CUDA = "CUDA out of memory. Tried to allocate 2.00 GiB."


def out_of_memory(node=""):
    return RenderError(type="torch.OutOfMemoryError", message=CUDA, node=node)


def sizes(expected, got, node):
    message = (
        f"Sizes of tensors must match except in dimension 1. Expected size {expected} but got size {got} for tensor"
    )
    return RenderError(type="RuntimeError", message=message, node=node)


def ladder(one, error, info=INFO):
    """(the changes until none is left, the last graph). Each graph on the way is one that the server takes."""
    tried, before = [], copy.deepcopy(one)
    current = one
    while (change := next_change(current, error, tried, info)) is not None:
        applied = apply(current, change.patch, info)
        assert accepted(check(applied.graph, info))
        assert change.sentence.endswith(".")
        tried.append(change)
        current = applied.graph
    assert one == before, "the user's graph is never changed"
    return tried, current


def kinds(changes):
    return [change.kind for change in changes]


@pytest.mark.parametrize("name", NAMES)
def test_the_ladder_of_every_reference_graph(name):
    changes, last = ladder(graph(name), out_of_memory())
    assert len(changes) <= MAX_CHANGES
    assert kinds(changes)[0] == "unload" and changes[0].unload and not changes[0].patch.operations
    decodes = roles(graph(name), INFO).decodes
    assert ("tiled_decode" in kinds(changes)) == bool(decodes)
    assert not decodes or all(last[node]["class_type"] == TILED_DECODE for node in decodes)


EXPECTED_SIZES = {
    "sdxl_txt2img": ("4", (576, 576)),
    "qwen_poster_design": ("7", (624, 832)),
    "wan22_img2vid": ("8", (832, 480)),
    "hunyuan15_img2vid": ("9", (848, 480)),
    "ltx2_i2v_single_stage": ("8", (960, 512)),
    "ltx2_img2vid": ("10", (480, 256)),
    "flux2_txt2img": ("6", (576, 576)),
}


@pytest.mark.parametrize("name", EXPECTED_SIZES)
def test_sizes_go_down_to_the_familys_minimum_and_no_further(name):
    node, expected = EXPECTED_SIZES[name]
    _, last = ladder(graph(name), out_of_memory())
    assert (last[node]["inputs"]["width"], last[node]["inputs"]["height"]) == expected


def test_the_scheduler_gets_the_latents_new_size():
    _, last = ladder(graph("flux2_txt2img"), out_of_memory())
    assert (last["8"]["inputs"]["width"], last["8"]["inputs"]["height"]) == (576, 576)


def test_a_size_taken_from_a_picture_goes_down_by_its_megapixels():
    changes, last = ladder(graph("qwen_controlnet_canny_diffsynth"), out_of_memory())
    assert "1.68 to 0.94 megapixels" in changes[2].sentence
    assert last["21"]["inputs"]["resolution_steps"] == 16


def test_resolution_steps_only_where_the_version_has_it():
    info = copy.deepcopy({name: INFO[name] for name in INFO})
    del info["ImageScaleToTotalPixels"]["input"]["required"]["resolution_steps"]
    one = graph("qwen_controlnet_canny_diffsynth")
    del one["21"]["inputs"]["resolution_steps"]
    _, last = ladder(one, out_of_memory(), info)
    assert "resolution_steps" not in last["21"]["inputs"]
    assert last["21"]["inputs"]["megapixels"] < 1


def test_a_batch_falls_to_one_before_the_size():
    one = graph("ltx2_i2v_single_stage")
    one["8"]["inputs"]["batch_size"] = one["10"]["inputs"]["batch_size"] = 4
    changes, last = ladder(one, out_of_memory())
    assert kinds(changes) == ["unload", "tiled_decode", "batch", "size"]
    assert "batch of 4" in changes[2].sentence
    assert last["8"]["inputs"]["batch_size"] == last["10"]["inputs"]["batch_size"] == 1


@pytest.mark.parametrize(
    ("node", "expected"),
    [("5", ["unload", "size", "size", "size"]), ("6", ["unload", "tiled_decode", "size", "size"]), ("7", None)],
)
def test_the_decode_is_changed_only_where_it_was_reached(node, expected):
    changes, _ = ladder(graph("sdxl_txt2img"), out_of_memory(node))
    assert kinds(changes) == (expected or ["unload", "tiled_decode", "size", "size"])


def test_without_our_decode_the_ladder_goes_on():
    assert kinds(ladder(graph("sdxl_txt2img"), out_of_memory(), object_info())[0]) == ["unload", "size", "size", "size"]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["sdxl_txt2img", "qwen_txt2img", "wan22_img2vid", "ltx2_i2v_single_stage"]),
    st.integers(4, 130),
    st.integers(4, 130),
)
def test_no_side_is_made_smaller_than_the_minimum_or_off_the_step(name, width, height):
    one = graph(name)
    size = roles(one, INFO).first.size
    one[size.node]["inputs"].update(width=width * 16, height=height * 16)
    known = family_in(one).size
    floor = known.minimum
    current, tried = one, []
    while (change := next_change(current, out_of_memory(), tried, INFO)) is not None:
        before = [current[size.node]["inputs"][side] for side in ("width", "height")]
        current = apply(current, change.patch, INFO).graph
        tried.append(change)
        after = [current[size.node]["inputs"][side] for side in ("width", "height")]
        if change.kind == "size":
            assert after != before
            assert all(new <= old for new, old in zip(after, before, strict=True))
            assert all(
                new >= floor and (new % known.step == 0 or new == old) for new, old in zip(after, before, strict=True)
            )


def test_sizes_off_by_rounding_go_onto_the_step():
    one = graph("flux1_txt2img")
    one["7"]["inputs"].update(width=1000, height=1020)
    changes, last = ladder(one, sizes(128, 127, "8"))
    assert kinds(changes)[0] == "snap"
    assert (last["7"]["inputs"]["width"], last["7"]["inputs"]["height"]) == (992, 1024)


def test_two_pictures_of_a_node_are_made_equal():
    one = graph("upscale_2x")
    one["8"] = {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
    inputs = {"destination": ["4", 0], "source": ["8", 0], "x": 0, "y": 0, "resize_source": False}
    one["9"] = {"class_type": "ImageCompositeMasked", "inputs": inputs}
    one["5"]["inputs"]["images"] = ["9", 0]
    changes, last = ladder(one, sizes(1024, 768, "9"))
    assert kinds(changes) == ["scale_picture"]
    scale = last[last["9"]["inputs"]["source"][0]]
    measure = scale["inputs"]["width"][0]
    assert (scale["class_type"], last[measure]["class_type"]) == ("ImageScale", "GetImageSize")
    assert last[measure]["inputs"]["image"] == ["4", 0]
    assert scale["inputs"]["image"] == ["8", 0]


def test_a_steering_picture_is_scaled_to_the_latent():
    changes, last = ladder(graph("qwen_style_transfer_min_repair"), sizes(162, 128, "13"))
    assert kinds(changes) == ["scale_picture"]
    scale = last[last["8"]["inputs"]["image"][0]]["inputs"]
    assert (scale["width"], scale["height"]) == (1296, 1296)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RenderError(type="torch.cuda.OutOfMemoryError", message=""), "out_of_memory"),
        (
            RenderError(type="RuntimeError", message="Allocation on device 0 would exceed allowed memory."),
            "out_of_memory",
        ),
        (RenderError(type="RuntimeError", message="CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), "out_of_memory"),
        (RenderError(type="RuntimeError", message="DefaultCPUAllocator: can't allocate memory"), "out_of_memory"),
        (
            RenderError(
                type="RuntimeError",
                message="The size of tensor a (64) must match the size of tensor b (63) at non-singleton dimension 3",
            ),
            "sizes",
        ),
        (
            RenderError(type="FileNotFoundError", message="Model in folder 'vae' with filename 'x.pt' not found."),
            "missing_file",
        ),
        (RenderError(type="value_not_in_list", message="ckpt_name: 'x.safetensors' not in []"), "missing_file"),
        (RenderError(type="value_not_in_list", message="scheduler: 'karas' not in ['karras']"), "invalid_value"),
        (RenderError(type="required_input_missing", message="cfg"), "invalid_value"),
        (
            RenderError(type="invalid_prompt", message="Cannot execute because node NoSuchNode does not exist."),
            "unknown_class",
        ),
        (RenderError(type="RuntimeError", message="mat1 and mat2 shapes cannot be multiplied"), "other"),
        (RenderError(type="ValueError", message="the paint ran out"), "other"),
    ],
)
def test_errors_are_told_apart(error, kind):
    assert error.kind == kind
    if kind not in ("out_of_memory", "sizes"):
        assert next_change(graph("sdxl_txt2img"), error, [], INFO) is None


def test_the_two_sizes_are_read_in_both_wordings():
    assert sizes(128, 127, "8").sizes == (128, 127)
    broadcast = "The size of tensor a (64) must match the size of tensor b (63) at non-singleton dimension 3"
    assert RenderError(type="RuntimeError", message=broadcast).sizes == (64, 63)


def test_a_missing_file_is_named_with_the_nearest_that_is_installed():
    one = graph("flux1_txt2img")
    one["1"]["inputs"]["unet_name"] = "flux1-dev-bf16.safetensors"
    message = "Model in folder 'diffusion_models' with filename 'flux1-dev-bf16.safetensors' not found."
    end = explain_giving_up(one, RenderError(type="FileNotFoundError", message=message, node="1"), [], INFO)
    assert end.kind == "missing_file"
    assert "Node 1 (UNETLoader): flux1-dev-bf16.safetensors is not installed." in end.sentence
    assert "flux1-dev" in end.sentence.partition("Install it")[2]


def test_an_unknown_class_is_named_with_the_nearest():
    error = RenderError(type="invalid_prompt", message="Cannot execute because node KSamplr does not exist.")
    end = explain_giving_up(graph("sdxl_txt2img"), error, [], INFO)
    assert "KSampler" in end.sentence.partition("Install its node pack")[2]
    assert "KSamplr" in end.sentence


def test_an_invalid_value_is_explained_by_the_check():
    one = graph("sdxl_txt2img")
    one["5"]["inputs"]["scheduler"] = "karas"
    error = RenderError(type="value_not_in_list", message="scheduler: 'karas' not in [...]", node="5")
    assert "karras" in explain_giving_up(one, error, [], INFO).sentence


def test_after_the_ladder_the_user_learns_what_was_tried():
    changes, last = ladder(graph("sdxl_txt2img"), out_of_memory("6"))
    sentence = explain_giving_up(last, out_of_memory("6"), changes, INFO).sentence
    assert "1024x1024 to 768x768" in sentence
    assert sentence.endswith("close other programs.")


def test_any_other_error_keeps_its_own_words():
    error = RenderError(type="ValueError", message="the paint ran out\nmore lines", node="5")
    assert explain_giving_up(graph("sdxl_txt2img"), error, [], INFO).sentence == "Node 5 (KSampler): the paint ran out"


def test_a_size_written_in_a_number_node_is_changed_there():
    one = graph("sdxl_txt2img")
    one["20"] = {"class_type": "PrimitiveInt", "inputs": {"value": 1024}}
    one["4"]["inputs"].update(width=["20", 0], height=["20", 0])
    _, last = ladder(one, out_of_memory("5"))
    assert last["20"]["inputs"]["value"] == 512
    assert last["4"]["inputs"]["width"] == ["20", 0]


def test_a_render_that_ran_out_of_memory_after_another_repair_is_unloaded_first():
    one = graph("flux1_txt2img")
    one["7"]["inputs"].update(width=1000, height=1020)
    snapped = next_change(one, sizes(128, 127, "8"), [], INFO)
    fixed = apply(one, snapped.patch, INFO).graph
    assert next_change(fixed, out_of_memory("8"), [snapped], INFO).kind == "unload"
