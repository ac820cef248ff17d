"""One region painted anew by a real ComfyUI with tiny random weights: what is outside stays the same to the bit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pack.engine.graph.check import check
from pack.engine.graph.local_edit import EditMask, LocalEdit, make_edit_graph
from pack.engine.graph.local_edit_parts import find_edit_parts
from pack.engine.judge.region_question import WHOLE
from pack.engine.loop.repair_rendering import box_mask
from PIL import Image, ImageDraw

from .test_contract_repairs import ALL, LINES, TWO, pointing
from .theatre import MODEL, embedded, opened, pixels, scripted
from .tiny_models import save_checkpoint

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

GROW, FEATHER = 4, 6.0
FOLDER = "imitatoes/pictures"


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    base = tmp_path_factory.mktemp("painter")
    for name in ("tiny.safetensors", "tiny_inpaint.safetensors"):
        save_checkpoint(base / "models" / "checkpoints" / name)
    (base / "output" / FOLDER).mkdir(parents=True)
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        theatre.judge.default = scripted(5)
        yield theatre


@pytest.fixture(scope="module")
def known(painter):
    return painter.client.get("/object_info")


def graph(kind="KSampler", checkpoint="tiny.safetensors", sigmas=None, batch=1, reference=False):
    """A text to picture graph of 64 pixels whose sampler is of this kind, with the loop around it."""
    hub = {"goal": "a red lantern", "prompt": "a lantern", "negative": "", "seed": 5, "steps": 2, "cfg": 3.0}
    hub |= {"iterations_per_loop": 1, "max_loops": 1, "pass_score": 0.8, "seed_policy": "auto"}
    hub |= {"checklist": "a red lantern"}
    nodes = {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": checkpoint}),
        "2": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["10", 0]}),
        "3": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["10", 1]}),
        "4": ("EmptySD3LatentImage", {"width": 64, "height": 64, "batch_size": batch}),
        "6": ("VAEDecode", {"samples": ["5", 0], "vae": ["1", 2]}),
        "7": ("SaveImage", {"images": ["6", 0], "filename_prefix": "kept"}),
        "10": ("ImitatoesSelfImprovingPrompt", hub),
        "11": ("ImitatoesVLMCritique", {"images": ["6", 0], "loop": ["10", 5], "model": MODEL}),
    }
    positive = ["2", 0]
    if reference:
        nodes["20"] = ("LoadImage", {"image": "example.png"})
        nodes["21"] = ("VAEEncode", {"pixels": ["20", 0], "vae": ["1", 2]})
        nodes["22"] = ("ReferenceLatent", {"conditioning": ["2", 0], "latent": ["21", 0]})
        positive = ["22", 0]
    sides = {"positive": positive, "negative": ["3", 0]}
    plain = {"model": ["1", 0], **sides, "latent_image": ["4", 0], "steps": ["10", 3], "cfg": ["10", 4]}
    named = {"sampler_name": "euler", "scheduler": "simple"}
    nodes["12"] = ("KSamplerSelect", {"sampler_name": "euler"})
    nodes["13"] = sigmas or ("BasicScheduler", {"model": ["1", 0], "scheduler": "simple", "steps": 2, "denoise": 1.0})
    if kind == "KSampler":
        nodes["5"] = (kind, {**plain, **named, "seed": ["10", 2], "denoise": 1.0})
    elif kind == "KSamplerAdvanced":
        more = {
            "add_noise": "enable",
            "start_at_step": 0,
            "end_at_step": 10000,
            "return_with_leftover_noise": "disable",
        }
        nodes["5"] = (kind, {**plain, **named, **more, "noise_seed": ["10", 2]})
    elif kind == "SamplerCustom":
        custom = {"model": ["1", 0], "add_noise": True, "noise_seed": ["10", 2], "cfg": ["10", 4], **sides}
        nodes["5"] = (kind, {**custom, "sampler": ["12", 0], "sigmas": ["13", 0], "latent_image": ["4", 0]})
    else:
        nodes["14"] = ("RandomNoise", {"noise_seed": 7})
        nodes["15"] = ("CFGGuider", {"model": ["1", 0], **sides, "cfg": 3.0})
        links = {"noise": ["14", 0], "guider": ["15", 0], "sampler": ["12", 0], "sigmas": ["13", 0]}
        nodes["5"] = (kind, {**links, "latent_image": ["4", 0]})
    return {node: {"class_type": name, "inputs": inputs} for node, (name, inputs) in nodes.items()}


FLUX2 = ("Flux2Scheduler", {"steps": 2, "width": 64, "height": 64})
FIXED = ("ManualSigmas", {"sigmas": "1.0, 0.75, 0.5, 0.25, 0.0"})
KARRAS = ("KarrasScheduler", {"steps": 3, "sigma_max": 1.0, "sigma_min": 0.02, "rho": 7.0})
KINDS = {
    "KSampler": {},
    "KSamplerAdvanced": {"kind": "KSamplerAdvanced"},
    "SamplerCustom": {"kind": "SamplerCustom"},
    "SamplerCustom with Karras": {"kind": "SamplerCustom", "sigmas": KARRAS},
    "SamplerCustomAdvanced": {"kind": "SamplerCustomAdvanced"},
    "Flux2Scheduler": {"kind": "SamplerCustomAdvanced", "sigmas": FLUX2},
    "fixed sigmas": {"kind": "SamplerCustomAdvanced", "sigmas": FIXED},
    "inpainting model": {"checkpoint": "tiny_inpaint.safetensors"},
    "inpainting model behind a guider": {"kind": "SamplerCustomAdvanced", "checkpoint": "tiny_inpaint.safetensors"},
    "reference latent": {"reference": True},
}


def drawn(painter, name, size, alpha=False):
    """A picture of noise, so that every pixel that changes is seen, and a mask; their names as LoadImage takes them."""
    width, height = size
    random = np.random.default_rng(width * height)
    pixels = random.integers(0, 256, (height, width, 4 if alpha else 3), np.uint8)
    folder = painter.base / "output" / FOLDER
    Image.fromarray(pixels).save(folder / f"{name}.png")
    mask = Image.new("RGB", (width, height))
    box = (width // 3, height // 2, width // 3 + max(8, width // 8), height // 2 + max(8, height // 9))
    ImageDraw.Draw(mask).ellipse(box, fill="white")
    mask.save(folder / f"{name}_mask.png")
    return pixels, np.asarray(mask)[..., 0] > 127, [f"{FOLDER}/{name}{end}.png [output]" for end in ("", "_mask")]


def far_from(mask):
    """Pixels that neither the mask nor its growth and feather reach."""
    from scipy import ndimage

    return ndimage.distance_transform_edt(~mask) > GROW + FEATHER + 2


def ended(painter, prompt_id):
    """The run of a prompt, once it has ended. The first one loads the weights, which may take a while."""
    for _ in range(12):
        run = painter.client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=10")
        if run["waiting"]:
            return run
    raise AssertionError(run)


def edited(painter, known, workflow, name, size, alpha=False):
    """(picture before, after, mask) of one repair."""
    before, mask, (picture, file) = drawn(painter, name, size, alpha)
    edit = LocalEdit(picture, EditMask(file=file), 0.6, has_alpha=alpha, grow=GROW, feather=FEATHER)
    made = make_edit_graph(workflow, known, "11", edit)
    found = check(made, known).findings
    assert not [one for one in found if one.severity in ("rejected", "wrong")], found
    run = ended(painter, painter.client.queue(made))
    assert run["status"] == "done", run["reason"]
    path = painter.picture(run, run["iterations"][0]["picture"])
    with Image.open(path) as after:
        return before, np.asarray(after), mask


SHAPES = {
    "RGBA of 1000 x 1016": ((1000, 1016), True, 1),
    "1536 x 640 of a batch": ((1536, 640), False, 3),
    "160 x 144": ((160, 144), False, 1),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_graph_changes_the_region_alone(painter, known, kind, shape):
    size, alpha, batch = SHAPES[shape]
    workflow = graph(**KINDS[kind], batch=batch)
    if missing := {node["class_type"] for node in workflow.values()} - known.keys():
        pytest.skip(f"this ComfyUI lacks {', '.join(missing)}")
    if kind == "reference latent":
        Image.new("RGB", (64, 64), "red").save(painter.base / "input" / "example.png")
    name = f"{kind}_{size[0]}".replace(" ", "_")
    before, after, mask = edited(painter, known, workflow, name, size, alpha)
    assert after.shape == before.shape
    outside = far_from(mask)
    assert np.array_equal(after[outside], before[outside])
    assert (after[mask] != before[mask])[..., :3].mean() > 0.5, "the region was painted anew"
    if alpha:
        assert np.array_equal(after[..., 3], before[..., 3])


@pytest.mark.parametrize("size", [(333, 517), (40, 36)], ids=str)
@pytest.mark.parametrize("alpha", [False, True], ids=["RGB", "RGBA"])
def test_sizes_that_no_latent_has_and_opacity(painter, known, size, alpha):
    before, after, mask = edited(painter, known, graph(), f"sized_{size[0]}_{alpha}", size, alpha)
    assert after.shape == before.shape
    outside = far_from(mask)
    assert np.array_equal(after[outside], before[outside])
    assert (after[mask] != before[mask])[..., :3].mean() > 0.5
    if alpha:
        assert np.array_equal(after[..., 3], before[..., 3])


@pytest.mark.parametrize("size", [(1000, 1016), (333, 517)], ids=str)
def test_a_model_for_editing_may_change_all_of_a_picture_and_keeps_its_size(painter, known, size):
    """As RepairRenders makes it for an instruction: the mask is the whole picture."""
    workflow = graph(reference=True)
    if "ReferenceLatent" not in known:
        pytest.skip("this ComfyUI has no models for editing")
    Image.new("RGB", (64, 64), "red").save(painter.base / "input" / "example.png")
    before, _, (picture, file) = drawn(painter, f"whole_{size[0]}", size)
    whole = box_mask(WHOLE, *size)
    whole.convert("RGB").save(painter.base / "output" / FOLDER / f"whole_{size[0]}_mask.png")
    made = make_edit_graph(workflow, known, "11", LocalEdit(picture, EditMask(file=file), 1.0, grow=0, feather=2.0))
    assert find_edit_parts(workflow, known, "11").by_instruction
    run = ended(painter, painter.client.queue(made))
    assert run["status"] == "done", run["reason"]
    after = pixels(painter.picture(run, run["iterations"][0]["picture"]))
    assert after.shape == before.shape and (after != before).mean() > 0.5


def test_a_batch_is_painted_at_its_own_size(known):
    assert find_edit_parts(graph(batch=3), known, "11").side == 64


def test_a_run_repairs_its_picture_by_itself(painter):
    """The whole way: the judge points, the driver queues, the picture is judged again and kept with its graph."""
    painter.judge.default = pointing(TWO, ALL, box=[500, 500, 800, 800])
    workflow = graph()
    hub = {"checklist": "\n".join(LINES), "goal": ", ".join(LINES), "iterations_per_loop": 8}
    workflow["10"]["inputs"] |= hub
    workflow["4"]["inputs"] |= {"width": 128, "height": 160}
    run = ended(painter, painter.client.queue(workflow))
    assert run["status"] == "done", run["reason"]
    repair = next(i for i in run["iterations"] if i["plan"]["action"] == "local_edit")
    assert repair["decision"]["kind"] == "accept" and repair["plan"]["repair"]["prompt"] == "one blue star"
    before, after = (
        pixels(painter.picture(run, run["iterations"][number - 1]["picture"]))
        for number in (repair["plan"]["edit_of"], repair["number"])
    )
    left, top, right, bottom = repair["repaired"]
    inside = np.zeros(before.shape[:2], bool)
    height, width = inside.shape
    inside[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = True
    assert np.array_equal(before[~inside], after[~inside]) and inside.mean() < 0.4
    kinds = {node["class_type"] for node in embedded(painter.picture(run, repair["picture"])).values()}
    assert {"LoadImageMask", "ImitatoesRegionCrop", "ImitatoesRegionStitch"} <= kinds
    status, going = painter.client.post(
        f"/imitatoes/runs/{run['run_id']}/repair",
        {"iteration": repair["number"], "wish": "remove this", "box": [0.1, 0.1, 0.4, 0.4]},
    )
    assert (status, going["status"]) == (200, "running"), going
    last = ended(painter, run["run_id"])["iterations"][-1]
    assert last["plan"]["repair"]["kind"] == "removal" and last["repaired"]
