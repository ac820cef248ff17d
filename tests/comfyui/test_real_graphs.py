"""One graph of each kind that people have, made a loop by a script, rendered and judged to its end by a real ComfyUI.

Tiny random weights paint noise, so the judge is scripted; what is seen is that plan, render, verdict and the next
render belong together. Cases with nodes of packs run where COMFYUI_PACKS names their folders.
"""

from __future__ import annotations

import copy
import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ..engine.graph.test_loop_plan import CASES, EXPECTED
from .theatre import MODEL, ONE_LINE, opened, pixels, scripted
from .tiny_models import compact_upscaler, save, save_checkpoint

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

PACKS = [Path(folder) for folder in os.environ.get("COMFYUI_PACKS", "").split(os.pathsep) if folder]
CLAUSE = ["a red kite with a long tail", "one kite alone in the sky"]
WITHOUT_WEIGHTS = {
    "easy_use_pipe": "it encodes texts by SD 1.5's or SDXL's encoders, which have no small configuration",
    "efficient_loader": "it encodes texts for SD 1.5 and SDXL alone, which have no small configuration",
    "wan_video_wrapper": "its loader takes only the real configurations of Wan, of 1.3 billion weights on",
}
SMALL = {"width": 64, "height": 64, "empty_latent_width": 64, "empty_latent_height": 64, "batch_size": 1, "steps": 2}
GIVEN = {"foreign_token": {"prompt": "a kite"}}
"""Settings of the request, where a case asks for them."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("graphs")
    save_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    save(base / "models" / "upscale_models" / "tiny.safetensors", compact_upscaler(5))
    (base / "input").mkdir(exist_ok=True)
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(base / "input" / "example.png")
    (base / "custom_nodes").mkdir(exist_ok=True)
    for folder in PACKS:
        (base / "custom_nodes" / folder.name).symlink_to(folder)
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        yield theatre


@pytest.fixture(scope="module")
def known(server):
    return server.client.get("/object_info")


def runnable(name, known):
    """The case with files that exist, small and short; what it is about stays."""
    graph = copy.deepcopy(CASES[name])
    missing = sorted({node["class_type"] for node in graph.values()} - set(known))
    if name in WITHOUT_WEIGHTS:
        pytest.skip(WITHOUT_WEIGHTS[name])
    if missing:
        pytest.skip(f"COMFYUI_PACKS names no pack with {', '.join(missing)}")
    for node in graph.values():
        inputs = node["inputs"]
        specs = {key: spec for part in known[node["class_type"]]["input"].values() for key, spec in part.items()}
        for key, value in inputs.items():
            if key in ("ckpt_name", "model_name") and isinstance(value, str):
                inputs[key] = "tiny.safetensors"
            elif key == "image" and isinstance(value, str):
                inputs[key] = "example.png"
            elif key in SMALL and not isinstance(value, list):
                inputs[key] = SMALL[key]
            elif key == "value" and node["class_type"] == "PrimitiveInt":
                inputs[key] = 2
        if node["class_type"] == "ImageCompare":
            inputs["compare_view"] = {"__value__": ["", ""]}  # the page writes it
        for key, spec in specs.items():  # what the packs of today require beside what a case holds
            default = spec[1].get("default") if len(spec) > 1 and isinstance(spec[1], dict) else None
            first = next(iter(spec[0]), None) if isinstance(spec[0], list) else None
            if key in known[node["class_type"]]["input"].get("required", {}) and key not in inputs:
                if default is not None or first is not None:
                    inputs[key] = first if default is None else default
    return graph


@pytest.mark.parametrize("name", CASES)
def test_a_graph_of_this_kind_ends_by_its_judge(server, known, name):
    graph = runnable(name, known)
    server.judge.default = scripted(-2, -3, 5, 5, clause=CLAUSE)
    body = {"workflow": graph, "goal": "a red kite", "checklist": ONE_LINE["checklist"], "critic": {"model": MODEL}}
    body |= {
        "settings": {"seed_policy": "keep", **GIVEN.get(name, {})},
        "limits": {"iterations_per_loop": 4, "repairs": 0},
    }
    status, _, answer, _ = server.client.ask("POST", "/imitatoes/runs", json=body)
    assert status in (200, 201), json.dumps(answer)[:1500]
    assert f"{answer['judged']['source']}:{answer['judged']['slot']}" == EXPECTED[name][0]
    run = ended(server, answer["prompt_id"])
    assert (run["status"], len(run["iterations"])) == ("done", 3), run["reason"]
    prompts = [one["settings"]["prompt"] for one in run["iterations"]]
    assert len(set(prompts)) == 3, prompts
    shown = [pixels(server.picture(run, one["picture"])).astype(int) for one in run["iterations"]]
    assert all(np.abs(one - other).max() > 0 for one, other in pairwise(shown)), "nothing changed"


def ended(server, prompt_id):
    """The run of a prompt, once it has ended. The first one loads the weights, which may take a while."""
    for _ in range(12):
        run = server.client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=15")
        if run["waiting"]:
            return run
    raise AssertionError(run)
