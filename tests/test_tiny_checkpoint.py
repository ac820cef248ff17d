"""The command that makes the checkpoint of try_the_loop_on_cpu."""

from __future__ import annotations

import subprocess
import sys

from pack.engine.style.header import read_header
from pack.workflows import tiny_checkpoint

from .conftest import ROOT


def test_it_writes_a_checkpoint_that_reads_as_one(tmp_path):
    command = [sys.executable, str(ROOT / "workflows" / "tiny_checkpoint.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    written = tmp_path / tiny_checkpoint.FILE_NAME
    assert (done.returncode, done.stderr) == (0, "")
    assert str(written) in done.stdout
    assert written.stat().st_size < 150_000_000
    names = read_header(written).shapes
    assert {name.split(".")[0] for name in names} == {"model", "text_encoders", "first_stage_model"}


def test_it_says_what_to_do_where_it_cannot(tmp_path, capsys):
    assert tiny_checkpoint.main([str(tmp_path / "absent")]) == 1
    assert "Name the folder of your checkpoints" in capsys.readouterr().out
    (tmp_path / tiny_checkpoint.FILE_NAME).mkdir()
    assert tiny_checkpoint.main([str(tmp_path)]) == 1
    assert "could not be written" in capsys.readouterr().out
    assert tiny_checkpoint.main(["one", "two"]) == 2
    assert tiny_checkpoint.main(["--help"]) == 2


def test_without_a_folder_it_takes_comfyuis_own():
    assert tiny_checkpoint.CHECKPOINTS.parts[-2:] == ("models", "checkpoints")
    assert tiny_checkpoint.CHECKPOINTS.parents[1] == ROOT.parents[1]
