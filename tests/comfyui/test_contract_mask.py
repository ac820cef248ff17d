"""TextSegmentMask in a graph: with a tiny CLIPSeg of random weights, on the rehearsal and on a real ComfyUI."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from .. import tiny_segmenters
from ..conftest import ROOT
from .conftest import COMFYUI_PATH, HOSTS
from .theatre import MODEL, opened, pixels
from .tiny_models import save_checkpoint

NODE = "ImitatoesTextSegmentMask"
SIDE = 128
WIDGETS = {
    "text": "cat",
    "engine": "auto",
    "model_folder": "auto",
    "threshold": 0.4,
    "select": "all",
    "number": 1,
    "grow": 0,
    "feather": 0.0,
    "fill_holes": True,
    "invert": False,
    "if_nothing_found": "empty mask",
}


@pytest.fixture(scope="module", params=HOSTS)
def studio(request, tmp_path_factory):
    """A server with a tiny CLIPSeg, a tiny checkpoint and a picture."""
    base, checkout = tmp_path_factory.mktemp(request.param), None
    (base / "custom_nodes").mkdir()
    shutil.copytree(Path(__file__).parent / "mask_probe", base / "custom_nodes" / "mask_probe")
    tiny_segmenters.save("clipseg", base / "models" / "text_segment" / "clipseg")
    (base / "models" / "checkpoints").mkdir(parents=True)
    if request.param == "comfyui":
        checkout = Path(COMFYUI_PATH)
        save_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    else:
        (base / "models" / "checkpoints" / "tiny.safetensors").touch()
    (base / "input").mkdir()
    Image.effect_noise((SIDE, SIDE), 80).convert("RGB").save(base / "input" / "example.png")
    with opened(base, checkout, os.environ.get("COMFYUI_PYTHON")) as theatre:
        yield theatre


def graph(count=1, height=61, width=91, first=0, **inputs):
    """Pictures (1) -> TextSegmentMask (2) -> what came out of it (3)."""
    outputs = ("mask", "boxes", "preview", "found", "report")
    return {
        "1": {
            "class_type": "ProbePictures",
            "inputs": {"count": count, "height": height, "width": width, "first": first},
        },
        "2": {"class_type": NODE, "inputs": {**WIDGETS, "image": ["1", 0], **inputs}},
        "3": {"class_type": "ProbeMasks", "inputs": {name: ["2", slot] for slot, name in enumerate(outputs)}},
    }


def told(studio, nodes, node="3"):
    entry = studio.client.run(nodes)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    return entry["outputs"][node]["told"][0]


def failed(studio, nodes):
    entry = studio.client.run(nodes)
    kind, data = entry["status"]["messages"][-1]
    assert kind == "execution_error", entry["status"]
    return data["exception_message"]


def test_one_mask_for_each_picture(studio):
    found = told(studio, graph(count=3))
    assert (found["shape"], found["dtype"], found["preview"]) == ([3, 61, 91], "torch.float32", [3, 61, 91, 3])
    assert found["finite"]
    assert 0 <= found["low"] <= found["high"] <= 1
    assert [len(of_picture) for of_picture in found["boxes"]].count(0) < 3
    assert found["found"] == sum(len(of_picture) for of_picture in found["boxes"])
    assert "CLIPSeg (text_segment/clipseg)" in found["report"]


def test_batches_and_chunks_give_equal_masks(studio):
    whole = told(studio, graph(count=8, first=5))
    assert len(set(whole["sums"])) > 1, "the pictures differ, and so do their masks"
    for frames in (1, 3):
        assert told(studio, graph(count=8, first=5, frames_at_once=frames))["sums"] == whole["sums"]
    alone = [told(studio, graph(count=1, first=5 + index))["sums"][0] for index in (0, 7)]
    assert alone == [whole["sums"][0], whole["sums"][7]]


def test_a_thing_that_is_not_there_is_an_empty_mask_and_a_sentence(studio):
    found = told(studio, graph(count=2, threshold=1.0))
    assert (found["shares"], found["found"], found["boxes"]) == ([0, 0], 0, [[], []])
    assert "cat" in found["report"]
    assert told(studio, graph(threshold=1.0, if_nothing_found="full mask"))["shares"] == [1]
    assert "cat" in failed(studio, graph(threshold=1.0, if_nothing_found="stop with error"))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"text": " , \n"}, "Text Segment Mask (node 2), input text is empty."),
        (
            {"engine": "SAM3"},
            "Text Segment Mask (node 2): There is no model folder for SAM3. Put the files of facebook/sam3",
        ),
        ({"engine": "Ollama boxes", "connection": "nowhere"}, "input connection: there is no connection 'nowhere'"),
        ({"engine": "Ollama boxes", "ollama_model": "missing"}, 'has no model "missing"'),
        ({"boxes": ["1", 0]}, ""),
    ],
    ids=["text", "folder", "connection", "model", "boxes"],
)
def test_what_is_wrong_is_said(studio, inputs, said):
    if not said:
        status, answer = studio.client.post("/prompt", {"prompt": graph(**inputs)})
        assert (status, answer["node_errors"]["2"]["errors"][0]["type"]) == (400, "return_type_mismatch")
        return
    message = failed(studio, graph(**inputs))
    assert said in message
    assert "Traceback" not in message


def test_the_model_is_in_comfyuis_list_and_leaves_it_when_told(studio):
    loaded = {"1": {"class_type": "ProbeLoadedModels", "inputs": {}}}
    told(studio, graph(first=100))
    assert "SegmentationModel" in told(studio, loaded, "1")["loaded"]
    studio.client.post("/free", {"unload_models": True})
    studio.client.wait(lambda: "SegmentationModel" not in told(studio, loaded, "1")["loaded"])
    assert told(studio, graph(first=101))["shape"] == [1, 61, 91], "and comes back"
    assert "SegmentationModel" in told(studio, loaded, "1")["loaded"]


def test_interrupt_ends_it_between_chunks(studio):
    with studio.client.page() as page:
        nodes = graph(count=400, height=64, width=64, first=200, frames_at_once=1, look_again=False)
        job = studio.client.queue(nodes, client_id=page.client_id)
        page.wait_for(lambda one: one["type"] == "progress" and one["data"]["value"] >= 2)
        studio.client.post("/interrupt", {"prompt_id": job})
        last = studio.client.entry(job)["status"]["messages"][-1]
        assert last[0] == "execution_interrupted"
        done = max(data["value"] for data in page.of_type("progress"))
        assert done < 400
    assert told(studio, graph(first=1000))["found"] >= 0, "the next prompt runs"


def test_boxes_of_another_node_become_ellipses_without_sam(studio):
    nodes = graph(boxes=["4", 0], fill_holes=False)
    nodes["4"] = {"class_type": "ProbeBoxes", "inputs": {"x": 10, "y": 10, "width": 40, "height": 30}}
    found = told(studio, nodes)
    assert found["boxes"] == [[{"x": 10, "y": 10, "width": 40, "height": 30, "score": 1.0}]]
    assert found["shares"][0] * 61 * 91 == pytest.approx(3.1416 / 4 * 40 * 30, rel=0.03)
    assert "filled ellipse" in found["report"]


def test_a_default_box_of_the_page_is_no_wish(studio):
    """As pages export it that give BOUNDING_BOX a widget: the same as without boxes, not a mask of that box."""
    default = {"x": 0, "y": 0, "width": 512, "height": 512}
    unasked, exported = told(studio, graph()), told(studio, graph(boxes=default))
    assert exported == unasked
    assert exported["boxes"] != [[{"x": 0, "y": 0, "width": 91, "height": 61, "score": 1.0}]]


def test_boxes_is_a_socket_and_nothing_else(studio):
    described = studio.client.get(f"/object_info/{NODE}")[NODE]["input"]["optional"]["boxes"]
    assert (described[0], described[1]["forceInput"]) == ("BOUNDING_BOX", True)


def answered(*boxes):
    listed = [{"bbox_2d": list(box), "label": "cat", "score": 90} for box in boxes]
    return lambda body, images: json.dumps({"boxes": listed})


def test_boxes_of_a_vision_model_in_ollama(studio):
    studio.judge.default = answered((100, 200, 400, 600))
    found = told(studio, graph(count=2, engine="Ollama boxes", ollama_model=MODEL))
    for of_picture in found["boxes"]:
        assert [round(of_picture[0][name], 1) for name in ("x", "y", "width", "height")] == [9.1, 12.2, 27.3, 24.4]
        assert of_picture[0]["score"] == pytest.approx(0.9)
    assert found["shares"][0] == found["shares"][1] > 0.05
    assert "Ollama boxes" in found["report"]


def test_interrupt_reaches_the_vision_model(studio):
    """And the worker's loop stays free meanwhile."""

    def slow(body, images):
        time.sleep(15)
        return json.dumps({"boxes": []})

    studio.judge.default = slow
    chats = len(studio.judge.chats())
    job = studio.client.queue(graph(first=50, engine="Ollama boxes", ollama_model=MODEL))
    studio.client.wait(lambda: len(studio.judge.chats()) > chats)
    begun = time.monotonic()
    studio.client.post("/interrupt", {"prompt_id": job})
    assert studio.client.entry(job)["status"]["messages"][-1][0] == "execution_interrupted"
    assert time.monotonic() - begun < 10


def test_edit_by_text_from_loading_to_saving(studio):
    """The shipped template, with a checkpoint of tiny weights: LoadImage to SaveImage through VAEEncodeForInpaint."""
    nodes = json.loads((ROOT / "workflows" / "api" / "14 Edit by words, once.json").read_text(encoding="utf-8"))
    of_class = {node["class_type"]: node["inputs"] for node in nodes.values()}
    of_class["CheckpointLoaderSimple"]["ckpt_name"] = "tiny.safetensors"
    of_class["KSampler"] |= {"steps": 2, "sampler_name": "euler", "scheduler": "simple"}
    of_class[NODE] |= {"text": "cat", "if_nothing_found": "full mask"}
    entry = studio.client.run(nodes)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    shown = {output["images"][0]["type"]: output["images"][0]["filename"] for output in entry["outputs"].values()}
    painted = pixels(studio.base / "output" / shown["output"])
    assert painted.shape == (SIDE, SIDE, 3)
    assert (painted != pixels(studio.base / "input" / "example.png")).any()
    assert pixels(studio.base / "temp" / shown["temp"]).shape == (SIDE, SIDE, 3)
