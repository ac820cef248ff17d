"""`python dev.py bench decode`: AutoTiledDecode against ComfyUI's own tiled decodes and a whole one. See README.md.

Needs COMFYUI_PATH (a checkout), because ComfyUI's VAE class is what is measured; COMFYUI_PYTHON: its interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from ._decode_figures import Measured, against, result, table
from ._decode_one import CASES, METHODS
from ._machine import Bystanders
from ._table import bystander_lines

ONE = Path(__file__).resolve().with_name("_decode_one.py")
LIMIT_SECONDS = 900


class Failed(RuntimeError):
    """A decode did not end well; the message ends with what it printed."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench decode", description="What decoding in parts costs.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    path = os.environ.get("COMFYUI_PATH")
    if not path or not (Path(path) / "comfy" / "sd.py").is_file():
        print("This measures ComfyUI's own VAE: set COMFYUI_PATH to a ComfyUI checkout (and COMFYUI_PYTHON).")
        return 2
    begun = time.monotonic()
    try:
        found = measured(path)
    except (Failed, subprocess.TimeoutExpired) as problem:
        print(problem)
        return 1
    print(f"Took {time.monotonic() - begun:.0f} s.", flush=True)
    if options.json:
        print(json.dumps(result(found)))
    return 0


def measured(comfyui: str) -> dict[str, dict[str, dict[str, float]]]:
    """By case and method the figures against the whole decode; prints the tables on the way."""
    print("Some five minutes, please. Each decode runs in a process of its own.", flush=True)
    others, found = Bystanders(), {}
    for case in CASES:
        whole = one(comfyui, case, "whole")
        print(f"\n{case}, whole: {whole.seconds:.1f} s of one processor, {whole.peak / 2**20:.0f} MiB", flush=True)
        found[case] = {name: against(whole, one(comfyui, case, name)) for name in METHODS[case]}
        print("\n".join(table(case, found[case])), flush=True)
    print("\n".join(bystander_lines(others.share(os.getpid()))))
    return found


def one(comfyui: str, case: str, name: str) -> Measured:
    """Run one decode in ComfyUI's interpreter. Raises Failed."""
    python = os.environ.get("COMFYUI_PYTHON") or sys.executable
    with tempfile.TemporaryDirectory(prefix="imitatoes-") as folder:
        file = Path(folder) / "pixels.pt"
        done = subprocess.run(
            [python, str(ONE), comfyui, case, name, str(file)],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        if done.returncode:
            raise Failed(f"The decode {name} of {case} failed:\n{done.stderr[-2000:]}")
        *said, figures = done.stdout.strip().splitlines()
        if said:
            print(f"  {said[-1]}", flush=True)
        return Measured(**json.loads(figures), pixels=torch.load(file, weights_only=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
