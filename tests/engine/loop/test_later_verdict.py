"""Pictures that no judge looked at, judged when the run has ended."""

from __future__ import annotations

import pytest
import torch
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.vision_model import ModelUnreachable
from pack.engine.loop.journal import Journal
from pack.engine.loop.refusals import NotNow
from pack.engine.loop.run_changes import with_user_pick

from ..judge.memory_model import CHECKLIST, MemoryModel, answers, wording_of
from .runs import critique, unseen
from .stage import Stage, played_on

NOISE = torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(1))
GONE = ModelUnreachable("No connection. Start it.")


def judge_with(*given, check=None):
    return Judge("ollama", MemoryModel(*given, check=check), 0.8, CHECKS)


async def ended_unseen(stage, verdict=None):
    """A run whose only picture nobody looked at."""
    place = await stage.begin()
    name = Journal(stage.root).save_picture(place.run.id, place.plan, NOISE, {})
    stage.judged("p1", verdict or unseen(1.0), picture=name, checklist=CHECKLIST)
    return await stage.ended(place.run.id)


told = played_on(Stage)


@told
async def test_one_that_passes_makes_the_run_done(stage):
    run = await ended_unseen(stage)
    assert (run.status, run.best, run.result.number) == ("unverified", None, 1)
    nothing = answers(seed=1, r1=0, r2="no", r3="no")
    model = MemoryModel(lambda q: answers(wording_of(q), seed=1) if len(q.jpeg) > 2000 else nothing)
    found = await stage.actions.judge(run.id, 1, Judge("ollama", model, 0.8, CHECKS))
    assert (found.status, found.best.number, found.best.critique.passed) == ("done", 1, True)
    assert found.best.decision.kind == "accept"
    assert found.revision > run.revision
    assert model.released == 1
    journal = Journal(stage.root)
    assert journal.load(run.id).status == "done"
    assert journal.is_closed(found)
    assert stage.pages.published[-1].status == "done"


@told
async def test_one_that_fails_leaves_the_run_without_an_unseen_best(stage):
    run = await ended_unseen(stage)
    found = await stage.actions.judge(run.id, 1, judge_with(answers(seed=1, r1=2)))
    assert found.status == "stopped"
    assert "three ducks (I count 2)" in found.reason
    assert "Continue the run" in found.reason
    with pytest.raises(ValueError, match="judged already"):
        await stage.actions.judge(run.id, 1, judge_with(answers()))


@told
async def test_a_judge_that_is_not_back_changes_nothing(stage):
    run = await ended_unseen(stage)
    for judge in (judge_with(answers(), check=GONE), judge_with("nonsense")):
        with pytest.raises(NotNow):
            await stage.actions.judge(run.id, 1, judge)
    assert await stage.driver.live.find(run.id) == run


@told
async def test_a_run_that_goes_on_is_left_alone(stage):
    place = await stage.begin()
    with pytest.raises(NotNow, match="still going on"):
        await stage.actions.judge(place.run.id, 1, judge_with(answers()))


@told
async def test_what_cannot_be_judged_says_why(stage):
    run = await ended_unseen(stage)
    with pytest.raises(ValueError, match="no iteration 2"):
        await stage.actions.judge(run.id, 2, judge_with(answers()))
    (Journal(stage.root).folder(run.id) / run.iterations[0].picture).write_bytes(b"no picture")
    with pytest.raises(ValueError, match="cannot be read"):
        await stage.actions.judge(run.id, 1, judge_with(answers()))


@told
async def test_pictures_of_a_judge_that_failed_are_taken_and_judged(stage):
    place = await stage.begin(iterations_per_loop=2)
    journal = Journal(stage.root)
    name = journal.save_picture(place.run.id, place.plan, NOISE, {})
    stage.judged("p1", critique(None), picture=name, checklist=CHECKLIST)
    second = await stage.next_prompt(1)
    place = await stage.begin(second)
    name = journal.save_picture(place.run.id, place.plan, NOISE.flip(0), {})
    stage.judged(second, critique(None), picture=name)
    run = await stage.ended(place.run.id)
    assert (run.status, run.result.number) == ("judge_failed", 2)
    assert with_user_pick(run, 1).best.number == 1
    found = await stage.actions.judge(run.id, 1, judge_with(answers(seed=1, r1=2)))
    assert (found.status, found.best.number) == ("stopped", 1)
