"""ComfyUI-Distributed for tests and benchmarks: put beside our pack, and its workers as processes of this machine.

From a checkout of https://github.com/robertvoy/ComfyUI-Distributed that the caller has; nothing of it is part of us.
"""

from __future__ import annotations

import shutil
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from .process import ComfyProcess

WORKER_ENVIRONMENT = {"COMFYUI_IS_WORKER": "1"}


def install_distributed(checkout: Path, base: Path) -> None:
    """Into the custom_nodes of a base directory that has none yet, without the settings of the checkout's owner."""
    shutil.copytree(
        checkout,
        base / "custom_nodes" / "ComfyUI-Distributed",
        ignore=shutil.ignore_patterns(".git", "__pycache__", "tests", "gpu_config.json"),
    )


def listed_workers(
    workers: Mapping[str, ComfyProcess], enabled: Container[str], names: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """As POST /distributed/config takes them. workers: running, by id. names: as the user calls them, else by id."""
    return [
        {
            "id": one,
            "name": (names or {}).get(one, one),
            "enabled": one in enabled,
            "host": "127.0.0.1",
            "port": process.port,
            "type": "remote",
            "cuda_device": 0,
        }
        for one, process in workers.items()
    ]
