"""Series from start to end: in order, cut off, shared, by several servers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from pack.engine.loop.refusals import NotNow, RunNotFound
from pack.engine.loop.series.series import next_time

from ..stage import played_on, until
from .workshop import LOOK, Workshop, asked, through

played = played_on(Path)


@played
async def test_one_run_a_goal_in_order_with_the_best_of_each(root):
    shop = Workshop(root)
    began = await shop.series.start(asked(3), "page", {})
    assert (began.state, began.count, began.ended) == ("running", 3, 0)
    view = await through(shop, began.series_id)
    assert (view.state, view.ended, view.met, view.renders) == ("done", 3, 3, 6)
    assert [one.goal for one in view.goals] == ["goal 1", "goal 2", "goal 3"]
    assert [one.status for one in view.goals] == ["done"] * 3
    assert [one.score for one in view.goals] == [0.95] * 3
    assert [goal for goal, _, _ in shop.renders] == [f"goal {n}" for n in (1, 1, 2, 2, 3, 3)]
    runs = {run.id: run for run in shop.driver.live.listed()}
    assert [runs[one.run_id].start.goal for one in view.goals] == [one.goal for one in view.goals]
    await until(lambda: shop.told)
    assert [told.series_id for told in shop.told] == [began.series_id], "its end is told once"
    assert shop.order.settings.prompt == "", "words that the workflow holds are about something else"
    assert shop.order.goals == []


@played
async def test_twenty_goals_survive_two_kills_with_nothing_rendered_twice(root):
    renders, shop = [], None
    for kill in (5, 17, None):
        shop = Workshop(root, renders)
        shop.pace = 0.02
        if kill == 5:
            series_id = (await shop.series.start(asked(20), "page", {})).series_id
        else:
            seen = await shop.series.show(series_id)
            assert (seen.state, "Resume" in seen.reason) == ("suspended", True)
            await shop.series.resume(series_id, "", {})
        if kill is not None:
            await until(lambda kill=kill, shop=shop: len(renders) >= kill and shop.is_rendering())
            shop.kill()
    view = await through(shop, series_id)
    assert (view.state, view.ended, view.met) == ("done", 20, 20)
    assert len(renders) == len(set(renders)) == 40 == view.renders
    assert len(shop.driver.live.listed()) == 20, "no goal has two runs"


@played
async def test_a_kill_between_the_queue_and_the_run_loses_nothing(root):
    shop = Workshop(root)
    shop.holding = True
    series_id = (await shop.series.start(asked(1), "", {})).series_id
    await until(lambda: shop.queue.submitted)
    shop.kill()
    again = Workshop(root)
    await again.series.resume(series_id, "", {})
    assert (await through(again, series_id)).met == 1
    assert len(again.driver.live.listed()) == 1


@played
async def test_stopped_and_resumed_as_a_whole(root):
    shop = Workshop(root)
    series_id = (await shop.series.start(asked(3), "", {})).series_id
    await until(lambda: len(shop.renders) >= 1)
    shop.holding = True
    await shop.series.stop(series_id)
    assert (await through(shop, series_id)).state == "stopped"
    await until(lambda: shop.told)
    assert shop.told[-1].state == "stopped"
    with pytest.raises(NotNow):
        await shop.series.stop(series_id)
    count = len(shop.queue.submitted)
    await asyncio.sleep(5 * LOOK)
    assert len(shop.queue.submitted) == count
    shop.holding = False
    await shop.series.resume(series_id, "", {})
    with pytest.raises(NotNow):
        await shop.series.resume(series_id, "", {})
    view = await through(shop, series_id)
    assert (view.state, view.met) == ("done", 3)
    assert len(shop.renders) == len(set(shop.renders)) == 6, "the run that was cut off went on"
    await until(lambda: len(shop.told) == 2)


@played
async def test_stopped_after_the_render_at_hand(root):
    shop = Workshop(root)
    shop.passes_at, shop.pace = 99, 0.1
    series_id = (await shop.series.start(asked(2), "", {})).series_id
    await until(lambda: len(shop.renders) >= 1)
    await shop.series.stop(series_id, after_this=True)
    view = await through(shop, series_id)
    assert (view.state, view.ended) == ("stopped", 0)
    assert view.goals[0].run_id and view.goals[0].score == 0.3, "how far it is, is seen"


@played
async def test_the_runs_share_their_renders(root):
    shop = Workshop(root)
    shop.passes_at = 99
    series_id = (await shop.series.start(asked(5, renders=4), "", {})).series_id
    view = await through(shop, series_id)
    assert view.state == "limit" and "All 4 renders of the series are used" in view.reason
    assert (view.renders, view.ended) == (4, 1)
    with pytest.raises(RunNotFound):
        await shop.series.show("20260101-120000-0123abcd")


@played
async def test_the_runs_share_their_minutes(root):
    shop = Workshop(root)
    series_id = (await shop.series.start(asked(9, minutes=0.5), "", {})).series_id
    view = await through(shop, series_id)
    assert view.state == "limit" and "The 0.5 minutes" in view.reason
    assert 2 <= view.ended <= 4, "of some 12 seconds each"
    assert shop.order.limits.minutes < 0.5


@played
async def test_past_its_time_of_day_no_goal_is_taken(root):
    shop = Workshop(root)
    shop.holding = True
    began = await shop.series.start(asked(3, until="07:30"), "", {})
    series = shop.store.load(began.series_id)
    assert time.localtime(series.deadline)[3:5] == (7, 30)
    assert 0 < series.deadline - time.time() <= 24 * 3600
    shop.store.save(series.model_copy(update={"deadline": time.time() + 0.1}))
    shop.passes_at, shop.pace, shop.holding = 99, 0.05, False
    view = await through(shop, began.series_id)
    assert view.state == "limit" and "past 07:30" in view.reason


def test_a_time_of_day_is_the_next_one():
    noon = time.mktime((2026, 3, 4, 12, 0, 0, 0, 0, -1))
    assert next_time("", noon) == 0
    assert time.localtime(next_time("12:01", noon))[2:5] == (4, 12, 1)
    assert time.localtime(next_time("11:59", noon))[2:5] == (5, 11, 59)
    with pytest.raises(ValueError, match="until"):
        next_time("noon", noon)


@played
async def test_a_goal_that_fails_is_told_and_three_in_a_row_end_the_series(root):
    shop = Workshop(root)
    shop.failing = {"goal 2", "goal 4", "goal 5", "goal 6"}
    series_id = (await shop.series.start(asked(9), "", {})).series_id
    view = await through(shop, series_id)
    assert view.state == "failed" and "3 runs in a row" in view.reason and "no such model" in view.reason
    assert [one.status for one in view.goals[:7]] == ["done", "", "done", "", "", "", ""]
    assert "no such model" in view.goals[1].reason
    assert [one.state for one in view.goals[6:]] == ["waiting"] * 3
    shop.failing = set()
    await shop.series.resume(series_id, "", {})
    view = await through(shop, series_id)
    assert (view.state, view.met, view.ended) == ("done", 5, 9), "what failed is not begun again"


@played
async def test_an_interrupt_ends_the_series_and_a_run_that_the_user_stops_does_not(root):
    shop = Workshop(root)
    shop.passes_at, shop.pace = 99, 0.1
    series_id = (await shop.series.start(asked(3), "", {})).series_id
    await until(lambda: shop.store.record(series_id, 1).run_id)
    await shop.actions.stop(shop.store.record(series_id, 1).run_id, after_this=True)
    await until(lambda: shop.store.record(series_id, 2).run_id)
    assert shop.store.record(series_id, 1).status == "stopped"
    await shop.queue.cancel(shop.queue.submitted[-1].prompt_id)
    view = await through(shop, series_id)
    assert view.state == "stopped"
    assert view.goals[1].status in ("interrupted", "deleted") and view.goals[2].state == "waiting"


@played
async def test_two_servers_share_a_series_and_no_goal_is_taken_twice(root):
    renders = []
    first, second = Workshop(root, renders), Workshop(root, renders)
    series_id = (await first.series.start(asked(12), "", {})).series_id
    await until(lambda: len(renders) >= 3)
    assert (await second.series.show(series_id)).elsewhere
    await second.series.join_others()
    view = await through(second, series_id)
    assert (view.state, view.met) == ("done", 12)
    assert len(renders) == len(set(renders)) == 24
    await until(lambda: not first.series._tasks and not second.series._tasks and first.told + second.told)
    await asyncio.sleep(5 * LOOK)
    assert len(first.told) + len(second.told) == 1, "of its end one server tells"
    assert min(len(shop.queue.submitted) for shop in (first, second)) >= 4, "both had goals"


@played
async def test_one_server_dies_and_the_other_takes_over_what_it_had(root):
    renders = []
    first, second = Workshop(root, renders), Workshop(root, renders)
    first.pace = second.pace = 0.02
    series_id = (await first.series.start(asked(6), "", {})).series_id
    await second.series.join_others()
    await until(lambda: len(renders) >= 4 and first.is_rendering())
    first.kill()
    view = await through(second, series_id)
    assert (view.state, view.met) == ("done", 6)
    assert len(renders) == len(set(renders)) == 12


@played
async def test_nobody_joins_what_has_ended_or_what_nobody_is_at(root):
    shop = Workshop(root)
    series_id = (await shop.series.start(asked(1), "", {})).series_id
    await through(shop, series_id)
    other = Workshop(root)
    await other.series.join_others()
    shop.kill()
    cut = (await other.series.start(asked(2), "", {})).series_id
    await until(lambda: other.queue.submitted)  # else a thread of its start may make it appear after its death
    other.kill()
    third = Workshop(root)
    await third.series.join_others()
    assert not other.queue.submitted or not third.queue.submitted
    assert (await third.series.show(cut)).state == "suspended", "a server that starts renders nothing by itself"


@played
async def test_what_pays_for_renders_is_not_written(root):
    shop = Workshop(root)
    series_id = (await shop.series.start(asked(1), "", {"api_key_comfy_org": "secret"})).series_id
    await through(shop, series_id)
    assert shop.queue.submitted[0].carried.extra == {"api_key_comfy_org": "secret"}
    written = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert written and not any(b"secret" in one for one in written)


@played
async def test_deleted_its_runs_stay(root):
    shop = Workshop(root)
    series_id = (await shop.series.start(asked(1), "", {})).series_id
    await through(shop, series_id)
    await shop.series.delete(series_id)
    assert await shop.series.listed() == []
    assert len(shop.driver.live.listed()) == 1
