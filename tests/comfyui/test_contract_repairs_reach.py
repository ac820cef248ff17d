"""What repairs are for: goals that no wording brings. The rehearsal's painter never draws more than six of a kind, and
paints inside a region by a lottery of its own; its judge reads pixels, and so does the truth here."""

from __future__ import annotations

import os

import pytest
from pack.rehearsal.ollama_double import pixel_judge
from pack.rehearsal.world.verdict import look

from .test_contract_repairs import TWO, graph, pointing, repair_in
from .theatre import opened, pixels

GOAL, PROMPT = "seven yellow diamonds", "yellow diamonds"
RUNS = int(os.environ.get("REPAIR_SEEDS", "1"))
"""Of each kind; ten take some minutes."""
SEEDS = range(101, 101 + 100 * RUNS, 100)
REACHED, REACHED_WITHOUT = 0.8, 0.3
"""Shares of the runs."""
HARMS = 2 * RUNS


@pytest.fixture(scope="module")
def theatre(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("reach"), None, None) as started:
        yield started


def ended(theatre, workflow):
    prompt_id = theatre.client.queue(workflow)
    for _ in range(20):
        run = theatre.client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=15")
        if run["waiting"]:
            return run
    raise AssertionError(run)


def diamonds(seed, repairs):
    limits = {"iterations_per_loop": 12, "max_loops": 1, "repairs": repairs}
    made = graph(goal=GOAL, prompt=PROMPT, seed=seed, steps=20, checklist="", **limits)
    made["4"]["inputs"] |= {"width": 448, "height": 448}
    return made


def reached(theatre, seed, repairs):
    """Whether the picture that a run returns shows what was asked for, and what the run did."""
    run = ended(theatre, diamonds(seed, repairs))
    best = run["iterations"][run["best"]["iteration"] - 1]
    shown = pixels(theatre.picture(run, best["picture"]))
    return not look(GOAL, shown).unmet, [i["plan"]["action"] for i in run["iterations"]]


def test_goals_that_no_wording_reaches_are_reached(theatre):
    theatre.judge.default = pixel_judge
    found = [reached(theatre, seed, -1) for seed in SEEDS]
    without = [reached(theatre, seed, 0) for seed in SEEDS]
    assert sum(met for met, _ in found) >= REACHED * RUNS
    assert sum(met for met, _ in without) <= REACHED_WITHOUT * RUNS
    assert all("local_edit" in actions for met, actions in found if met)
    assert not any("local_edit" in actions for _, actions in without)


def test_a_repair_that_harms_is_reverted_every_time(theatre):
    for seed in range(HARMS):
        theatre.judge.default = pointing(TWO, ("star", "square"), TWO)
        run = ended(theatre, graph(seed=seed, iterations_per_loop=6))
        repair = repair_in(run)
        assert repair["reverted"] and run["best"]["iteration"] != repair["number"], seed
