"""Estimates of a graph, and the warnings that follow."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.memory.figures import decode_figures, working_bytes
from pack.engine.memory.gpu_handover import JudgeModel
from pack.engine.memory.graph_sizes import decodes, file_uses, judge_named, nearest_before
from pack.engine.memory.model_file import WHOLE, ModelFile, ModelPart
from pack.engine.memory.preflight import Preflight, preflight

from ...steps import growth
from ...templates import API, TUTORIAL

GIB = 2**30


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def picture_graph(**changes):
    graph = {
        "1": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        "2": node("VAELoader", vae_name="ae.safetensors"),
        "3": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
        "5": node("KSampler", model=["1", 0], latent_image=["3", 0]),
        "6": node("VAEDecode", samples=["5", 0], vae=["2", 0]),
    }
    return {**graph, **changes}


def whole(name, gib, dtype="bf16"):
    """A file of so many GiB; two bytes a number."""
    return ModelFile(name, int(gib * GIB), {WHOLE: ModelPart(int(gib * GIB), int(gib * GIB) // 2, dtype)})


SIZES = {"flux1-dev.safetensors": 22, "ae.safetensors": 0.3}


def estimated(graph, card, judge=None, files=None, dtypes=None):
    sizes = SIZES if files is None else files
    known = {name: whole(name, gib, (dtypes or {}).get(name, "bf16")) for name, gib in sizes.items()}
    return preflight(graph, [(use, known.get(use.name)) for use in file_uses(graph)], int(card * GIB), judge)


# core's estimate, GiB, at 16 bits: docs/design-notes.md, 8.2
@pytest.mark.parametrize(
    ("file", "size", "gib"),
    [
        ("ae.safetensors", (1024, 1024, 1), 4.3),
        ("sd_xl_base_1.0.safetensors", (2048, 2048, 1), 17.0),
        ("wan_2.1_vae.safetensors", (832, 480, 81), 5.2),
        ("wan_2.1_vae.safetensors", (1280, 720, 121), 12.0),
        ("qwen_image_vae.safetensors", (1024, 1024, 1), 4.3),
        ("wan2.2_vae.safetensors", (1024, 1024, 1), 15.6),
        ("wan2.2_vae.safetensors", (1280, 720, 121), 13.7),
        ("ltx-2-19b-dev-fp8.safetensors", (1280, 720, 121), 16.5),
        ("hunyuan_video_vae_bf16.safetensors", (1024, 1024, 1), 5.5),
        ("hunyuan_video_vae_bf16.safetensors", (1280, 720, 121), 38.5),
        ("hunyuanvideo15_vae_fp16.safetensors", (1280, 720, 121), 24.7),
        ("mochi_vae.safetensors", (832, 480, 81), 62.5),
    ],
)
def test_decoding_is_estimated_as_comfyui_does(file, size, gib):
    assert decode_figures(file).needed(*size) / GIB == pytest.approx(gib, rel=0.03)


def test_the_estimate_names_the_largest_step_and_the_sum():
    found = estimated(picture_graph(), card=80)
    assert found.largest_step_is == "sampling with flux1-dev.safetensors"
    assert found.largest_step == 22 * GIB + working_bytes()
    assert found.together / GIB == pytest.approx(22.3 + 4.254, rel=0.01)
    assert found.warnings == ()
    assert found.describe()[0].startswith(
        "estimate: the largest step is sampling with flux1-dev.safetensors, about 23.2 GiB"
    )


def test_a_weight_type_on_the_loader_counts():
    graph = picture_graph()
    graph["1"]["inputs"]["weight_dtype"] = "fp8_e4m3fn"
    (model, _) = estimated(graph, card=80).models
    assert (model.size, model.dtype) == (11 * GIB, "fp8")


def test_a_file_that_is_not_there_is_said():
    found = estimated(picture_graph(), card=80, files={"ae.safetensors": 0.3})
    assert found.unknown == ("flux1-dev.safetensors",)
    assert "not counted" in found.describe()[1]


def test_a_model_larger_than_the_card_is_a_warning():
    (warning,) = estimated(picture_graph(), card=16).warnings
    assert "flux1-dev.safetensors (22.0 GiB) is larger than this device (16.0 GiB)" in warning


def test_a_decode_that_wants_more_than_the_card_should_be_tiled():
    graph = picture_graph()
    graph["3"]["inputs"] |= {"width": 2560, "height": 2560}
    (warning,) = estimated(graph, card=24).warnings
    assert "2560x2560 whole wants about 26.6 GiB" in warning
    assert "Auto Tiled Decode" in warning
    graph["6"]["class_type"] = "VAEDecodeTiled"
    assert estimated(graph, card=24).warnings == ()


@pytest.mark.parametrize(("dtype", "card", "warned"), [("bf16", 32, True), ("fp8", 32, False), ("bf16", 80, False)])
def test_ltx2_needs_fp8_on_32_gb(dtype, card, warned):
    name = "ltx-2-19b-dev.safetensors"
    graph = {"1": node("UNETLoader", unet_name=name)}
    found = estimated(graph, card, files={name: 20}, dtypes={name: dtype})
    assert any("LTX-2 needs its fp8 file" in warning for warning in found.warnings) is warned


@pytest.mark.parametrize(("dtype", "warned"), [("fp8", True), ("int8", True), ("fp16", False), ("fp32", False)])
def test_a_vae_is_never_quantised(dtype, warned):
    found = estimated(picture_graph(), card=80, dtypes={"ae.safetensors": dtype})
    assert any("shifts colours" in warning for warning in found.warnings) is warned


def test_two_stages_that_do_not_fit_want_a_guard_between():
    graph = picture_graph() | {"9": node("UNETLoader", unet_name="wan2.2.safetensors")}
    files = {**SIZES, "wan2.2.safetensors": 14}
    (warning,) = estimated(graph, card=32, files=files).warnings
    assert "2 diffusion models of 36.0 GiB together" in warning
    guarded = graph | {"10": node("ImitatoesVRAMGuard", anything=["5", 0])}
    assert estimated(guarded, card=32, files=files).warnings == ()
    assert estimated(graph, card=48, files=files).warnings == ()


def test_one_file_loaded_twice_counts_once():
    graph = picture_graph() | {"9": node("UNETLoader", unet_name="flux1-dev.safetensors")}
    assert len(estimated(graph, card=32).models) == 2


def test_a_judge_that_does_not_fit_beside_is_told():
    judge = JudgeModel("qwen3-vl:8b-instruct", listed=6 * 10**9)
    (warning,) = estimated(picture_graph(), card=24, judge=judge).warnings
    assert "they take turns" in warning
    assert estimated(picture_graph(), card=32, judge=judge).warnings == ()


def test_the_size_of_a_latent_is_the_nearest_one_up_the_link():
    graph = picture_graph()
    graph["4"] = node("LatentUpscale", samples=["5", 0], width=1536, height=1536)
    graph["6"]["inputs"]["samples"] = ["4", 0]
    (decode,) = decodes(graph)
    assert decode.size == (1536, 1536, 1)
    assert decode.vae_file == "ae.safetensors"


def test_a_size_that_is_linked_stays_unknown():
    graph = picture_graph()
    graph["3"]["inputs"]["width"] = ["7", 0]
    assert decodes(graph)[0].size is None
    assert estimated(graph, card=80).decodes == ()


def test_the_judge_of_the_graph_is_found():
    critic = node("ImitatoesVLMCritique", model="m", connection="far")
    assert judge_named({"1": critic}, "far") == "m"
    assert judge_named({"1": critic}, "local") == ""
    assert judge_named({"1": node("ImitatoesVLMCritique", model="m")}, "local") == "m"
    assert judge_named({"1": node("ImitatoesVLMCritique", model="m", judge="offline")}, "local") == ""


@pytest.mark.parametrize("path", [path for path in API if path.stem != TUTORIAL], ids=lambda path: path.stem)
def test_every_template_that_loads_a_model_can_be_estimated(path):
    graph = json.loads(path.read_text(encoding="utf-8"))
    uses = file_uses(graph)
    assert uses
    found = preflight(graph, [(use, whole(use.name, 5)) for use in uses], 24 * GIB)
    assert found.largest_step
    sized = any(isinstance(node["inputs"].get("width"), int) for node in graph.values())
    assert bool(found.decodes) == sized, "without a size in the graph, that of the picture on disk decides"
    assert Preflight.model_validate_json(found.model_dump_json()) == found


def test_an_empty_graph_says_nothing():
    assert preflight({}, [], 24 * GIB).describe() == []


def walked(graph, start, told):
    """What the nearest node up the links tells, found the plain way: breadth first from each node."""
    waiting, seen = [start], set()
    while waiting:
        node_id = waiting.pop(0)
        if node_id in seen or node_id not in graph:
            continue
        seen.add(node_id)
        if told(graph[node_id]) is not None:
            return told(graph[node_id])
        waiting += [link[0] for link in graph[node_id]["inputs"].values() if isinstance(link, list)]
    return None


@given(st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 14), max_size=4)), max_size=15))
def test_what_is_nearest_is_found_for_all_nodes_at_once(nodes):
    """Whatever the links: cycles, nodes that are not there, the same link twice."""
    graph = {
        str(n): node("X", **({"size": n} if tells else {}), **{f"in{k}": [str(s), 0] for k, s in enumerate(links)})
        for n, (tells, links) in enumerate(nodes)
    }

    def told(one):
        return one["inputs"].get("size")

    found = nearest_before(graph, told)
    assert found == {name: value for name in graph if (value := walked(graph, name, told)) is not None}


def many_decodes(count):
    """A chain of encodes and decodes, whose sizes are known at its beginning alone."""
    graph = {"start": node("EmptyLatentImage", width=512, height=512), "vae": node("VAELoader", vae_name="v")}
    before = "start"
    for n in range(count):
        graph[f"d{n}"] = node("VAEDecode", samples=[before, 0], vae=["vae", 0])
        graph[f"e{n}"] = node("VAEEncode", pixels=[f"d{n}", 0], vae=["vae", 0])
        before = f"e{n}"
    return graph


def test_a_graph_twice_as_large_takes_twice_the_work():
    """1,000 decodes once took 3.6 seconds and 9,990 took 145."""

    def estimate(count):
        found = preflight(many_decodes(count), [], 8 * GIB)
        assert len(found.decodes) == count

    assert growth(estimate, 60) < 2.2
