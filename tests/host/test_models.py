"""Our models under memory management: how many are kept, when they are read anew, what they compute in."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from types import ModuleType
from types import SimpleNamespace as Box

import pytest
import torch
from pack.engine.mask.segmenters.folders import folders_in

from .. import tiny_segmenters

NAMES = ("clipseg", "sam", "grounding_dino")


class Patcher:
    """As ModelPatcher begins: it sets what it must be able to set."""

    def __init__(self, model, load_device, offload_device):
        model.device = offload_device
        self.model, self.load_device, self.offload_device = model, load_device, offload_device


class Bar:
    def __init__(self, total):
        self.total, self.at = total, 0

    def update(self, value):
        self.at += value


class Interrupted(Exception):
    pass


@pytest.fixture
def host(monkeypatch):
    """The module on a ComfyUI of four modules. host.card: what that ComfyUI was told and says."""
    card = Box(loads=[], device=torch.device("cpu"), interrupted=False)
    management = Box(
        load_models_gpu=lambda patchers, **how: card.loads.append((patchers, how)),
        get_torch_device=lambda: card.device,
        unet_offload_device=lambda: torch.device("cpu"),
        should_use_fp16=lambda device: True,
        get_free_memory=lambda device: 1000,
        processing_interrupted=lambda: card.interrupted,
        InterruptProcessingException=Interrupted,
    )
    parts = {
        "comfy.model_management": vars(management),
        "comfy.utils": {"ProgressBar": Bar},
        "comfy.model_patcher": {"ModelPatcher": Patcher},
        "comfy_execution.utils": {"get_executing_context": lambda: None},
    }
    for name, attributes in parts.items():
        package, _, part = name.partition(".")
        module = ModuleType(name)
        module.__dict__.update(attributes)
        if package not in sys.modules or part not in vars(sys.modules[package]):
            parent = sys.modules.get(package) or ModuleType(package)
            monkeypatch.setitem(sys.modules, package, parent)
            monkeypatch.setattr(parent, part, module, raising=False)
        monkeypatch.setitem(sys.modules, name, module)
    forget()
    module = importlib.import_module("pack.host.models")
    module.card = card
    yield module
    forget()


def forget():
    """So that the next import binds the ComfyUI that is there then."""
    for name in ("comfyui", "models"):
        sys.modules.pop(f"pack.host.{name}", None)
        vars(importlib.import_module("pack.host")).pop(name, None)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    for name in NAMES:
        tiny_segmenters.save(name, root / name)
    return root


@pytest.fixture
def tiny(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "models")
    return {folder.path.name: folder for folder in folders_in([("models", tmp_path / "models")])}


def test_a_model_is_read_once_and_loaded_in_full_for_each_use(host, tiny):
    models = host.ComfyModels(4)
    first = models.ready(tiny["clipseg"], 123)
    assert host.ComfyModels(4).ready(tiny["clipseg"], 456) is first
    (patcher,) = host.own_patchers()
    assert host.card.loads == [
        ([patcher], {"memory_required": 123, "force_full_load": True}),
        ([patcher], {"memory_required": 456, "force_full_load": True}),
    ]
    assert patcher.model.model is first.model


def test_two_models_are_kept_the_last_used_ones(host, tiny):
    models = host.ComfyModels(1)
    kept = {name: models.ready(tiny[name], 0) for name in ("clipseg", "sam")}
    assert models.ready(tiny["clipseg"], 0) is kept["clipseg"]
    models.ready(tiny["grounding_dino"], 0)
    assert next(patcher.model.model for patcher in host.own_patchers()) is kept["clipseg"].model
    assert len(host.own_patchers()) == host.KEPT == 2
    assert models.ready(tiny["sam"], 0) is not kept["sam"]


def test_replaced_weights_are_read_anew(host, tiny):
    models = host.ComfyModels(1)
    before = models.ready(tiny["clipseg"], 0)
    weights = tiny["clipseg"].path / "model.safetensors"
    os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 1_000_000_000))
    assert models.ready(tiny["clipseg"], 0) is not before


def test_16_bits_only_on_a_card_and_only_where_shown(host, tiny):
    models = host.ComfyModels(1)
    assert models.ready(tiny["clipseg"], 0).dtype == torch.float32
    host._kept.clear()
    host.card.device = torch.device("cuda")
    assert models.ready(tiny["clipseg"], 0).dtype == torch.float16
    assert models.ready(tiny["grounding_dino"], 0).dtype == torch.float32


def test_a_share_of_what_is_free(host, tiny):
    models = host.ComfyModels(1)
    models.ready(tiny["clipseg"], 0)
    assert models.free(tiny["clipseg"]) == 600, "main memory belongs to everybody"
    host._kept.clear()
    host.card.device = torch.device("cuda")
    models.ready(tiny["clipseg"], 0)
    assert models.free(tiny["clipseg"]) == 850
    host.own_patchers()[0].get_free_memory = lambda device: 2000
    assert models.free(tiny["clipseg"]) == 1700, "newer patchers know better"


def test_progress_and_interrupt_between_chunks(host):
    models = host.ComfyModels(4)
    models.between_chunks(0)
    models.between_chunks(3)
    assert (models._progress.total, models._progress.at) == (4, 3)
    host.card.interrupted = True
    with pytest.raises(Interrupted):
        models.between_chunks(1)
