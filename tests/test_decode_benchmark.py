"""The decode benchmark's own arithmetic. Nothing here looks at a clock."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from pack.benchmarks import _decode_figures as figures
from pack.benchmarks._decode_figures import Measured
from pack.benchmarks._decode_one import CASES, METHODS, measured, picture_like

from .conftest import ROOT


def whole():
    return Measured(10.0, 1000.0, torch.full((2, 4, 4, 3), 0.5))


def test_figures_are_against_the_whole_decode():
    pixels = whole().pixels.clone()
    pixels[..., 0] += 0.3
    pixels[:, :2, :, 1] += 0.2
    pixels[:, 2:, :, 1] -= 0.2
    found = figures.against(whole(), Measured(11.5, 600.0, pixels))
    assert found == {
        "time_ratio": 1.15,
        "peak_ratio": 0.6,
        "mean_diff": pytest.approx(0.5 / 3, abs=1e-6),
        "colour_shift": pytest.approx(0.1, abs=1e-6),
    }


def rows(**ours):
    core = {"time_ratio": 3.0, "peak_ratio": 0.2, "mean_diff": 0.04, "colour_shift": 0.01}
    good = {"time_ratio": 1.15, "peak_ratio": 0.6, "mean_diff": 0.02, "colour_shift": 0.005}
    return {"ours": good | ours, "core_tiled": core, "core_fallback": core}


@pytest.mark.parametrize(
    ("ours", "missed"),
    [({}, 0), ({"time_ratio": 1.16}, 1), ({"peak_ratio": 0.61}, 1), ({"mean_diff": 0.021, "colour_shift": 0.006}, 2)],
)
def test_the_table_says_what_is_met_and_missed(ours, missed):
    lines = figures.table("video", rows(**ours))
    assert lines[-1].count("MISSED") == missed
    assert lines[-1].count(" met") == 4 - missed
    assert len(lines) == 5


def test_the_json_object_holds_what_was_asked_for_and_nothing_else():
    found = figures.result({"image_1024": {**rows(), "ours_tiles": rows()["ours"]}, "video": rows()})
    assert set(found) == set(CASES) == {"image_1024", "video"}
    for case in found.values():
        assert set(case) == {"ours", "core_tiled", "core_fallback"}
        assert all(set(method) == {"time_ratio", "peak_ratio", "mean_diff", "colour_shift"} for method in case.values())
    assert json.loads(json.dumps(found)) == found


def test_every_method_has_a_name():
    assert {name for methods in METHODS.values() for name in methods} == set(figures.NAMES)


def test_latents_have_large_shapes_and_small_ones():
    latent = picture_like(4, 64, 64, 1)
    assert latent.shape == (1, 4, 64, 64)
    assert latent.std() == pytest.approx(1, abs=1e-3)
    coarse = torch.nn.functional.avg_pool2d(latent, 16).std()
    assert 0.2 < coarse < 0.95
    assert torch.equal(latent, picture_like(4, 64, 64, 1))
    assert not torch.equal(latent, picture_like(4, 64, 64, 2))


def test_memory_that_is_taken_is_seen():
    seconds, peak, result = measured(lambda: torch.ones(2**25))
    assert result.sum() == 2**25
    assert seconds > 0
    assert peak > 0.9 * 4 * 2**25


@pytest.mark.parametrize("path", ["", "/no/such/checkout"])
def test_without_comfyui_it_says_what_it_needs(path, monkeypatch):
    monkeypatch.setenv("COMFYUI_PATH", path)
    command = [sys.executable, "-m", "benchmarks.decode", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.strip().count("\n") == 0
    assert "set COMFYUI_PATH to a ComfyUI checkout" in done.stdout
