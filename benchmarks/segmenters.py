"""`python dev.py bench segmenters`: seconds and memory of each segmentation engine, and of a peer. See README.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import _segmenters_full as full

ENGINES = {
    "clipseg": "CLIPSeg",
    "sam2": "SAM 2 tiny, one box",
    "sam": "SAM ViT-B, one box",
    "florence2": "Florence-2 base, 20 tokens",
    "grounding_dino": "GroundingDINO tiny, boxes",
    "sam3": "SAM 3",
}
PEER = "KJNodes BatchCLIPSeg"
BATCH = 4
LIMIT_SECONDS = 1800
ROOT = Path(__file__).resolve().parent.parent
_NAME = 36


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench segmenters", description="What finding things costs.")
    parser.add_argument("--only", default="clipseg,sam2,sam,florence2,grounding_dino", help=", ".join(ENGINES))
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    names = [name.strip() for name in options.only.split(",")]
    if unknown := [name for name in names if name not in ENGINES]:
        print(f"There is no engine {unknown[0]}. There are: {', '.join(ENGINES)}.")
        return 2
    kjnodes, comfyui = os.environ.get("KJNODES_PATH"), os.environ.get("COMFYUI_PATH")
    print("1024 x 768 pixels, weights read before; processor s for a picture, peak MiB beside the weights.\n")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder:
        for name in names:
            parameters = full.save(name, Path(folder) / name)
            for count in (1, BATCH) if name == "clipseg" else (1,):
                rows.append(
                    {"engine": name, "batch": count, "parameters": parameters, **child("ours", name, folder, count)}
                )
                print(row(ENGINES[name], rows[-1]), flush=True)
                if name == "clipseg" and kjnodes and comfyui:
                    found = child("peer", str(Path(kjnodes).resolve()), folder, count)
                    rows.append({"engine": PEER, "batch": count, "parameters": parameters, **found})
                    print(row(PEER, rows[-1]), flush=True)
    if not (kjnodes and comfyui):
        print(f"{PEER} was left out: set KJNODES_PATH and COMFYUI_PATH to checkouts to measure it, too.")
    if options.json:
        print(json.dumps({"size": [768, 1024], "rows": rows}))
    return 0


def child(kind: str, what: str, folder: str, count: int) -> dict[str, float]:
    """One measurement in a process of its own. Raises RuntimeError with the end of what it said."""
    python = os.environ.get("COMFYUI_PYTHON") or sys.executable
    command = [python, "-m", "benchmarks._segmenters_child", kind, what, folder, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"{what} could not be measured:\n{done.stderr[-1500:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(name: str, found: dict[str, Any]) -> str:
    batch = f", batch of {found['batch']}" if found["batch"] > 1 else ""
    size = f"{found['parameters'] / 1e6:.0f} M parameters"
    return f"{name + batch:{_NAME}}{size:>18}{found['seconds']:>9.2f} s{found['peak_mib']:>8.0f} MiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
