"""The benchmark of the engines: it knows all of them, and its arithmetic. Nothing here looks at a clock."""

from __future__ import annotations

import sys

import pytest
from pack.benchmarks import _segmenters_child as child
from pack.benchmarks import segmenters
from pack.engine.mask.segmenters.kinds import KINDS

from . import tiny_segmenters


def test_every_kind_is_measured():
    assert set(segmenters.ENGINES) == set(segmenters.full.FULL) == set(tiny_segmenters.MAKERS)
    assert len(KINDS) == len(segmenters.ENGINES)


def test_a_figure_is_that_of_one_picture():
    calls = []
    found = child.measured(lambda: calls.append(bytearray(64 * 2**20)), 4)
    assert len(calls) == child.REPEATED
    assert 0 <= found["seconds"] < 60
    assert found["peak_mib"] >= 0


def test_pictures_are_the_same_each_time_and_differ():
    one, same = child.pictures(2), child.pictures(2)
    assert one.shape == (2, child.HEIGHT, child.WIDTH, 3)
    assert (one == same).all()
    assert 0 <= one.min() < one.max() <= 1
    assert (one[0] != one[1]).any()


def test_an_unknown_engine_is_said(capsys):
    assert segmenters.main(["--only", "yolo"]) == 2
    assert "There is no engine yolo." in capsys.readouterr().out


def test_a_measurement_that_fails_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("COMFYUI_PYTHON", sys.executable)
    with pytest.raises(RuntimeError, match="clipseg could not be measured"):
        segmenters.child("ours", "clipseg", str(tmp_path), 1)


def test_a_row_names_the_batch():
    found = {"batch": 4, "parameters": 151_000_000, "seconds": 1.5, "peak_mib": 200.0}
    assert segmenters.row("CLIPSeg", found).split() == "CLIPSeg, batch of 4 151 M parameters 1.50 s 200 MiB".split()
