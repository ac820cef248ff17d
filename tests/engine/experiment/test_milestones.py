"""What a run would have given after each of its renders, from the run as the journal has it."""

from __future__ import annotations

import pytest
from pack.engine.experiment.milestones import milestones_of

from ..loop.runs import advanced, checklist, itemised, judged, run


def played(*chances, **fields):
    now = run(iterations_per_loop=6, max_loops=1, vary="seed", **fields)
    now = now.model_copy(update={"checklist": checklist("red fox", "snow")})
    for number, pair in enumerate(chances):
        now = judged(now, itemised(*pair, looks=1))
        seconds = {"render": 2.0, "judge": 1.0, "save": 9.0}
        last = now.iterations[-1].model_copy(update={"seconds": seconds})
        now = now.model_copy(update={"iterations": (*now.iterations[:-1], last)})
        now = advanced(now) if number + 1 < len(chances) else now
    return now


def keys(now):
    return {i.number: f"k{i.number}" for i in now.iterations}


def test_the_leader_after_each_render_and_what_it_cost():
    now = played((0.4, 0.1), (0.9, 0.2), (0.3, 0.3), (0.95, 0.9), (0.6, 0.6))
    found = milestones_of(now, keys(now))
    assert [one.picture for one in found] == ["k1", "k2", "k2", "k4", "k4"]
    assert [one.renders for one in found] == [1, 2, 3, 4, 5]
    assert [one.seconds for one in found] == [3.0, 6.0, 9.0, 12.0, 15.0]
    assert [one.calls for one in found] == [1, 2, 3, 4, 5]
    assert found[1].claimed == 0.5
    assert found[3].claimed == 1.0
    assert found[3].sure > found[1].sure


def test_the_last_looks_count_at_the_end_alone():
    now = played((0.9, 0.9), (0.4, 0.4), (0.85, 0.8))
    found_wrong = itemised(0.05, 0.05)
    ended = now.model_copy(update={"relooks": {1: found_wrong}})
    before, after = milestones_of(now, keys(now)), milestones_of(ended, keys(ended))
    assert [one.picture for one in before][:2] == [one.picture for one in after][:2] == ["k1", "k1"]
    assert after[-1].calls == before[-1].calls + 1


def test_the_end_is_what_the_run_returned():
    now = played((0.4, 0.1), (0.9, 0.8))
    taken = now.model_copy(update={"standing": {1: 0.9, 2: 0.2}})
    assert milestones_of(taken, keys(taken))[-1].picture == "k1"
    assert milestones_of(taken, keys(taken))[-1].sure == pytest.approx(0.9)


def test_a_picture_that_is_lost_leads_nowhere():
    now = played((0.4, 0.1), (0.9, 0.8))
    assert [one.picture for one in milestones_of(now, {1: "k1"})] == ["k1"]
    assert milestones_of(run(), {}) == ()
