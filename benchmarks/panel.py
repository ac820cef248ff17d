"""`python dev.py bench panel`: the panel with a run of 200 iterations. What it means: README.md.

Needs Chromium, playwright and the comfyui-frontend-package (or COMFYUI_FRONTENDS, a folder with index.html) and says
so where one of them is absent. The server is the rehearsal; the run is written by the pack's own journal.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from rehearsal.process import ComfyError

from ._measure import started
from ._panel_page import measured
from ._panel_run import ITERATIONS, written
from ._stalls import Watch

AIMS = {"first_open_ms": 1000.0, "open_ms": 1000.0, "longest_frame_ms": 100.0, "heap_mib": 60.0}
"""Time from the click to all tiles; longest time between two frames while scrolling and while messages arrive; memory
that the panel adds to the page's scripts."""
WORDS = {
    "first_open_ms": "Open the panel first after the server's start, ms",
    "open_ms": "Open it again in a new page, ms",
    "pictures_ms": "  until the thumbnails in view are there, ms",
    "longest_frame_ms": "Longest frame, ms",
    "idle_frame_ms": "  of the page alone, before the panel is open, ms",
    "heap_mib": "Memory the panel adds, MiB",
    "tiles": "Tiles",
    "thumbnails_loaded": "Thumbnails loaded while opening",
    "message_kib": "One message to the page, KiB",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench panel", description="200 iterations in the panel.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    frontend = next(filter(None, os.environ.get("COMFYUI_FRONTENDS", "").split(os.pathsep)), None)
    lacking = absent(chromium, frontend)
    if lacking:
        print(f"The panel cannot be measured here: {lacking}.")
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder:
            run_id = written(Path(folder) / "output" / "imitatoes")
            with started(Path(folder), None, None, Path(frontend) if frontend else None) as server:
                watch = Watch(server.client)
                found = measured(server.client.url, run_id, chromium)
                stalls = watch.lines()
    except ComfyError as problem:
        print(problem)
        return 1
    print(f"A run of {ITERATIONS} iterations in the panel")
    for name, words in WORDS.items():
        aim = AIMS.get(name)
        verdict = "" if aim is None else f"   aim {aim:g}  {'met' if found[name] <= aim else 'MISSED'}"
        print(f"{words:50}{found[name]:>9.1f}{verdict}")
    print("\n".join(stalls))
    if options.json:
        print(json.dumps(found))
    return 0


def absent(chromium: str | None, frontend: str | None) -> str:
    """What is missing, in words; empty when all is there."""
    if chromium is None:
        return "Chromium is not installed"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    if frontend is None and importlib.util.find_spec("comfyui_frontend_package") is None:
        return "comfyui-frontend-package is not installed and COMFYUI_FRONTENDS is not set"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
