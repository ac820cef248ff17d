"""The mask benchmark's own arithmetic, and that it runs. Nothing here looks at a clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch
from pack.benchmarks import _mask_bench as bench
from pack.benchmarks._mask_core import CoreFailed, core_growth
from pack.benchmarks._mask_shape import GROWTHS, Growth, off_by, scene
from pack.engine.mask.shape import grown

from .conftest import ROOT


def test_the_scene_has_what_finishing_works_on():
    mask = scene()
    assert 0.05 < mask.float().mean() < 0.4
    assert not mask[540, 672]
    assert mask[864, 1632]


@pytest.mark.parametrize("growth", GROWTHS)
def test_how_far_off_an_outline_is(growth):
    mask = torch.zeros(200, 300, dtype=torch.bool)
    mask[80:120, 100:200] = True
    exact = grown(mask, growth)
    assert off_by(mask, exact, growth) == 0
    wrong = exact.clone()
    wrong[100, 150] = not bool(exact[100, 150])
    assert off_by(mask, wrong, growth) > 1


def test_without_core_that_is_said():
    figures = {growth: Growth(1.0, 0.0) for growth in GROWTHS}
    assert "left out" in bench.lines({"step": 1.0}, figures, None)[-1]
    assert bench.result({"step": 1.0}, figures, None)["core_grow_ms"] is None
    assert bench.result({"step": 1.0}, figures, figures)["core_grow_ms"] == {str(g): 1.0 for g in GROWTHS}
    assert len(bench.lines({"step": 1.0}, figures, figures)) == 8


def test_a_checkout_that_does_not_run_is_said(tmp_path):
    with pytest.raises(CoreFailed, match="COMFYUI_PYTHON"):
        core_growth(tmp_path, None, torch.zeros(4, 4, dtype=torch.bool))


def test_the_command_prints_json_last():
    environment = {name: value for name, value in os.environ.items() if name != "COMFYUI_PATH"}
    command = [sys.executable, "-m", "benchmarks.mask", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["grow_off_px"] == {str(growth): 0.0 for growth in GROWTHS}
    assert told["core_grow_ms"] is None
