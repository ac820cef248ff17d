"""AutoTiledDecode on a real ComfyUI: against its own VAEDecode, with a TAESD and an AutoencoderKL of random weights."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from .theatre import opened
from .tiny_checkpoint import decoder
from .tiny_models import kl_decoder, save

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

TAESD, KL = "taesd.safetensors", "kl.safetensors"
CHANNELS = {TAESD: 16, KL: 4}
EIGHTH_BIT = 1 / 255


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("decode")
    save(base / "models" / "vae" / TAESD, decoder(3))
    save(base / "models" / "vae" / KL, kl_decoder(4))
    shutil.copytree(Path(__file__).parent / "decode_probe", base / "custom_nodes" / "decode_probe")
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        yield theatre


def graph(vae, latent, fail_at=0, interrupt_at=0, **wishes):
    """The same latent (2) by VAEDecode (5) and by ours (4), whose VAE (3) fails when told to; compared (6)."""
    sizes = {"kind": "noise", "channels": CHANNELS[vae], "frames": 0, "height": 64, "width": 64, "batch": 1, "seed": 1}
    told = {"vae": ["1", 0], "fail_at": fail_at, "interrupt_at": interrupt_at}
    said = {"tiled": ["4", 1], "report": ["4", 2]}
    nodes = {
        "1": ("VAELoader", {"vae_name": vae}),
        "2": ("ProbeLatent", {**sizes, **latent}),
        "3": ("ProbeVae", told),
        "4": ("ImitatoesAutoTiledDecode", {"samples": ["2", 0], "vae": ["3", 0], **wishes}),
        "5": ("VAEDecode", {"samples": ["2", 0], "vae": ["1", 0]}),
        "6": ("ProbeCompare", {"image": ["4", 0], "whole": ["5", 0], **said}),
    }
    return {node: {"class_type": kind, "inputs": values} for node, (kind, values) in nodes.items()}


def ended(server, queued):
    """The history of a prompt; a decode without a GPU takes longer than one wait."""
    for _ in range(6):
        try:
            return server.client.entry(server.client.queue(queued) if isinstance(queued, dict) else queued)
        except AssertionError:
            assert isinstance(queued, str)
    raise AssertionError("The prompt did not end.")


def compared(server, *args, **kwargs):
    entry = ended(server, server.client.queue(graph(*args, **kwargs)))
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    return json.loads(entry["outputs"]["6"]["text"][0])


def failed(server, *args, **kwargs):
    entry = ended(server, server.client.queue(graph(*args, **kwargs)))
    return entry["status"]["messages"][-1]


def gib(vae, cells, element_size=4):
    """What ComfyUI estimates for that many cells: TAESD has AutoencoderKL's."""
    return 2178 * cells * 64 * element_size / 2**30


@pytest.mark.parametrize("vae", [TAESD, KL])
@pytest.mark.parametrize("latent", [{"height": 20, "width": 28}, {"height": 17, "width": 9, "batch": 3}])
def test_whole_is_vae_decode_to_the_bit(server, vae, latent):
    found = compared(server, vae, latent)
    assert found["equal"]
    assert (found["tiled"], found["report"].split(":")[0]) == (False, "Decoded whole")
    assert found["contrast"] > 0.05, "a picture with something in it"


@pytest.mark.parametrize("size", [(96, 96), (101, 67), (40, 130)])
def test_tiles_are_the_whole_picture(server, size):
    """Sizes that no tile divides. TAESD sees some 20 pixels far, which the overlap outdoes."""
    height, width = size
    found = compared(server, TAESD, {"height": height, "width": width, "batch": 2}, memory_limit_gb=gib(TAESD, 64 * 48))
    assert found["tiled"]
    assert found["shape"] == [2, 8 * height, 8 * width, 3]
    assert found["mean"] < 1e-3
    assert " stripes of " in found["report"] or " tiles of " in found["report"]


def test_a_tile_size_given_by_the_user(server):
    found = compared(server, TAESD, {"height": 96, "width": 96}, mode="tiled", tile_size=320, overlap=96)
    assert found["report"].startswith("9 tiles of 320x320 pixels, 1.6x the work")
    assert found["mean"] < 1e-3


@pytest.mark.parametrize("vae", [TAESD, KL])
def test_no_seam_in_a_gradient(server, vae):
    """A line would be a step between two rows. In eight bits nothing below half a level can be seen."""
    latent = {"kind": "gradient", "height": 130 if vae == TAESD else 40, "width": 40}
    limit = gib(vae, 74 * 40) if vae == TAESD else 0.5
    found = compared(server, vae, latent, mode="tiled", memory_limit_gb=limit)
    assert found["tiled"]
    assert found["seam"] < EIGHTH_BIT / 2
    assert found["mean"] < 1e-3


def test_an_autoencoder_is_decoded_layer_by_layer(server):
    """Group norms over the whole picture: equal but for rounding, where tiles would not be."""
    found = compared(server, KL, {"height": 36, "width": 24}, mode="tiled")
    assert found["report"].startswith("Decoded layer by layer in ")
    assert found["tiled"]
    assert found["most"] < 1e-3
    tiles = compared(server, KL, {"height": 36, "width": 24}, mode="tiled", tile_size=192)
    assert tiles["mean"] > 100 * found["mean"]


@pytest.mark.parametrize("fail_at", [1, 2])
def test_out_of_memory_steps_down_and_still_gives_the_picture(server, fail_at):
    wishes = {} if fail_at == 1 else {"memory_limit_gb": gib(TAESD, 70 * 96)}
    found = compared(server, TAESD, {"height": 96, "width": 96}, fail_at=fail_at, **wishes)
    assert found["tiled"]
    assert found["mean"] < 1e-3
    before = "decoding whole." if fail_at == 1 else "with stripes of 768x"
    assert f"Ran out of memory before, {before}" in found["report"]


def test_out_of_memory_where_parts_are_not_allowed(server):
    name, data = failed(server, TAESD, {"height": 96, "width": 96}, fail_at=1, mode="whole")
    assert name == "execution_error"
    assert data["exception_message"].startswith("Out of memory while decoding whole: that needs about ")
    assert "Set mode to auto" in data["exception_message"]


def test_an_interrupt_ends_it_after_the_second_tile(server):
    limit = gib(TAESD, 40 * 40)
    name, data = failed(server, TAESD, {"height": 96, "width": 96}, interrupt_at=2, memory_limit_gb=limit)
    assert (name, data["node_id"]) == ("execution_interrupted", "4")
    assert compared(server, TAESD, {"height": 20, "width": 20})["equal"], "and the next decode runs"


def test_progress_moves_with_the_tiles(server):
    with server.client.page() as page:
        queued = graph(TAESD, {"height": 96, "width": 96, "seed": 5}, memory_limit_gb=gib(TAESD, 40 * 60))
        ended(server, server.client.queue(queued, client_id=page.client_id))
        moved = [one for one in page.of_type("progress") if str(one["node"]) == "4"]
    assert [one["value"] for one in moved] == list(range(1, len(moved) + 1))
    assert moved[-1]["value"] == moved[-1]["max"] > 2


@pytest.mark.parametrize(
    ("vae", "latent", "wishes", "said"),
    [
        (KL, {"channels": 16}, {}, "input vae: takes latents of 4 channels, and samples has 16"),
        (TAESD, {"channels": 4}, {}, "input vae: takes latents of 16 channels, and samples has 4"),
        (TAESD, {"height": 0}, {}, "input samples: is empty, of size (1, 16, 0, 64)"),
        (TAESD, {}, {"tile_size": 512, "overlap": 512}, "input overlap: 512 pixels is more than half of tile_size"),
    ],
)
def test_wrong_inputs_are_named(server, vae, latent, wishes, said):
    name, data = failed(server, vae, latent, **wishes)
    assert (name, data["node_id"]) == ("execution_error", "4")
    assert data["exception_message"].strip().startswith(f"Auto Tiled Decode (node 4), {said}")


def test_a_latent_of_one_frame_for_a_vae_of_pictures(server):
    """0.3.64's own VAEDecode fails on it, so there is nothing to compare with."""
    queued = graph(TAESD, {"frames": 1, "height": 20, "width": 20})
    queued["5"]["inputs"]["samples"] = ["7", 0]
    still = {"kind": "noise", "channels": 16, "frames": 0, "height": 20, "width": 20, "batch": 1, "seed": 1}
    queued["7"] = {"class_type": "ProbeLatent", "inputs": still}
    entry = ended(server, server.client.queue(queued))
    assert json.loads(entry["outputs"]["6"]["text"][0])["equal"]
