"""The benchmark of what past runs teach: the same days for every row, and lessons that really arrive."""

from __future__ import annotations

import numpy as np
from pack.benchmarks import _past_runs_bench as bench
from pack.benchmarks._policy_ours import play, play_taught
from pack.benchmarks._policy_score import checklist
from pack.benchmarks._policy_world import WORLD1, World
from pack.engine.loop.wording_memory import recall_wordings

ASKED = checklist(WORLD1.requirements)


def test_another_day_has_the_same_goal_and_editor_but_other_luck():
    world = World(WORLD1, 3, 5)
    day, again = world.another_day(2), world.another_day(2)
    assert day.effects is world.effects and day.ease is world.ease
    assert not np.allclose(day.luck, world.luck)
    assert np.array_equal(day.luck, again.luck) and np.array_equal(day.drawn_errors, again.drawn_errors)


def test_no_past_run_is_the_policys_own_figure():
    found = bench.measured(WORLD1, 5, seed=3)
    days = [World(WORLD1, 3, number).another_day(bench.LESSONS + 1) for number in range(5)]
    alone = [play(day, ASKED, bench.BUDGETS)[12].picture.all_correct for day in days]
    assert found["untaught"][12] == alone


def test_a_lesson_is_tried_before_anything_fresh():
    taught = 0
    for number in range(8):
        world = World(WORLD1, 3, number)
        memory = bench._wording_memory(world, ASKED)[-1]
        known = recall_wordings(memory, "", ASKED, bench.LESSONS * bench.DAY)
        _, run = play_taught(world.another_day(9), ASKED, (12,), known)
        used = {clause for iteration in run.iterations for clause in iteration.plan.wording.clauses}
        taught += bool(used & {one.clause for wordings in known.values() for one in wordings})
    assert taught, "in some world a remembered clause was used"
