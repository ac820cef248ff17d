"""`python dev.py bench faces`: how many faces installed detectors find in generated pictures of known truth.

Pictures of several people are rare among them, so photographs of one are put side by side as well. The rates under
which the counts of the photographs are most likely are what the pack believes of a detector
(engine/judge/face_rates.json). Needs facenet-pytorch or mediapipe, and the pictures (comfyui-workflow-templates, or
--pictures and --truth), in the Python that runs it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ..engine.judge.faces import MOST_EXACT, MOST_PEOPLE, FaceRates, Wanted, chance_of_faces, evidence_of_faces
from ..host.face_counting import PACKAGES, InstalledFaces
from ._labelled_pictures import TRUTH, Labelled, labelled_pictures, template_folders

SEED = 20261129
EACH = 40
"""Pictures put together, of every number of people."""
SIDE = 400
MOST_FOUND = 7
"""Stands for more as well."""
LEAST_RATE = 0.001
"""What never came is not impossible."""
COLUMNS = {2: 2, 3: 3, 4: 2, 5: 3}
Seen = tuple[str, int, int]
"""photo or drawn, people, faces found."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench faces", description="How well detectors count faces.")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures instead of the official templates'")
    parser.add_argument("--truth", type=Path, default=TRUTH, help="what is on them, as labelled_pictures.json says it")
    parser.add_argument("--package", choices=[one.name for one in PACKAGES], help="one of them; else all that are here")
    parser.add_argument("--json", action="store_true", help="print each one's rates as a row of face_rates.json")
    options = parser.parse_args(arguments)
    chosen = [one for one in PACKAGES if one.installed and options.package in (None, one.name)]
    if not chosen:
        print("No detector of faces is installed here. Try: pip install --no-deps facenet-pytorch")
        return 2
    folders = [options.pictures] if options.pictures else template_folders()
    known, of = labelled_pictures(folders, options.truth)
    counted = [one for one in known if one.people is not None]
    if not counted:
        print(
            "None of the labelled pictures is here. Install comfyui-workflow-templates, or name --pictures and --truth."
        )
        return 2
    print(f"{len(known)} of {of} labelled pictures are here, {len(counted)} with people counted")
    for package in chosen:
        finder = InstalledFaces(package)
        begun = time.perf_counter()
        alone = [(style_of(one), one.people, finder.count(one.pixels())) for one in counted]
        together = [(style, people, finder.count(pixels)) for style, people, pixels in side_by_side(counted)]
        seconds = (time.perf_counter() - begun) / (len(alone) + len(together))
        print(f"\n{package.name}, {seconds:.2f} s a picture")
        print(hidden(counted, alone))
        for title, seen in (("as they are", alone), ("side by side", together)):
            print(f"{title}\n{table(seen)}")
        rates = fitted(counts_of([*alone, *together], "photo"))
        print(f"rates that fit the photographs: {', '.join(f'{k} {v:g}' for k, v in rates._asdict().items())}")
        print(f"faces found by these, percent\n{chance_table(rates)}")
        print(f"evidence in logits\n{evidence_table(rates)}")
        if options.json:
            print(json.dumps({"name": package.name, **rates._asdict()}))
    return 0


def style_of(picture: Labelled) -> str:
    return "drawn" if picture.drawn else "photo"


def side_by_side(pictures: Sequence[Labelled]) -> Iterator[tuple[str, int, np.ndarray]]:
    """(style, people, pixels) of pictures of one person each, drawn by lot, the same ones each time."""
    dice = random.Random(SEED)
    for style, each in (("photo", EACH), ("drawn", EACH // 2)):
        single = [one for one in pictures if one.people == 1 and style_of(one) == style]
        for people, columns in COLUMNS.items():
            for _ in range(each if len(single) >= people else 0):
                yield style, people, joined([one.pixels() for one in dice.sample(single, people)], columns)


def joined(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Their middle squares in rows."""
    sheet = Image.new("RGB", (columns * SIDE, -(-len(pictures) // columns) * SIDE))
    for place, pixels in enumerate(pictures):
        one = Image.fromarray(pixels)
        side = min(one.size)
        left, top = (one.width - side) // 2, (one.height - side) // 2
        square = one.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(square, (place % columns * SIDE, place // columns * SIDE))
    return np.asarray(sheet)


def counts_of(seen: Sequence[Seen], style: str) -> list[list[int]]:
    """[people][faces], up to MOST_PEOPLE and MOST_FOUND."""
    rows = [[0] * (MOST_FOUND + 1) for _ in range(MOST_PEOPLE + 1)]
    for kind, people, found in seen:
        if kind == style and people <= MOST_PEOPLE:
            rows[people][min(found, MOST_FOUND)] += 1
    return rows


def hidden(pictures: Sequence[Labelled], seen: Sequence[Seen]) -> str:
    """What is found of one person whose face is to be seen, and of one whose face is not."""
    lines = []
    for style in ("photo", "drawn"):
        for faces, said in ((1, "seen"), (0, "hidden")):
            found = [
                count
                for picture, (kind, people, count) in zip(pictures, seen, strict=True)
                if (kind, people, picture.faces) == (style, 1, faces)
            ]
            none, one = sum(n == 0 for n in found), sum(n == 1 for n in found)
            rest = len(found) - none - one
            lines.append(f"{style}, one person, face {said}: none {none}, one {one}, more {rest}")
    return "\n".join(lines)


def table(seen: Sequence[Seen]) -> str:
    lines = [f"{'':16}{'faces found:':>14}" + "".join(f"{n:>5}" for n in range(MOST_FOUND)) + f"{MOST_FOUND}+".rjust(5)]
    for style in ("photo", "drawn"):
        for people, row in enumerate(counts_of(seen, style)):
            if any(row):
                lines.append(f"{style}, {people} people".ljust(30) + "".join(f"{n:>5}" for n in row))
    return "\n".join(lines)


def fitted(rows: Sequence[Sequence[int]]) -> FaceRates:
    """The rates under which these counts are most likely: one after the other is bettered, in ever smaller steps."""
    rates, step = [0.6, 0.95, 0.1, 0.01], 0.5
    best = likelihood(rows, FaceRates(*rates))
    while step > 0.005:
        better = False
        for place, factor in ((place, factor) for place in range(4) for factor in (1 + step, 1 / (1 + step))):
            tried = [*rates[:place], round(min(rates[place] * factor, 0.99), 4), *rates[place + 1 :]]
            found = likelihood(rows, FaceRates(*tried)) if tried[place] >= LEAST_RATE else -math.inf
            if found > best:
                rates, best, better = tried, found, True
        step = step if better else step / 2
    return FaceRates(*(round(value, 3) for value in rates))


def likelihood(rows: Sequence[Sequence[int]], rates: FaceRates) -> float:
    return sum(
        times * math.log(chance_of_faces(rates, people, found))
        for people, row in enumerate(rows)
        for found, times in enumerate(row)
        if times
    )


def chance_table(rates: FaceRates) -> str:
    lines = [f"{'':30}" + "".join(f"{n:>5}" for n in range(MOST_FOUND))]
    for people in range(MOST_PEOPLE + 1):
        told = [100 * chance_of_faces(rates, people, found) for found in range(MOST_FOUND)]
        lines.append(f"{people} people".ljust(30) + "".join(f"{value:>5.0f}" for value in told))
    return "\n".join(lines)


def evidence_table(rates: FaceRates) -> str:
    lines = [f"{'asked for':30}" + "".join(f"{n:>6}" for n in range(MOST_PEOPLE + 1))]
    for people in range(1, MOST_EXACT + 1):
        told = [evidence_of_faces(rates, Wanted(people, people), found) for found in range(MOST_PEOPLE + 1)]
        lines.append(f"{people:<30}" + "".join(f"{value:>+6.2f}" for value in told))
    return "\n".join(lines)
