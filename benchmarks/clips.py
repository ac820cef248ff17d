"""`python dev.py bench clips`: what a clip adds to an iteration beside rendering and judging. See README.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from engine.judge.clip import Clip
from engine.judge.clip_measures import measure_motion
from engine.loop.journal import Journal
from engine.loop.plan import Plan
from engine.settings import Settings

SECONDS, RATE, WIDTH, HEIGHT = 5, 24, 1280, 720
PLAN = Plan(loop=1, index=1, settings=Settings(prompt="", negative="", seed=1, steps=1, cfg=1.0), reason="")
RUN = "20260101-000000-00000000"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench clips", description="What a clip adds to an iteration.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    found = measured()
    print(f"A clip of {SECONDS} s, {SECONDS * RATE + 1} frames of {WIDTH} x {HEIGHT}, after its render:\n")
    for name, seconds in found["steps"].items():
        print(f"  {name:<44} {seconds:6.2f} s")
    print(f"\n  {'all of it, wall time':<44} {found['seconds']:6.2f} s    aim 1")
    print(f"  {'processor time':<44} {found['processor_seconds']:6.2f} s")
    print(f"  {'memory at its peak, beside the frames':<44} {found['peak_mib']:6.0f} MiB  aim 150")
    if options.json:
        print(json.dumps(found))
    return 0


def measured() -> dict[str, object]:
    """By step, and all together. A warm-up with a small clip loads what is loaded once."""
    with tempfile.TemporaryDirectory(prefix="imitatoes-") as folder:
        journal = Journal(Path(folder))
        journal.folder(RUN).mkdir()
        steps_of(journal, clip_of(8, 256, 144))
        clip = clip_of(SECONDS * RATE + 1, WIDTH, HEIGHT)
        before, begun, used = peak_mib(), time.perf_counter(), time.process_time()
        steps = steps_of(journal, clip)
        whole, processor = time.perf_counter() - begun, time.process_time() - used
        return {
            "seconds": round(whole, 3),
            "processor_seconds": round(processor, 3),
            "peak_mib": round(peak_mib() - before, 1),
            "steps": {name: round(seconds, 3) for name, seconds in steps.items()},
        }


def steps_of(journal: Journal, clip: Clip) -> dict[str, float]:
    """Seconds of each step, in the order in which a critic takes them."""
    written = journal.root / "written.mp4"
    written.write_bytes(os.urandom(6_000_000))
    work: dict[str, Callable[[], object]] = {
        "fingerprint": lambda: clip.fingerprint,
        "frames and sheet for the judge": lambda: (clip.jpegs, clip.encoded),
        "flicker, standstill, cuts in all frames": lambda: measure_motion(clip.frames),
        "the middle frame as PNG": lambda: journal.save_picture(RUN, PLAN, clip.image, {}),
        "the strip": lambda: journal.save_strip(RUN, PLAN, clip.strip),
        "the clip of 6 MB copied": lambda: journal.take_clip(RUN, PLAN, written),
    }
    seconds = {}
    for name, step in work.items():
        begun = time.perf_counter()
        step()
        seconds[name] = time.perf_counter() - begun
    return seconds


def clip_of(count: int, width: int, height: int) -> Clip:
    """A clip with detail that moves, made frame by frame so that making it needs no more memory than it takes."""
    frames = torch.empty(count, height, width, 3)
    rows, columns = torch.arange(height)[:, None] / height, torch.arange(width)[None, :] / width
    grain = torch.rand(height, width, generator=torch.Generator().manual_seed(1)) * 0.1
    for number in range(count):
        for channel in range(3):
            wave = torch.sin(20 * columns + channel + number / 12) * torch.cos(12 * rows - number / 20)
            frames[number, :, :, channel] = (0.45 + 0.35 * wave).add_(grain.roll(number, 1))
    return Clip(frames.clamp_(0, 1), RATE)


def peak_mib() -> float:
    """The most memory that this process has had so far."""
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib / 1024 if sys.platform != "darwin" else kib / 2**20


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
