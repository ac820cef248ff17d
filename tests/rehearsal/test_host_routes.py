"""Descriptions, pictures, files and a pack's own routes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from .graphs import node, shown, text


def painted(**inputs):
    given = {"prompt": "two red circles", "negative": "", "seed": 7, "steps": 20, "cfg": 7.0, "seconds": 0.0}
    return node("RehearsalPainter", **{**given, "width": 64, "height": 48, "batch_size": 1, **inputs})


def test_object_info_of_a_v3_node(comfy):
    info = comfy.get("/object_info/ProbeText")["ProbeText"]
    assert info["input"]["required"]["count"] == ["INT", {"default": 3, "min": 0, "max": 10, "step": 1}]
    words = {"default": "", "multiline": True, "tooltip": "any text"}
    assert info["input"]["required"]["text"] == ["STRING", words]
    assert info["input"]["optional"]["flag"] == ["BOOLEAN", {"default": True}]
    assert info["input_order"] == {"required": ["text", "count"], "optional": ["ratio", "flag"]}
    assert (info["output"], info["output_name"]) == (["STRING", "INT"], ["said", "counted"])
    assert (info["output_is_list"], info["output_tooltips"]) == ([False, False], [None, None])
    assert (info["name"], info["display_name"], info["category"]) == ("ProbeText", "Probe Text", "probe")
    assert (info["description"], info["output_node"]) == ("A text and some numbers.", False)
    assert info["python_module"] == "custom_nodes.probe-pack"
    assert (info["deprecated"], info["experimental"], info["api_node"]) == (False, False, False)


def test_object_info_of_hidden_and_special_inputs(comfy):
    everything = comfy.get("/object_info")
    show = everything["ProbeShow"]
    assert show["output_node"] is True
    assert show["input"]["hidden"] == {
        "unique_id": ["UNIQUE_ID"],
        "prompt": ["PROMPT"],
        "extra_pnginfo": ["EXTRA_PNGINFO"],
    }
    assert show["input"]["required"]["value"] == ["*", {}]
    lazy = everything["ProbeLazy"]["input"]["required"]["on"]
    assert lazy == ["STRING", {"lazy": True, "forceInput": True, "multiline": False}]
    number = everything["ProbeNumber"]
    assert (number["input"]["required"]["number"][0], number["output"]) == ("INT,FLOAT", ["PROBE"])


def test_object_info_of_a_v1_node(comfy):
    info = comfy.get("/object_info/ProbeOld")["ProbeOld"]
    assert info["input"]["required"] == {"text": ["STRING", {"default": "x"}], "colour": [["red", "green"]]}
    assert (info["output"], info["output_name"], info["output_is_list"]) == (["STRING"], ["echo"], [False])
    assert (info["display_name"], info["description"]) == ("Probe (old)", "The old way.")
    assert info["output_node"] is False
    assert comfy.get("/object_info/NoSuchNode") == {}


CORE = {
    "CheckpointLoaderSimple": (["ckpt_name"], ["MODEL", "CLIP", "VAE"]),
    "UNETLoader": (["unet_name", "weight_dtype"], ["MODEL"]),
    "DualCLIPLoader": (["clip_name1", "clip_name2", "type"], ["CLIP"]),
    "VAELoader": (["vae_name"], ["VAE"]),
    "CLIPTextEncode": (["text", "clip"], ["CONDITIONING"]),
    "EmptyLatentImage": (["width", "height", "batch_size"], ["LATENT"]),
    "EmptySD3LatentImage": (["width", "height", "batch_size"], ["LATENT"]),
    "FluxGuidance": (["conditioning", "guidance"], ["CONDITIONING"]),
    "ConditioningZeroOut": (["conditioning"], ["CONDITIONING"]),
    "KSampler": (
        "model seed steps cfg sampler_name scheduler positive negative latent_image denoise".split(),
        ["LATENT"],
    ),
    "VAEDecode": (["samples", "vae"], ["IMAGE"]),
    "SaveImage": (["images", "filename_prefix"], []),
    "PreviewImage": (["images"], []),
    "LoadImage": (["image"], ["IMAGE", "MASK"]),
}


@pytest.mark.parametrize("class_type", CORE)
def test_core_nodes_look_alike(comfy, class_type):
    info = comfy.get(f"/object_info/{class_type}")[class_type]
    assert (info["input_order"]["required"], info["output"]) == CORE[class_type]
    assert info["output_node"] is (class_type in ("SaveImage", "PreviewImage"))


def test_saved_picture_carries_its_graph(comfy):
    graph = {"p": painted(batch_size=2), "save": node("SaveImage", images=["p", 0], filename_prefix="deep/kept")}
    workflow = {"nodes": [1, 2]}
    outputs = comfy.run(graph, extra_data={"extra_pnginfo": {"workflow": workflow}})["outputs"]
    images = outputs["save"]["images"]
    assert [(one["subfolder"], one["type"]) for one in images] == [("deep", "output")] * 2
    assert [one["filename"] for one in images] == ["kept_00001_.png", "kept_00002_.png"]
    with Image.open(comfy.base / "output" / "deep" / "kept_00001_.png") as picture:
        assert picture.size == (64, 48)
        assert json.loads(picture.text["prompt"]) == graph
        assert json.loads(picture.text["workflow"]) == workflow

    more = comfy.run({**graph, "p": painted(seed=8)})["outputs"]["save"]["images"]
    assert [one["filename"] for one in more] == ["kept_00003_.png"]

    query = "/view?filename=kept_00001_.png&subfolder=deep&type=output"
    status, body, _, headers = comfy.ask("GET", query)
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert body == (comfy.base / "output" / "deep" / "kept_00001_.png").read_bytes()
    assert comfy.ask("GET", "/api" + query)[0] == 200


def test_preview_and_load(comfy):
    graph = {"p": painted(), "preview": node("PreviewImage", images=["p", 0])}
    (image,) = comfy.run(graph)["outputs"]["preview"]["images"]
    assert (image["type"], image["subfolder"]) == ("temp", "")
    name = image["filename"]
    assert comfy.ask("GET", f"/view?filename={name}&type=temp")[0] == 200

    loaded = {"l": node("LoadImage", image=f"{name} [temp]"), "show": node("PreviewImage", images=["l", 0])}
    assert comfy.run(loaded)["status"]["completed"]
    loaded["l"]["inputs"]["image"] = "absent.png"
    _, answer = comfy.post("/prompt", {"prompt": loaded})
    assert answer["node_errors"]["l"]["errors"][0]["type"] == "custom_validation_failed"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("filename=absent.png", 404),
        ("filename=../../secret", 400),
        ("filename=/etc/hosts", 400),
        ("filename=a.png&type=models", 400),
        ("filename=a.png&subfolder=../..", 403),
    ],
)
def test_view_stays_inside(comfy, query, status):
    assert comfy.ask("GET", f"/view?{query}")[0] == status


def test_painter_fails_when_told(comfy):
    fail = node("RehearsalFail", images=["p", 0], prompt="a bad day", when="bad", message="told to fail")
    graph = {"p": painted(), "f": fail, "show": node("PreviewImage", images=["f", 0])}
    data = comfy.run(graph)["status"]["messages"][-1][1]
    assert (data["exception_message"], data["exception_type"]) == ("told to fail\n", "RuntimeError")
    fail["inputs"]["when"] = ""
    assert comfy.run(graph)["status"]["completed"]


def test_extensions(comfy):
    listed = comfy.get("/extensions")
    assert "/extensions/probe-pack/probe.js" in listed
    status, body, _, headers = comfy.ask("GET", "/extensions/probe-pack/probe.js")
    assert (status, b"probe" in body) == (200, True)
    assert "javascript" in headers["Content-Type"]


def test_pack_routes_live_below_api_too(comfy):
    assert comfy.ask("GET", "/probe/calls")[0] == 200
    assert comfy.ask("GET", "/api/probe/calls")[0] == 200
    assert comfy.ask("GET", "/probe/absent")[0] == 404


def test_foreign_pages_are_refused(comfy):
    for origin, status in (("http://evil.example", 403), (comfy.url, 200)):
        headers = {"Origin": origin}
        assert comfy.ask("GET", "/probe/calls", headers=headers)[0] == status
        assert comfy.ask("POST", "/history", headers=headers, json={})[0] == status


def test_what_a_pack_finds(comfy):
    host = comfy.get("/probe/host")
    assert host["at_load"] == {"listening": False, "loop_running": True, "app": True, "queue": 0}
    folders = {name: str(comfy.base / name) for name in ("output", "temp", "input", "user")}
    assert host["folders"] == {"base": str(comfy.base), **folders}
    lora = Path("below", "probe.safetensors")
    assert host["loras"] == [str(lora)]
    assert Path(host["lora"]) == comfy.base / "models" / "loras" / lora
    assert (host["no_lora"], host["device"], host["free"]) == (None, "cpu", True)


KEYWORDS = {
    "Schema": "display_name category inputs outputs hidden description is_input_list is_output_node is_deprecated "
    "is_experimental is_api_node not_idempotent enable_expand",
    "NodeOutput": "ui expand block_execution",
    "Output": "id display_name tooltip is_output_list",
    "String": "display_name optional tooltip lazy multiline placeholder default dynamic_prompts socketless force_input",
    "Int": "display_name optional tooltip lazy default min max step control_after_generate display_mode socketless "
    "force_input",
    "Float": "display_name optional tooltip lazy default min max step round display_mode socketless force_input",
    "Boolean": "display_name optional tooltip lazy default label_on label_off socketless force_input",
    "Combo": "options display_name optional tooltip lazy default control_after_generate upload image_folder remote "
    "socketless",
    "Image": "display_name optional tooltip lazy extra_dict",
    "AnyType": "display_name optional tooltip lazy extra_dict",
}


def test_keywords_of_the_node_api(comfy):
    everything = sorted({word for words in KEYWORDS.values() for word in words.split()} | {"no_such_keyword"})
    _, accepted = comfy.post("/probe/keywords", dict.fromkeys(KEYWORDS, everything))
    # Every input has an id; 0.8.0 takes extra_dict in more places than 0.3.64.
    either_way = {"id", "extra_dict"}
    for part, words in KEYWORDS.items():
        assert set(accepted[part]) - either_way == set(words.split()) - either_way, part


def test_system_stats(comfy):
    stats = comfy.get("/system_stats")
    assert {"os", "ram_total", "ram_free", "comfyui_version", "python_version", "argv"} <= set(stats["system"])
    (device,) = stats["devices"]
    assert (device["name"], device["type"], device["index"]) == ("cpu", "cpu", None)
    assert device["vram_free"] <= device["vram_total"]


def test_text_outputs(comfy):
    assert comfy.run(shown(a=text("héllo")))["outputs"]["show"]["probe"] == ["héllo"]
