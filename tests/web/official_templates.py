"""The official workflow templates that a ComfyUI has beside it: the packages comfyui-workflow-templates*."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..templates import UI

_FOLDERS = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
Bundle = Literal["media-image", "media-video"]


@cache
def _packages() -> Path:
    command = [os.environ.get("COMFYUI_PYTHON") or sys.executable, "-c", _FOLDERS]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


@cache
def official_templates() -> dict[str, Path]:
    """Name to file, of every template in UI format; empty where none are installed."""
    files = sorted(_packages().glob("comfyui_workflow_templates*/templates/*.json"))
    return {path.stem: path for path in files if _is_workflow(read(path))}


def templates_of(bundle: Bundle) -> dict[str, Path]:
    """Those that the packages themselves count among pictures, or videos."""
    manifests = list(_packages().glob("comfyui_workflow_templates_core/manifest.json"))
    ids = {one["id"] for path in manifests for one in read(path)["templates"] if one["bundle"] == bundle}
    return {name: path for name, path in official_templates().items() if name in ids}


def all_templates() -> dict[str, Path]:
    """The official ones and ours."""
    return {**official_templates(), **{path.stem: path for path in UI}}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _is_workflow(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("nodes"), list)
