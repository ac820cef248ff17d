"""The hosts that the contract tests run against: the stand-in, and a real ComfyUI when COMFYUI_PATH names one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pack.rehearsal.process import ComfyProcess, prepare_base

from ..outside_client import OutsideClient

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


HOSTS: list[object] = ["stand-in"]
if os.environ.get("COMFYUI_PATH"):
    HOSTS.append(pytest.param("comfyui", marks=pytest.mark.comfyui))


@pytest.fixture(scope="session", params=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideClient]:
    base = prepare_base(tmp_path_factory.mktemp("base"), ROOT)
    shutil.rmtree(base / "custom_nodes" / "imitatoes")
    packs = base / "custom_nodes"
    shutil.copytree(HERE / "probe_pack", packs / "probe-pack", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(HERE / "probe_v1.py", packs)
    lora = base / "models" / "loras" / "below" / "probe.safetensors"
    lora.parent.mkdir(parents=True)
    lora.write_bytes(b"")
    checkout, python = None, None
    if request.param == "comfyui":
        checkout, python = Path(os.environ["COMFYUI_PATH"]), os.environ.get("COMFYUI_PYTHON")
    with ComfyProcess(base, checkout, python) as comfy:
        client = OutsideClient(comfy.url, base)
        yield client
        client.close()


@pytest.fixture
def comfy(host: OutsideClient) -> OutsideClient:
    """A host at rest: nothing queued or cached, an empty history, the probe's gate shut."""
    host.post("/queue", {"clear": True})
    host.set_state(fingerprint="", gate_open=True, rename=None)
    host.wait(lambda: not host.running())
    # Another graph, so that the cache holds nothing of the test before.
    host.run({"rest": {"class_type": "ProbeShow", "inputs": {"value": "rest"}}})
    host.post("/history", {"clear": True})
    host.set_state(gate_open=False)
    return host
