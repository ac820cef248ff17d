"""What StyleLoRAPicker costs before it applies anything. What the figures mean: README.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ..engine.style.installed import Index
from ..tests.lora_files import FAMILIES, shapes, write_lora

ROOT = Path(__file__).resolve().parent.parent
FULL_SIZE = ROOT / "tests" / "comfyui" / "full_size_models.py"
FILES = 500
FAMILY = "FLUX.1"
LIMIT_SECONDS = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench lora", description="What choosing a LoRA costs.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    comfyui = os.environ.get("COMFYUI_PATH")
    if comfyui and not (Path(comfyui) / "main.py").is_file():
        print(f"COMFYUI_PATH is {comfyui}, but there is no main.py in it. Point it at a ComfyUI checkout, or unset it.")
        return 2
    with tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder:
        found = index(Path(folder) / "loras")
        print(
            f"Headers of {FILES} LoRA files: {found['index_seconds']} s the first time, "
            f"{found['index_again_seconds']} s when nothing has changed."
        )
        if comfyui:
            compared = fit(Path(folder) / "full_size", comfyui, os.environ.get("COMFYUI_PYTHON") or sys.executable)
            if compared is None:
                return 1
            found |= compared
            print(
                f"Comparison of a {found['fit_parts']}-part LoRA with {FAMILY} in full size: {found['fit_seconds']} s "
                f"for the first file, {found['fit_next_seconds']} s for the next. Aim: 1 s."
            )
        else:
            print("The comparison with a model is not measured: set COMFYUI_PATH to a ComfyUI checkout.")
    if options.json:
        print(json.dumps(found))
    return 0


def index(folder: Path) -> dict[str, Any]:
    """Seconds for the headers of 500 full-size LoRAs of ten families, and for a second look at them."""
    listing = []
    for number in range(FILES):
        path = folder / f"style_{number:03}.safetensors"
        listing.append((path.name, write_lora(path, shapes(FAMILIES[number % len(FAMILIES)]))))
    known = Index()
    seconds = [_timed(lambda: known.files(listing)) for _ in range(2)]
    return {"index_files": FILES, "index_seconds": seconds[0], "index_again_seconds": seconds[1]}


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 4)


def fit(folder: Path, comfyui: str, python: str) -> dict[str, Any] | None:
    """Seconds to compare two LoRAs with one model, in ComfyUI's own Python; None, and its words printed, if that fails.

    The first comparison includes reading the model's names, which is done once for each loaded model.
    """
    for name in ("first", "next"):
        write_lora(folder / f"{name}.safetensors", shapes(FAMILY))
    command = [python, str(FULL_SIZE), comfyui, str(ROOT), str(folder), FAMILY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    if done.returncode:
        print(f"The comparison failed in ComfyUI's Python ({python}):\n{done.stderr[-2000:]}")
        return None
    pairs = {pair["lora"]: pair for pair in json.loads(done.stdout)["pairs"]}
    return {
        "fit_parts": pairs["first"]["counts"][0],
        "fit_seconds": round(pairs["first"]["seconds"], 4),
        "fit_next_seconds": round(pairs["next"]["seconds"], 4),
    }
