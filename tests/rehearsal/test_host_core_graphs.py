"""Ordinary SDXL and FLUX.1 graphs run on the stand-in as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from pack.rehearsal.process import ComfyProcess, prepare_base
from PIL import Image

from ..outside_client import OutsideClient
from .graphs import node

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLING = {"seed": 42, "denoise": 1.0, "latent_image": ["latent", 0], "model": ["model", 0]}
SDXL = {
    "model": node("CheckpointLoaderSimple", ckpt_name="sd_xl_base_1.0.safetensors"),
    "positive": node("CLIPTextEncode", clip=["model", 1], text="two red circles"),
    "negative": node("CLIPTextEncode", clip=["model", 1], text="blurry"),
    "latent": node("EmptyLatentImage", width=256, height=128, batch_size=2),
    "sampler": node(
        "KSampler",
        positive=["positive", 0],
        negative=["negative", 0],
        steps=25,
        cfg=7.0,
        sampler_name="dpmpp_2m",
        scheduler="karras",
        **SAMPLING,
    ),
    "decode": node("VAEDecode", samples=["sampler", 0], vae=["model", 2]),
    "save": node("SaveImage", images=["decode", 0], filename_prefix="sdxl"),
}
FLUX = {
    "model": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
    "clip": node(
        "DualCLIPLoader",
        clip_name1="clip_l.safetensors",
        clip_name2="t5xxl_fp16.safetensors",
        type="flux",
        device="default",
    ),
    "vae": node("VAELoader", vae_name="ae.safetensors"),
    "text": node("CLIPTextEncode", clip=["clip", 0], text="two red circles"),
    "positive": node("FluxGuidance", conditioning=["text", 0], guidance=3.5),
    "negative": node("ConditioningZeroOut", conditioning=["text", 0]),
    "latent": node("EmptySD3LatentImage", width=256, height=128, batch_size=2),
    "sampler": node(
        "KSampler",
        positive=["positive", 0],
        negative=["negative", 0],
        steps=20,
        cfg=1.0,
        sampler_name="euler",
        scheduler="simple",
        **SAMPLING,
    ),
    "decode": node("VAEDecode", samples=["sampler", 0], vae=["vae", 0]),
    "save": node("SaveImage", images=["decode", 0], filename_prefix="flux1"),
}


@pytest.fixture(scope="module")
def comfy(tmp_path_factory: pytest.TempPathFactory):
    base = prepare_base(tmp_path_factory.mktemp("base"), ROOT)
    with ComfyProcess(base, environment={"REHEARSAL_STEP_SECONDS": "0.005"}) as process:
        client = OutsideClient(process.url, base)
        yield client
        client.close()


def changed(graph: dict, node_id: str, **inputs) -> dict:
    return {**graph, node_id: {**graph[node_id], "inputs": {**graph[node_id]["inputs"], **inputs}}}


def pictures(comfy: OutsideClient, graph: dict) -> list[Image.Image]:
    images = comfy.run(graph)["outputs"]["save"]["images"]
    return [Image.open(comfy.base / "output" / one["filename"]).convert("RGB") for one in images]


@pytest.mark.parametrize("graph", [SDXL, FLUX], ids=["sdxl", "flux"])
def test_graph_renders_its_batch(comfy, graph):
    first, second = pictures(comfy, graph)
    assert first.size == second.size == (256, 128)
    assert first.tobytes() != second.tobytes(), "each of a batch has its own seed"
    again = pictures(comfy, changed(graph, "sampler", seed=43))
    assert again[0].tobytes() == second.tobytes(), "the second of a batch is the next seed's first"


def test_what_is_drawn_depends_on_the_text(comfy):
    red = pictures(comfy, SDXL)
    blue = pictures(comfy, changed(SDXL, "positive", text="two blue squares"))
    assert red[0].tobytes() != blue[0].tobytes()


def test_only_what_changed_runs_again(comfy):
    comfy.run(SDXL)
    entry = comfy.run(changed(SDXL, "positive", text="a green star"))
    cached = dict(entry["status"]["messages"])["execution_cached"]["nodes"]
    assert set(cached) == {"model", "negative", "latent"}


def test_progress_of_every_step_and_interrupt(comfy):
    with comfy.page() as page:
        prompt_id = comfy.queue(changed(SDXL, "sampler", seed=7), client_id=page.client_id)
        page.wait_for_end(prompt_id)
        assert [one["value"] for one in page.of_type("progress")] == list(range(1, 26))
        prompt_id = comfy.queue(changed(SDXL, "sampler", seed=8, steps=10000), client_id=page.client_id)
        page.wait_for(lambda one: one["type"] == "progress" and one["data"]["max"] == 10000)
        comfy.post("/interrupt", {"prompt_id": prompt_id})
        page.wait_for_end(prompt_id)
    assert comfy.entry(prompt_id)["status"]["messages"][-1][1]["node_id"] == "sampler"


def test_unknown_model_is_refused(comfy):
    status, answer = comfy.post("/prompt", {"prompt": changed(SDXL, "model", ckpt_name="other.safetensors")})
    assert (status, answer["node_errors"]["model"]["errors"][0]["type"]) == (400, "value_not_in_list")


def test_it_says_that_it_is_the_rehearsal(comfy):
    assert comfy.get("/system_stats")["system"]["rehearsal"] is True
