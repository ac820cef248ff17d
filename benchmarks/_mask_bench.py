"""What finishing a mask costs, beside ComfyUI's own GrowMask in the same run. What it means: README.md."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from ._mask_core import CoreFailed, core_growth
from ._mask_shape import GROWTHS, HEIGHT, WIDTH, Growth, our_growth, our_steps, scene

_NAME = 34


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench mask", description="What finishing a mask costs.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    path = os.environ.get("COMFYUI_PATH")
    if path and not (Path(path) / "main.py").is_file():
        print(f"COMFYUI_PATH is {path}, but there is no main.py in it. Point it at a ComfyUI checkout, or unset it.")
        return 2
    mask = scene()
    print(f"One mask of {WIDTH} x {HEIGHT} pixels; milliseconds of processor time, best of several.\n")
    steps = our_steps(mask)
    ours = our_growth(mask)
    try:
        core = core_growth(Path(path), os.environ.get("COMFYUI_PYTHON"), mask) if path else None
    except CoreFailed as problem:
        print(problem)
        return 1
    print("\n".join(lines(steps, ours, core)), flush=True)
    if options.json:
        print(json.dumps(result(steps, ours, core)))
    return 0


def lines(steps: dict[str, float], ours: dict[int, Growth], core: dict[int, Growth] | None) -> list[str]:
    told = [f"{name:{_NAME}}{ms:>9.1f}" for name, ms in steps.items()]
    told += ["", f"{'Grow, pixels':{_NAME}}" + "".join(f"{growth:>9}" for growth in GROWTHS)]
    told.append(_row("  Imitatoes, ms", [ours[growth].ms for growth in GROWTHS]))
    if core is None:
        return [*told, "  GrowMask was left out: set COMFYUI_PATH to a ComfyUI checkout to measure it, too."]
    told.append(_row("  GrowMask, ms", [core[growth].ms for growth in GROWTHS]))
    told.append(_row("  GrowMask by Imitatoes", [core[growth].ms / ours[growth].ms for growth in GROWTHS]))
    told.append(_row("  GrowMask's farthest pixel, px off", [core[growth].off for growth in GROWTHS]))
    told.append(_row("  Imitatoes' farthest pixel, px off", [ours[growth].off for growth in GROWTHS]))
    return told


def result(steps: dict[str, float], ours: dict[int, Growth], core: dict[int, Growth] | None) -> dict[str, Any]:
    """What --json prints."""
    return {
        "size": [HEIGHT, WIDTH],
        "steps_ms": {name: round(ms, 1) for name, ms in steps.items()},
        "grow_ms": {str(growth): round(found.ms, 1) for growth, found in ours.items()},
        "grow_off_px": {str(growth): round(found.off, 1) for growth, found in ours.items()},
        "core_grow_ms": None if core is None else {str(g): round(found.ms, 1) for g, found in core.items()},
        "core_grow_off_px": None if core is None else {str(g): round(found.off, 1) for g, found in core.items()},
    }


def _row(name: str, values: list[float]) -> str:
    return f"{name:{_NAME}}" + "".join(f"{value:>9.1f}" for value in values)
