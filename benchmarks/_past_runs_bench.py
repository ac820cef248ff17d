"""`python dev.py bench past_runs`: whether what past runs taught helps the next one. What it means: README.md."""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np

from ..engine.judge.checklist import Checklist
from ..engine.loop.wording_memory import RememberedWordings, learn_wordings, recall_wordings
from ._policy_bench import SEED
from ._policy_ours import play_taught
from ._policy_score import checklist
from ._policy_world import WORLD1, WORLD2, Kind, World

WORLDS = {WORLD1.name: 2000, WORLD2.name: 1000}
BUDGETS = (4, 8, 12)
LESSONS = 3
"""Past runs of the goal that teach, in the second row."""
DAY = 24 * 3600.0
ELSEWHERE = 1_000_000
"""Added to a world's number for another goal that asks for the same things in the same words."""
ROWS = {
    "untaught": "no past run",
    "one_lesson": "one past run of this goal",
    "lessons": f"{LESSONS} past runs of this goal",
    "elsewhere": f"{LESSONS} past runs of another goal, same words",
}


Met = dict[str, dict[int, list[bool]]]
"""Whether the result was all correct, by row, budget and world."""


def measured(kind: Kind, worlds: int, seed: int = SEED) -> Met:
    """Each row judges the same day in the same worlds."""
    asked = checklist(kind.requirements)
    met: Met = {row: {budget: [] for budget in BUDGETS} for row in ROWS}
    for number in range(worlds):
        world = World(kind, seed, number)
        here, elsewhere = _wording_memory(world, asked), _wording_memory(World(kind, seed, ELSEWHERE + number), asked)
        taught = {
            "untaught": RememberedWordings(),
            "one_lesson": here[0],
            "lessons": here[-1],
            "elsewhere": elsewhere[-1],
        }
        for row, memory in taught.items():
            known = recall_wordings(memory, "", asked, (LESSONS + 1) * DAY)
            results, _ = play_taught(world.another_day(LESSONS + 1), asked, BUDGETS, known)
            for budget, result in results.items():
                met[row][budget].append(result.picture.all_correct)
    return met


def _wording_memory(world: World, asked: Checklist) -> list[RememberedWordings]:
    """What is known after each of LESSONS runs, a day apart, each taught by those before it."""
    memories = [RememberedWordings()]
    for day in range(1, LESSONS + 1):
        known = recall_wordings(memories[-1], "", asked, day * DAY)
        _, run = play_taught(world.another_day(day), asked, BUDGETS, known)
        memories.append(learn_wordings(memories[-1], run, day * DAY))
    return memories[1:]


def table(kind: Kind, worlds: int, found: Met) -> str:
    lines = [f"{kind.name}, {worlds} worlds, all-correct in % at so many renders; in brackets the gain and its noise"]
    lines.append(f"{'':42}" + "".join(f"{budget:>20}" for budget in BUDGETS))
    for row, title in ROWS.items():
        cells = [_cell(found[row][budget], found["untaught"][budget], row != "untaught") for budget in BUDGETS]
        lines.append(f"{title:42}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


def _cell(met: list[bool], before: list[bool], compared: bool) -> str:
    """The share; compared: with its difference to before, world by world, and that difference's standard error."""
    share = f"{100 * np.mean(met):.1f}"
    if not compared:
        return share
    gains = 100 * (np.array(met, float) - np.array(before, float))
    return f"{share} ({gains.mean():+.1f} +-{gains.std() / math.sqrt(len(gains)):.1f})"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench past_runs", description="Whether past runs teach.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    parser.add_argument("--worlds", type=int, help=f"random worlds of each kind (default {WORLDS})")
    parser.add_argument("--seed", type=int, default=SEED, help="other worlds")
    options = parser.parse_args(arguments)
    begun, told = time.monotonic(), {}
    for kind in (WORLD1, WORLD2):
        worlds = options.worlds or WORLDS[kind.name]
        told[kind.name] = measured(kind, worlds, options.seed)
        print(f"{table(kind, worlds, told[kind.name])}\n", flush=True)
    print(f"Took {time.monotonic() - begun:.0f} s.", flush=True)
    if options.json:
        print(json.dumps({world: _shares(found) for world, found in told.items()}))
    return 0


def _shares(found: Met) -> dict[str, dict[str, float]]:
    return {row: {str(b): round(float(np.mean(met)), 4) for b, met in by.items()} for row, by in found.items()}
