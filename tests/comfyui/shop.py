"""What a script does: post an exported graph, wait, fetch; each answer held to the OpenAPI document."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from ..conftest import ROOT
from ..routes.documented import hold_to_document

DEFAULT = json.loads((Path(__file__).parent / "default_graph.json").read_text(encoding="utf-8"))
"""The workflow that a new ComfyUI shows, as Export (API) writes it."""
CHECKPOINT = DEFAULT["4"]["inputs"]["ckpt_name"]
GOAL = "a red lantern on a table"
ORDER = {"goal": GOAL, "checklist": ["a red lantern"], "settings": {"steps": 2}}
SCRIPT = ROOT / "docs" / "examples" / "improve.py"
SHAPE = {"type", "message", "node", "input", "hint"}
LONGEST_SECONDS = 120
NOWHERE = "http://127.0.0.1:9"


def small():
    """The default graph at a size that a CPU renders at once."""
    graph = copy.deepcopy(DEFAULT)
    graph["5"]["inputs"].update(width=64, height=64)
    graph["3"]["inputs"].update(steps=2)
    return graph


def answered(theatre, method, path, status=200, template=None, **options):
    """The JSON answer, which must be as the OpenAPI document says. template: the path with its names."""
    found, body, parsed, headers = theatre.client.ask(method, path, **options)
    assert found == status, body
    media_type = headers["Content-Type"].split(";")[0]
    hold_to_document(method, template or path, found, media_type, body if parsed is not None else b"")
    return body if parsed is None else parsed


def started(theatre, status=200, **order):
    return answered(theatre, "POST", "/imitatoes/runs", status, json={"workflow": small(), **ORDER, **order})


def ended(theatre, any_id):
    """The run once it has ended. The first one of a real server loads the weights, longer than one wait of a test."""
    for _ in range(8):
        path = f"/imitatoes/runs/{any_id}/wait?seconds=15"
        found, _, run, _ = theatre.client.ask("GET", path)
        if found == 200 and run["waiting"]:
            return answered(theatre, "GET", path, template="/imitatoes/runs/{id}/wait")
        assert found in (200, 408), run
    raise AssertionError(run)


def at_rest(theatre):
    return not theatre.client.running() and not theatre.client.pending()


def script(theatre, tmp_path, *arguments, workflow=None):
    file = tmp_path / "workflow_api.json"
    file.write_text(json.dumps(small() if workflow is None else workflow), encoding="utf-8")
    command = [sys.executable, str(SCRIPT), str(file), GOAL, "--server", theatre.client.url, *arguments]
    return finished(command, tmp_path)


def finished(command, folder, no_proxy=""):
    environment = {**os.environ, "PYTHONPATH": "", "http_proxy": NOWHERE, "no_proxy": no_proxy}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, encoding="utf-8"
    )


def block(language, theatre):
    """The README's lines in that language, sent to this server."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## From a script")[1]
    (lines,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return lines.replace("http://localhost:8188", theatre.client.url).replace("localhost:8188", theatre.client.url)


def brought(theatre, tmp_path, command, no_proxy=""):
    (tmp_path / "workflow_api.json").write_text(json.dumps(small()), encoding="utf-8")
    done = finished(command, tmp_path, no_proxy)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "best.png").size == (64, 64)
    return done.stdout
