"""Five goals of different kinds converge by pixels; an impossible one ends with the best picture and says why."""

from __future__ import annotations

import pytest
from pack.rehearsal.world.goals import GOALS

from .theatre import loop_graph

REACHABLE = [goal for goal in GOALS if goal.reachable]
IMPOSSIBLE = [goal for goal in GOALS if not goal.reachable]


@pytest.mark.parametrize("goal", REACHABLE, ids=lambda goal: goal.goal[:40])
def test_a_reachable_goal_is_reached(theatre, goal):
    run = theatre.played(loop_graph(goal=goal.goal, prompt=goal.prompt, max_loops=5))
    assert run["status"] == "done", run["reason"]
    assert run["best_iteration"]["critique"]["looks"] == 2
    assert all(item["passed"] for item in run["best_iteration"]["critique"]["items"])


@pytest.mark.parametrize("goal", IMPOSSIBLE, ids=lambda goal: goal.goal[:40])
def test_an_impossible_goal_ends_honestly(theatre, goal):
    run = theatre.played(loop_graph(goal=goal.goal, prompt=goal.prompt))
    assert run["status"] in ("limit", "no_progress")
    failing = [item for item in run["best_iteration"]["critique"]["items"] if not item["passed"]]
    assert failing
    texts = {r["id"]: r["text"] for r in run["checklist"]["requirements"]}
    assert any(texts[item["id"]] in run["reason"] for item in failing), run["reason"]
