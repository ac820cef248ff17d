"""`python dev.py bench ocr`: how often installed OCR finds drawn writing as wanted, and finds it where it is not.

The counts over all styles, and those of generated pictures (--generated: of known writing, labelled_pictures.json), are
what the pack believes of such a reader (engine/judge/writing_rates.json). Needs rapidocr-onnxruntime (or rapidocr) in
the Python that runs it, for --generated comfyui-workflow-templates as well; --json prints the counts as that file holds
them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..engine.judge.writing import FOUND, compare_writing
from ..engine.judge.writing_detector import evidence_of
from ..host.rapid_ocr import PACKAGES, RapidOcr, installed_package
from ._labelled_pictures import labelled_pictures, template_folders
from ._ocr_scenes import WritingScene, generated_scenes, writing_scenes

EACH = 32
"""Pictures of every style."""
Counts = Mapping[str, Mapping[str, int]]


def counted(scenes: Sequence[tuple[WritingScene, str]]) -> dict[str, dict[str, int]]:
    """By "met" and "unmet", how often each finding came. scenes: with their findings."""
    found = {"met": Counter(), "unmet": Counter()}
    for scene, finding in scenes:
        found["met" if scene.met else "unmet"][finding] += 1
    return {side: {one: counts[one] for one in FOUND} for side, counts in found.items()}


def table(rows: Mapping[str, Counts]) -> str:
    lines = [f"{'':24}{'found, of right ones':>22}{'found, of wrong ones':>22}{'nothing read, of right':>24}"]
    for name, counts in rows.items():
        met, unmet = counts["met"], counts["unmet"]
        right, wrong = sum(met.values()), sum(unmet.values())
        cells = [f"{met['as wanted'] + met['within']} of {right}", f"{unmet['as wanted'] + unmet['within']} of {wrong}"]
        lines.append(f"{name:24}{cells[0]:>22}{cells[1]:>22}{met['nothing']!s:>24}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench ocr", description="How well installed OCR reads.")
    parser.add_argument("--json", action="store_true", help="print the counts as one JSON object on the last line")
    parser.add_argument("--each", type=int, default=EACH, help=f"pictures of every style (default {EACH})")
    parser.add_argument("--save", type=Path, help="a folder for the pictures, to look at")
    parser.add_argument("--generated", action="store_true", help="generated pictures instead of drawn ones")
    parser.add_argument("--pictures", type=Path, help="where these are, if not in the official templates' packages")
    parser.add_argument("--package", choices=PACKAGES, help="which of them; else the one that the pack would use")
    options = parser.parse_args(arguments)
    package = options.package or installed_package()
    if package is None:
        print("No OCR is installed here. Try: pip install rapidocr-onnxruntime")
        return 2
    read = RapidOcr(package).read
    if options.generated:
        known, _ = labelled_pictures([options.pictures] if options.pictures else template_folders())
        scenes = list(generated_scenes(known))
        if not scenes:
            print("None of the labelled pictures is here. Install comfyui-workflow-templates, or name --pictures.")
            return 2
    else:
        scenes = list(writing_scenes(options.each))
    found: list[tuple[WritingScene, str]] = []
    seconds = []
    lines_of: dict[int, Sequence[str]] = {}
    for number, scene in enumerate(scenes):
        begun = time.perf_counter()
        if id(scene.pixels) not in lines_of:  # generated ones are asked about several times
            lines_of[id(scene.pixels)] = read(scene.pixels)
            seconds.append(time.perf_counter() - begun)
        lines = lines_of[id(scene.pixels)]
        finding = compare_writing(scene.wanted, lines).found
        found.append((scene, finding))
        if options.save is not None:
            save(options.save, number, scene, finding)
    styles = list(dict.fromkeys(scene.style for scene in scenes))
    rows = {style: counted([one for one in found if one[0].style == style]) for style in styles}
    rows["all"] = whole = counted(found)
    print(f"{package}, {len(found)} questions about {len(lines_of)} pictures of {len(styles)} styles\n{table(rows)}")
    for case in ("misspelt", "other", "none"):
        of_case = [finding for scene, finding in found if scene.case == case]
        print(f"{case}: {sum(one in ('as wanted', 'within') for one in of_case)} of {len(of_case)} taken for right")
    evidence = ", ".join(f"{name} {value:+.2f}" for name, value in evidence_of(whole["met"], whole["unmet"]).items())
    print(f"evidence in logits: {evidence}")
    print(f"seconds a picture: median {np.median(seconds):.2f}, most {max(seconds):.2f}")
    if options.json:
        print(json.dumps({"package": package, **whole}))
    return 0


def save(folder: Path, number: int, scene: WritingScene, finding: str) -> None:
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    name = f"{number:03} {scene.style}, {scene.case}, {finding}.png"
    Image.fromarray(scene.pixels).save(folder / name)
