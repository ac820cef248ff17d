"""ComfyUI's own GrowMask on the same mask, in a process of its own: ComfyUI's modules want to be imported there."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from ._mask_shape import GROWTHS, Growth, off_by

REPEATS = 2
"""A growth of 64 pixels takes seconds."""

_SCRIPT = """
import json, sys, time
import numpy as np, torch
asked = json.loads(sys.argv.pop())
sys.path.insert(0, ".")
sys.argv = ["main.py", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
from comfy_extras.nodes_mask import GrowMask
grow = getattr(GrowMask, "execute", None) or GrowMask().expand_mask
mask = torch.from_numpy(np.load(asked["mask"])).float()[None]
times = {}
for growth in asked["growths"]:
    taken = []
    for _ in range(asked["repeats"]):
        begun = time.process_time()
        found = grow(mask, growth, True)
        taken.append((time.process_time() - begun) * 1000)
    times[growth] = min(taken)
    np.save(asked["out"] + f"/{growth}.npy", getattr(found, "args", found)[0][0].numpy() > 0.5)
print(json.dumps(times))
"""


class CoreFailed(RuntimeError):
    """The checkout's GrowMask could not be run. The message says why."""


def core_growth(comfyui: Path, python: str | None, mask: torch.Tensor) -> dict[int, Growth]:
    """As our_growth. python: ComfyUI's interpreter, this one for None. Raises CoreFailed."""
    with tempfile.TemporaryDirectory(prefix="imitatoes-") as folder:
        np.save(Path(folder) / "mask.npy", mask.numpy())
        asked = {"mask": str(Path(folder) / "mask.npy"), "out": folder, "growths": GROWTHS, "repeats": REPEATS}
        done = subprocess.run(
            [python or sys.executable, "-c", _SCRIPT, json.dumps(asked)], cwd=comfyui, capture_output=True, text=True
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise CoreFailed(
                f"GrowMask of {comfyui} did not run: {reason}\n"
                "Set COMFYUI_PYTHON to the interpreter that ComfyUI runs with, or unset COMFYUI_PATH."
            )
        times = json.loads(done.stdout.strip().splitlines()[-1])
        changed = {growth: torch.from_numpy(np.load(Path(folder) / f"{growth}.npy")) for growth in GROWTHS}
    return {growth: Growth(times[str(growth)], off_by(mask, changed[growth], growth)) for growth in GROWTHS}
