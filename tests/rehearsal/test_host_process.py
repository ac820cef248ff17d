"""Starting, ending and restarting a server."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from pack.rehearsal.process import ComfyError, ComfyProcess, prepare_base

ROOT = Path(__file__).resolve().parent.parent.parent
PROXYLESS = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "custom_nodes").mkdir()
    return tmp_path


def answers(comfy: ComfyProcess) -> bool:
    with PROXYLESS(f"{comfy.url}/system_stats", timeout=5) as answer:
        return "system" in json.load(answer)


def test_prepare_base_installs_the_packs(tmp_path):
    leftover = tmp_path / "custom_nodes" / "imitatoes" / "gone.py"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("")
    prepare_base(tmp_path, ROOT)
    installed = tmp_path / "custom_nodes" / "imitatoes"
    assert (installed / "__init__.py").read_text() == (ROOT / "__init__.py").read_text()
    assert (installed / "engine").is_dir()
    assert not (installed / "rehearsal").exists() and not (installed / "tests").exists()
    assert not leftover.exists()
    assert (tmp_path / "custom_nodes" / "rehearsal_painter" / "world" / "painter.py").is_file()
    assert not list(tmp_path.rglob("__pycache__"))
    prepare_base(tmp_path, ROOT, painter=False)
    assert not (tmp_path / "custom_nodes" / "rehearsal_painter").exists()


def test_kill_and_restart_keep_the_address(base):
    with ComfyProcess(base) as comfy:
        url, pid = comfy.url, comfy.pid
        assert answers(comfy)
        assert comfy.start() is comfy and comfy.pid == pid, "starting twice starts once"
        assert comfy.memory_mb() is None or comfy.memory_mb() > 10
        comfy.kill()
        assert not comfy.running and comfy.memory_mb() is None
        comfy.restart()
        assert (comfy.url, answers(comfy)) == (url, True)
        assert comfy.pid != pid
        comfy.stop()
        assert comfy.log_text().count("Rehearsal server at") == 2
    assert not comfy.running


def test_death_while_starting_tells_the_log(tmp_path):
    with pytest.raises(ComfyError, match="custom_nodes"):
        ComfyProcess(tmp_path / "nowhere", python=None).start()


def test_url_needs_a_start(base):
    with pytest.raises(ComfyError):
        _ = ComfyProcess(base).url


def test_a_broken_pack_is_left_out(base):
    (base / "custom_nodes" / "broken.py").write_text("raise RuntimeError('cannot load')")
    (base / "custom_nodes" / "off.disabled").mkdir()
    with ComfyProcess(base) as comfy:
        assert answers(comfy)
    assert "cannot load" in comfy.log_text()


def test_names_of_the_pack_root_stay_invisible(base):
    (base / "custom_nodes" / "looker.py").write_text(
        "import logging, nodes, sys\n"
        "NODE_CLASS_MAPPINGS = {}\n"
        "logging.info('nodes is %s', nodes.__file__)\n"
        "logging.info('last on the path is %s', sys.path[-1])\n"
    )
    with ComfyProcess(base) as comfy:
        assert answers(comfy)
    log = comfy.log_text()
    assert f"nodes is {ROOT / 'rehearsal' / 'comfyui' / 'nodes.py'}" in log
    assert f"last on the path is {ROOT / 'rehearsal'}" in log
