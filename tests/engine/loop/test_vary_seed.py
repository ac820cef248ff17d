"""Runs that change nothing but the seed: the best of many seeds, with the looks, the end and the pick of any run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.loop.plan import Pending
from pack.engine.loop.policy import clauses_wanted, continued_plan, final_look, next_step
from pack.engine.loop.repair_plan import next_step_after
from pack.engine.loop.run import Run, Stop

from .runs import SETTINGS, advanced, checklist, critique, itemised, judged, run

POOR = {"artifacts": 0.1}


def seeds_run(**fields) -> Run:
    begun = run(vary="seed", iterations_per_loop=6, max_loops=1, **fields)
    update = {"checklist": checklist("red fox", "snow"), "can_edit_locally": True}
    return begun.model_copy(update=update)


def played(begun, *verdicts):
    """The run after each render was judged so, or how it stopped before."""
    now = begun
    for verdict in verdicts:
        now = judged(now, verdict)
        step = advanced(now)
        if isinstance(step, Stop):
            return now, step
        now = step
    return now, None


@given(
    chances=st.lists(st.tuples(st.sampled_from([0.05, 0.4, 0.9]), st.sampled_from([0.05, 0.4, 0.9])), max_size=5),
    policy=st.sampled_from(["auto", "new"]),
)
@settings(max_examples=60, deadline=None)
def test_only_the_seed_changes_whatever_fails_and_whatever_is_proposed(chances, policy):
    verdicts = [
        itemised(*pair, edits={"r1": "a bright red fox", "r2": "deep snow"}, negative=("grass",)).model_copy(
            update={"checks": POOR}
        )
        for pair in chances
    ]
    now, stop = played(seeds_run(seed_policy=policy), *verdicts)
    assert stop is None, "it does not give up before its renders are used"
    plans = [i.plan for i in now.iterations] + [now.pending.plan]
    assert [p.settings.model_copy(update={"seed": SETTINGS.seed}) for p in plans] == [SETTINGS] * len(plans)
    assert len({p.settings.seed for p in plans}) == len(plans)
    assert plans[0].settings.seed == SETTINGS.seed
    assert all(p.wording.clauses == () and p.edit_of is None for p in plans)


def test_no_clause_is_asked_for():
    now = judged(seeds_run(), itemised(0.05, 0.9))
    assert clauses_wanted(now) == ()
    assert clauses_wanted(
        judged(run(iterations_per_loop=6).model_copy(update={"checklist": now.checklist}), itemised(0.05, 0.9))
    )


def test_the_last_render_is_followed_by_the_looks_and_the_end_of_any_run():
    now, stop = played(seeds_run(), *[itemised(0.9, 0.4 if n != 3 else 0.9) for n in range(6)])
    assert stop.status == "limit"
    assert now.best.number == 4
    assert 4 in final_look(now)
    assert isinstance(next_step_after(now), Stop)


def test_it_ends_as_done_as_any_run_does():
    sure = itemised(0.98, 0.98, score=0.95, passed=True)
    assert next_step(judged(seeds_run(confidence=0.7), sure)).status == "done"


def test_a_kept_seed_leaves_nothing_to_vary():
    step = next_step(judged(seeds_run(seed_policy="keep"), itemised(0.05, 0.9)))
    assert (step.status, "Set seed_policy to auto" in step.reason) == ("no_progress", True)


def test_without_requirements_too():
    begun = run(vary="seed", iterations_per_loop=12, max_loops=1)
    now, stop = played(begun, *[critique(0.5, prompt_append="more snow", cfg=3.0, steps=40) for _ in range(11)])
    assert stop is None
    assert {i.settings.prompt for i in now.iterations} == {SETTINGS.prompt}


@pytest.mark.parametrize("instruction", ["", "make it night"])
def test_it_goes_on_so_when_the_user_continues_it(instruction):
    now, _ = played(seeds_run(), *[itemised(0.9, 0.4)] * 6)
    granted = now.model_copy(update={"renders_granted": 12, "continued_after": 6})
    plan = continued_plan(granted, instruction)
    assert plan.settings.model_copy(update={"seed": SETTINGS.seed}) == granted.start.settings
    assert plan.settings.seed not in {i.settings.seed for i in now.iterations}
    assert isinstance(Pending(prompt_id="p", plan=plan), Pending)
