"""The policy benchmark's own arithmetic: fair worlds, the pack's own scores, honest figures. Nothing here is timed."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from pack.benchmarks import _policy_bench as bench
from pack.benchmarks._policy_others import best_of_n, hill_climb, naive
from pack.benchmarks._policy_ours import Result, play
from pack.benchmarks._policy_score import checklist, look, look_again, marks, marks_again
from pack.benchmarks._policy_world import WORLD1, WORLD2, Picture, World

from .conftest import ROOT

KINDS = pytest.mark.parametrize("kind", [WORLD1, WORLD2], ids=lambda kind: kind.name)


@KINDS
def test_the_quick_figures_are_the_judges_own(kind):
    asked = checklist(kind.requirements)
    confirmed = 0
    for number in range(60):
        world = World(kind, 3, number)
        picture = world.paint(0)
        if number % 2:
            picture = Picture(0, np.ones_like(picture.truth), 0.9)
        slow, quick = look(world, asked, picture), marks(world, picture)
        assert quick.score == pytest.approx(slow.score, abs=2e-4)
        assert (quick.looks, quick.passed) == (slow.looks, slow.passed)
        assert quick.chances.tolist() == pytest.approx([item.p for item in slow.items])
        assert quick.met.tolist() == [item.passed for item in slow.items]
        assert marks_again(world, picture).score == pytest.approx(look_again(world, asked, picture).score, abs=2e-4)
        confirmed += slow.looks > 1
    assert confirmed or kind is WORLD2


@KINDS
def test_luck_belongs_to_the_world_and_not_to_the_order_of_asking(kind):
    asked = checklist(kind.requirements)
    fresh = [play(World(kind, 1, n), asked, (4, 8)) for n in range(4)]
    used = []
    for n in range(4):
        world = World(kind, 1, n)
        hill_climb(world, asked, (24,))
        used.append(play(world, asked, (4, 8)))
    assert [_shown(found) for found in fresh] == [_shown(found) for found in used]
    assert (World(kind, 1, 0).ease != World(kind, 2, 0).ease).any()


def _shown(results):
    return {b: (r.picture.truth.tolist(), r.used, r.done, r.calls) for b, r in results.items()}


@pytest.mark.parametrize("player", [play, best_of_n, naive], ids=["ours", "best of n", "naive"])
def test_a_longer_run_begins_like_a_shorter_one(player):
    asked = checklist(7)
    for n in range(6):
        short = player(World(WORLD1, 4, n), asked, (4,))[4]
        both = player(World(WORLD1, 4, n), asked, (4, 12))
        assert _shown({4: both[4]}) == _shown({4: short})
        assert short.used <= 4
        assert both[12].used >= short.used


def test_the_judge_is_as_good_as_the_assumptions_say():
    right, wrong = [], []
    for n in range(400):
        world = World(WORLD1, 5, n)
        logits, _ = world.look(Picture(0, np.ones(7, bool), 0.5))
        right += (logits + WORLD1.judge.bias > 0).tolist()
        logits, _ = world.look(Picture(0, np.zeros(7, bool), 0.5))
        wrong += (logits + WORLD1.judge.bias > 0).tolist()
    assert np.mean(right) == pytest.approx(0.93, abs=0.02)
    assert np.mean(wrong) == pytest.approx(0.22, abs=0.03)


def test_an_editor_mostly_helps_and_an_edit_mends_only_its_target():
    effects = np.concatenate([World(WORLD1, 6, n).effects.ravel() for n in range(40)])
    assert (effects > 0).mean() == pytest.approx(0.45, abs=0.03)
    assert (effects < 0).mean() == pytest.approx(0.25, abs=0.03)
    world = World(WORLD1, 6, 0)
    world.breaks[:] = 1.0
    before = Picture(0, np.array([False, False, True, True, True, True, True]), 0.8)
    assert world.edit(1, before, 0).truth[1:].tolist() == before.truth[1:].tolist()


def result(met, done, used=6, calls=9):
    return {bench.AT: Result(Picture(0, np.array([True, met]), 0.5), used, done, calls, True)}


def test_figures():
    found = bench.figures([result(True, True), result(False, True), result(True, False), result(False, False)])
    assert found.all_correct == {bench.AT: 0.5}
    assert (found.wrong_done, found.precision) == (0.25, 0.5)
    assert found.calls == pytest.approx(1.5)
    assert found.score == pytest.approx((2 * (0.85 + 0.075) + 2 * (0.425 + 0.075)) / 4)
    assert bench.figures([result(True, False)]).precision is None


def test_the_command_prints_assumptions_first_and_json_last():
    command = [sys.executable, "-m", "benchmarks.policy", "--json", "--worlds", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Assumptions")
    told = json.loads(lines[-1])
    assert told.keys() == {"world1", "world2"}
    for world in told.values():
        assert world.keys() == {
            *bench.PLAYERS,
            "wrong_done",
            "done_precision",
            "calls_per_iteration",
            "never_below_first",
        }
        for name in ("ours", "single", "naive", "qa_retry", "best_of_n", "hill_climb"):
            assert world[name].keys() == {"4", "8", "12", "24"}
        assert world["never_below_first"] == 1
