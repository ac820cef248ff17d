"""A pack for tests on a real ComfyUI: small models in ComfyUI's own list, and a card that exists in figures only.

The card: free = its size minus what ComfyUI's list and Ollama say is loaded. So ComfyUI's own unloading runs for real,
on a CPU.
"""
# ruff: noqa: N802 - ComfyUI's method names

import json
import os
import sys
import urllib.request

import comfy.model_management as mm
import torch
from aiohttp import web
from comfy.model_patcher import ModelPatcher
from server import PromptServer

MIB = 2**20


class TinyDiffusion(torch.nn.Module):
    """What ComfyUI asks of a model, around one layer of so many MiB."""

    def __init__(self, mebibytes):
        super().__init__()
        self.diffusion_model = torch.nn.Linear(256, mebibytes * 1024, bias=False)
        self.device = torch.device("cpu")

    def memory_required(self, input_shape, **_):
        return input_shape[0] * 2**30

    def get_dtype(self):
        return torch.float32


class ProbeHeldModel:
    """Loads a model of so many MiB and gives it out as MODEL."""

    RETURN_TYPES = ("MODEL",)
    FUNCTION = "load"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        sizes = {"mebibytes": ("INT", {"default": 64}), "salt": ("INT", {"default": 0})}
        return {"required": {**sizes, "name": ("STRING", {"default": "TinyDiffusion"})}}

    def load(self, mebibytes, salt, name):
        model = type(name, (TinyDiffusion,), {})(mebibytes)
        patcher = ModelPatcher(model, load_device=mm.get_torch_device(), offload_device=torch.device("cpu"))
        mm.load_models_gpu([patcher])
        return (patcher,)


class ProbeBoth:
    """Takes two models, so that both are made before what follows."""

    RETURN_TYPES = ("MODEL",)
    FUNCTION = "first"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"one": ("MODEL",), "other": ("MODEL",)}}

    def first(self, one, other):
        return (one,)


class ProbePicture:
    """A picture that needs a model first."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "paint"
    CATEGORY = "probe"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",), "image": ("IMAGE",)}}

    def paint(self, model, image):
        return (image,)


class ProbeSeen:
    """Shows which model arrived and what the guard said."""

    RETURN_TYPES = ()
    FUNCTION = "show"
    CATEGORY = "probe"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        said = {"report": ("STRING", {"forceInput": True}), "enough": ("BOOLEAN", {"forceInput": True})}
        return {"required": {"model": ("MODEL",), "free_gb": ("FLOAT", {"forceInput": True}), **said}}

    def show(self, model, report, enough, free_gb):
        return {"ui": {"model": [type(model.model).__name__], "enough": [enough], "text": [report], "free": [free_gb]}}


NODE_CLASS_MAPPINGS = {c.__name__: c for c in (ProbeHeldModel, ProbeBoth, ProbePicture, ProbeSeen)}


def _loaded():
    living = [entry for entry in mm.current_loaded_models if entry.model is not None]
    return {type(e.model.model).__name__: int(e.model.loaded_size()) for e in living}


def _our_memory():
    return next(m for n, m in sys.modules.items() if n.endswith("imitatoes.host.memory")).ComfyMemory


_real = {"free": mm.get_free_memory, "total": mm.get_total_memory}


def _in_ollama():
    with urllib.request.urlopen(os.environ["OLLAMA_HOST"] + "/api/ps", timeout=5) as answer:
        return sum(model["size_vram"] for model in json.load(answer)["models"])


def _put_card(size):
    ours = _our_memory()
    _real.setdefault("on_cpu", ours.on_cpu)
    if size is None:
        mm.get_free_memory, mm.get_total_memory, ours.on_cpu = _real["free"], _real["total"], _real["on_cpu"]
        return

    def free(dev=None, torch_free_too=False):
        left = max(0, size - sum(_loaded().values()) - _in_ollama())
        return (left, 0) if torch_free_too else left

    mm.get_free_memory, mm.get_total_memory = free, lambda dev=None, torch_total_too=False: size
    ours.on_cpu = False


@PromptServer.instance.routes.get("/memory_probe/loaded")
async def loaded(request):
    return web.json_response(_loaded())


@PromptServer.instance.routes.post("/memory_probe/card")
async def card(request):
    size = (await request.json())["bytes"]
    mm.unload_all_models()
    _put_card(size)
    return web.json_response({})
