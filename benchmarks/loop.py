"""`python dev.py bench loop`: what the loop costs beside rendering and judging. What it means: README.md.

Uses a real ComfyUI where COMFYUI_PATH names a checkout (COMFYUI_PYTHON: its interpreter); the rehearsal otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from rehearsal.process import ComfyError

from ._figures import result, spread
from ._machine import Bystanders
from ._measure import all_sizes, loop_gaps, memory_growth, outside_gaps, started
from ._stalls import Watch
from ._table import bystander_lines, controller_lines, gap_lines, growth_line, payload_lines
from ._workload import RunEndedEarly


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench loop", description="What the loop itself costs.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    path = os.environ.get("COMFYUI_PATH")
    if path and not (Path(path) / "main.py").is_file():
        print(f"COMFYUI_PATH is {path}, but there is no main.py in it. Point it at a ComfyUI checkout, or unset it.")
        return 2
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder:
            found = measured(Path(folder), Path(path) if path else None)
    except (ComfyError, RunEndedEarly) as problem:
        print(problem)
        return 1
    print(f"Took {time.monotonic() - begun:.0f} s.", flush=True)
    if options.json:
        print(json.dumps(found))
    return 0


def measured(base: Path, comfyui: Path | None) -> dict[str, object]:
    """Measure all, print the table on the way; the result as --json gives it."""
    others = Bystanders()
    with started(base, comfyui, os.environ.get("COMFYUI_PYTHON")) as server:
        host = "rehearsal"
        if comfyui:
            host = f"comfyui {server.client.get('/system_stats')['system']['comfyui_version']}"
        print(f"Host: {host}. Two minutes, please; the figures are only good on a machine that does nothing else.\n")
        watch = Watch(server.client)
        growth = memory_growth(server)  # first: memory that other measurements gave back would hide growth
        show([growth_line(growth)])
        ours, outside = spread(loop_gaps(server)), spread(outside_gaps(server))
        show(gap_lines(ours, outside))
        controllers, payloads = all_sizes(server)
        show([*controller_lines(controllers), "", *payload_lines(payloads)])
        show(watch.lines())
        show(bystander_lines(others.share(server.process.pid)))
    return result(host, ours, outside, controllers, {size: kib for size, (kib, _) in payloads.items()}, growth)


def show(lines: list[str]) -> None:
    print("\n".join([*lines, ""]), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
