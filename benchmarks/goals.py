"""`python dev.py bench goals`: how many renders the rehearsal's goals take, played through the real server.

What it means: README.md, policy.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from engine.graph.loop_nodes import LOOP_OUTPUT, OUTPUTS
from rehearsal.of_pack import of_pack
from rehearsal.ollama_double import OllamaDouble, pixel_judge
from rehearsal.process import ComfyError, ComfyProcess, prepare_base

from ._client import Client
from ._workload import MODEL, waited

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (1, 2, 3, 4, 5, 6)
DAY = 3
"""So many seeds are played on one server, which learns from run to run; the next ones begin with nothing learned."""
PER_LOOP, LOOPS = 4, 5


class Played(NamedTuple):
    """A run. unmet: what its returned picture really misses."""

    kind: str
    seed: int
    status: str
    renders: int
    unmet: list[str]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench goals", description="Renders until a goal is met.")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, help=f"seeds of the first render ({SEEDS})")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    days = [options.seeds[at : at + DAY] for at in range(0, len(options.seeds), DAY)]
    try:
        found = [one for day in days for one in played(day)]
    except ComfyError as problem:
        print(problem)
        return 1
    done = [one for one in found if one.status == "done"]
    mean = sum(one.renders for one in found) / len(found)
    wrong = sum(bool(one.unmet) for one in done)
    print(f"done {len(done)} of {len(found)}, {wrong} of them wrongly; {mean:.2f} renders a run")
    if options.json:
        print(json.dumps({"done": len(done), "wrong_done": wrong, "runs": len(found), "renders": round(mean, 3)}))
    return 0


def played(seeds: list[int]) -> list[Played]:
    """The reachable goals with each seed, one after the other on one fresh server. Raises ComfyError."""
    goals = [goal for goal in of_pack("rehearsal.world.goals").GOALS if goal.reachable]
    with (
        tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder,
        OllamaDouble(default=pixel_judge) as judge,
        ComfyProcess(prepare_base(Path(folder), ROOT), None, None, {"OLLAMA_HOST": judge.url}) as process,
    ):
        client, found = Client(process.url), []
        for seed in seeds:
            for goal in goals:
                run = waited(client, client.queue(graph(goal.goal, goal.prompt, seed)))
                best = run["best_iteration"]["picture"]
                unmet = missed(goal.goal, Path(folder) / "output" / "imitatoes" / run["run_id"] / best)
                found.append(Played(goal.kind, seed, run["status"], len(run["iterations"]), unmet))
                print(
                    f"{goal.kind:12}{seed:4}  {run['status']:12}{found[-1].renders:3}  {', '.join(unmet)}", flush=True
                )
        return found


def missed(goal: str, picture: Path) -> list[str]:
    """What a picture misses of a goal, by its pixels."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.uint8)
    return [str(one) for one in of_pack("rehearsal.world.verdict").look(goal, pixels).unmet]


def graph(goal: str, prompt: str, seed: int) -> dict[str, Any]:
    """SelfImprovingPrompt (10) -> the rehearsal's painter (6) -> VLMCritique (11)."""
    hub = {"goal": goal, "prompt": prompt, "negative": "", "seed": seed, "steps": 20, "cfg": 7.0}
    hub |= {"iterations_per_loop": PER_LOOP, "max_loops": LOOPS, "pass_score": 0.8, "seed_policy": "auto"}
    painter = {name: ["10", slot] for name, slot in OUTPUTS.items()}
    painter |= {"width": 256, "height": 256, "batch_size": 1, "seconds": 0.0}
    return {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": hub},
        "6": {"class_type": "RehearsalPainter", "inputs": painter},
        "11": {
            "class_type": "ImitatoesVLMCritique",
            "inputs": {"images": ["6", 0], "loop": ["10", LOOP_OUTPUT], "model": MODEL},
        },
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
