"""`python dev.py bench cards`: what the loop costs on ComfyUI-Distributed beside what that costs. See README.md.

Needs COMFYUI_PATH, a checkout (COMFYUI_PYTHON: its interpreter), and DISTRIBUTED_PATH, one of ComfyUI-Distributed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rehearsal.process import ComfyError

from ._cards_bench import RENDER_SECONDS, WORKERS, CardFigures, company, measured, overhead
from ._machine import Bystanders
from ._table import bystander_lines
from ._workload import RunEndedEarly

AIM_MS = 20.0
_NAME = 46


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench cards", description="The loop on several cards.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    comfyui, distributed = (os.environ.get(name) for name in ("COMFYUI_PATH", "DISTRIBUTED_PATH"))
    if not (comfyui and distributed):
        print("Set COMFYUI_PATH to a checkout of ComfyUI and DISTRIBUTED_PATH to one of ComfyUI-Distributed.")
        return 2
    others = Bystanders()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder,
            company(Path(folder), Path(comfyui), Path(distributed), os.environ.get("COMFYUI_PYTHON")) as found,
        ):
            version = found.master.client.get("/system_stats")["system"]["comfyui_version"]
            print(f"ComfyUI {version}, one master and {len(WORKERS)} workers. Two minutes, please.", flush=True)
            all_figures = [measured(found, count) for count in range(len(WORKERS) + 1)]
            pids = [found.master.process.pid, *(worker.pid for worker in found.workers.values())]
            share = others.share(*pids)
    except (ComfyError, RunEndedEarly, OSError) as problem:
        print(problem)
        return 1
    print("\n".join([*table(all_figures), *bystander_lines(share)]))
    if options.json:
        print(json.dumps({"host": f"comfyui {version}", **{str(one.workers): one.told() for one in all_figures}}))
    return 0


def table(found: Sequence[CardFigures]) -> list[str]:
    def row(name: str, values: Sequence[float], digits: int = 1) -> str:
        return f"{name:{_NAME}}" + "".join(f"{value:>9.{digits}f}" for value in values)

    beside = [one.beside_theirs for one in found]
    verdict = "met" if max(beside) <= AIM_MS else "MISSED"
    ours, theirs = [one.ours for one in found], [one.theirs for one in found]
    return [
        f"{'Workers':{_NAME}}" + "".join(f"{one.workers:>9}" for one in found),
        f"Overhead an iteration of {RENDER_SECONDS:g} s, ms",
        row("  the loop", [overhead(one) for one in ours]),
        row("    of it between two renders", [one.queued for one in ours]),
        row("  a script through /distributed/queue", [overhead(one) for one in theirs]),
        row("    of it from its request to the render", [one.queued for one in theirs]),
        row("  the loop beside the script", beside) + f"   aim {AIM_MS:g}  {verdict}",
        row("  not in it: judging, the model answering at once", [one.judged for one in ours]),
        "Pictures a second",
        row("  the loop, judging included", [one.pictures_a_second(one.ours) for one in found], 2),
        row("  the script", [one.pictures_a_second(one.theirs) for one in found], 2),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
