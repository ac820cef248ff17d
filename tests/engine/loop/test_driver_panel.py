"""What the panel asks of the driver: take, follow, delete, and stops that show at once."""

from __future__ import annotations

import pytest
import torch
from pack.engine.loop.journal import Journal
from pack.engine.loop.live_runs import NotNow, RunNotFound

from .runs import critique
from .stage import Stage, played_on

played = played_on(Stage)


async def two_iterations(stage):
    """A run whose first picture scored higher, with its third render pending."""
    place = await stage.begin()
    journal = Journal(stage.root)
    name = journal.save_picture(place.run.id, place.plan, torch.zeros(4, 4, 3), {})
    stage.judged("p1", critique(0.6), picture=name)
    second = await stage.next_prompt(1)
    place = await stage.begin(second)
    name = journal.save_picture(place.run.id, place.plan, torch.ones(4, 4, 3), {})
    stage.judged(second, critique(0.5), picture=name)
    await stage.next_prompt(2)
    return place.run.id


@played
async def test_a_stop_shows_before_it_has_come_about(stage):
    run_id = await two_iterations(stage)
    assert (await stage.actions.stop(run_id, after_this=True)).stopping == "after"
    assert stage.pages.published[-1].stopping == "after"
    assert (await stage.actions.stop(run_id)).stopping == "now"
    run = await stage.ended(run_id)
    assert (run.status, run.stopping) == ("stopped", "")
    revisions = [r.revision for r in stage.pages.published]
    assert revisions == sorted(set(revisions))


@played
async def test_taking_one_ends_the_run_with_it(stage):
    run_id = await two_iterations(stage)
    await stage.actions.take(run_id, 2)
    run = await stage.ended(run_id)
    assert (run.status, run.best.number, run.taken.iteration) == ("stopped", 2, 2)
    assert "took iteration 2" in run.reason
    journal = Journal(stage.root)
    assert journal.load(run_id).best.number == 2, "recorded"
    best = journal.load_picture(run_id, "best.png")
    assert best.min() == 1, "best.png is the picture that was taken"


@played
async def test_taking_one_of_an_ended_run_is_recorded(stage):
    run_id = await two_iterations(stage)
    await stage.actions.stop(run_id)
    ended = await stage.ended(run_id)
    assert ended.best.number == 1
    for actions in (stage.actions, Stage(stage.root).actions):  # in memory, and on another server
        run = await actions.take(run_id, 2)
        assert (run.status, run.best.number) == ("stopped", 2)
        assert run.revision > ended.revision
        assert Journal(stage.root).load_picture(run_id, "best.png").min() == 1
        await actions.take(run_id, 1)
    assert stage.pages.published[-1].taken.iteration == 1


@played
async def test_what_cannot_be_taken_leaves_the_run_going(stage):
    run_id = await two_iterations(stage)
    with pytest.raises(ValueError, match="no iteration 7"):
        await stage.actions.take(run_id, 7)
    assert not (await stage.driver.live.find(run_id)).ended
    assert (await stage.driver.live.find(run_id)).stopping == ""


@played
async def test_a_taken_one_is_where_a_continued_run_goes_on_from(stage):
    run_id = await two_iterations(stage)
    await stage.actions.take(run_id, 2)
    await stage.ended(run_id)
    await stage.actions.continue_run(run_id)
    await stage.next_prompt(3)
    third = await stage.driver.live.find(run_id)
    assert (third.best.number, third.stopping) == (2, "")
    await stage.actions.stop(run_id)
    assert (await stage.ended(run_id)).reason.startswith("You stopped"), "an earlier choice is not said again"


@played
async def test_a_page_that_follows_gets_the_next_render(stage):
    run_id = await two_iterations(stage)
    await stage.actions.attach(run_id, "second tab")
    pending = (await stage.driver.live.find(run_id)).pending.prompt_id
    await stage.begin(pending)
    stage.judged(pending, critique(0.4))
    await stage.next_prompt(3)
    assert [s.client_id for s in stage.queue.submitted] == ["page", "page", "second tab"]
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    with pytest.raises(NotNow):
        await stage.actions.attach(run_id, "late")


@played
async def test_a_deleted_run_is_gone_from_memory_and_disk(stage):
    run_id = await two_iterations(stage)
    with pytest.raises(NotNow, match="Stop it first"):
        await stage.actions.delete(run_id)
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    await stage.actions.delete(run_id)
    assert not (stage.root / run_id).exists()
    with pytest.raises(RunNotFound):
        await stage.driver.live.find(run_id)
    assert stage.driver.live.listed() == []
    with pytest.raises(ValueError):
        await stage.actions.delete("../elsewhere")


@played
async def test_a_run_folder_that_is_a_link_is_not_followed(stage):
    run_id = await two_iterations(stage)
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    real = stage.root / "real"
    (stage.root / run_id).rename(real)
    try:
        (stage.root / run_id).symlink_to(real, target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    with pytest.raises(ValueError, match="by hand"):
        await stage.actions.delete(run_id)
    assert list(real.glob("*.png"))


@played
async def test_runs_come_in_pages(stage):
    for number in range(3):
        place = await stage.begin(f"p{number}")
        stage.judged(f"p{number}", critique(0.9, passed=True))
        await stage.ended(place.run.id)
    everything = [r.id for r in stage.driver.live.listed()]
    assert everything == sorted(everything, reverse=True)
    assert [r.id for r in stage.driver.live.listed(2)] == everything[:2]
    assert [r.id for r in stage.driver.live.listed(2, everything[1])] == everything[2:]
