"""The page's pure modules, under node's own test runner."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ..conftest import ROOT

NODE = shutil.which("node")
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The modules beside a package.json that makes .js a module in every version of node."""
    root = tmp_path_factory.mktemp("modules")
    shutil.copytree(ROOT / "web", root / "web")
    shutil.copytree(HERE / "js", root / "tests" / "web" / "js")
    shutil.copytree(HERE / "data", root / "tests" / "web" / "data")
    (root / "package.json").write_text(json.dumps({"type": "module"}), encoding="utf-8")
    return root


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("name", sorted(p.name for p in (HERE / "js").glob("*.test.mjs")))
def test_modules(tree, name):
    done = subprocess.run(
        [NODE, "--test", str(tree / "tests" / "web" / "js" / name)],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
