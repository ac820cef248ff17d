"""Repairs that users ask for while a run goes on: written down at once, the next render, and never lost."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress

import pytest
from pack.engine.judge.region_question import RegionHint
from pack.engine.loop.journal import Journal, stem
from pack.engine.loop.plan import Pending
from pack.engine.loop.ports import PromptState
from pack.engine.loop.refusals import NotNow, RunIsOver
from pack.engine.loop.repair_judging import ask_hints
from pack.engine.loop.view import run_view
from pack.engine.loop.waiting_wishes import MOST_WAITING, wish_first, wish_hint_wanted, wish_place, with_wish
from pack.engine.loop.wished_repair import WishedRegion
from pack.engine.settings import Limits

from .runs import SETTINGS
from .stage import until
from .test_driver_repairs import LOOP, MET, Studio, is_repair, played
from .test_repair_plan import plan, started

HERE = WishedRegion(box=(0.5, 0.5, 0.8, 0.8))
TWO_MISSING = (0.06, 0.06, 0.97, 0.97)
"""Too much for a repair that the loop plans by itself."""


async def going_on(studio, chances=TWO_MISSING, **fields):
    """A run whose first picture was judged and whose second one is being rendered; its id."""
    place = await studio.begin("p1", **fields)
    studio.judges("p1", place, chances)
    await studio.next_prompt(1)
    assert not is_repair(studio.graph(1))
    return place.run.id


async def render(studio, count, chances=TWO_MISSING, **fields):
    """The prompt that was submitted as number `count` is rendered and judged."""
    prompt_id = studio.queue.submitted[count - 1].prompt_id
    place = await studio.begin(prompt_id)
    studio.judges(prompt_id, place, chances, **fields)
    return place


def wish(studio, run_id, words="a hat", number=1):
    return studio.actions.repair(run_id, number, words, HERE, None)


def shown_prompt(studio, count):
    return studio.graph(count)[LOOP]["inputs"]["prompt"]


@played
async def test_a_wish_is_on_disk_when_it_is_answered_and_is_the_next_render(studio):
    run_id = await going_on(studio)
    run = await wish(studio, run_id)
    assert run.status == "running" and [one.repair.wish for one in run.wishes] == ["a hat"]
    assert [one.repair.wish for one in Journal(studio.root).load(run_id).wishes] == ["a hat"]
    assert [one.repair.wish for one in run_view(run).wishes] == ["a hat"]
    assert len(studio.queue.submitted) == 1, "the render at hand is left alone"
    await render(studio, 1)
    await studio.next_prompt(2)
    assert is_repair(studio.graph(2)) and shown_prompt(studio, 2) == "a hat"
    now = studio.driver.live.get(run_id).run
    assert not now.wishes and now.pending.plan.edit_of == 1 and now.pending.plan.settings.seed != SETTINGS.seed
    await render(studio, 2, repaired=(0.5, 0.5, 0.8, 0.8))
    await studio.next_prompt(3)
    assert not is_repair(studio.graph(3)), "and then the run goes on as before"
    kept = Journal(studio.root).load(run_id)
    assert kept.iterations[2].plan.repair.wish == "a hat" and kept.status == "running"


@played
async def test_the_runs_own_judge_says_what_belongs_there(studio):
    run_id = await going_on(studio)
    run = await wish(studio, run_id)
    key = wish_hint_wanted(run).key
    hint = RegionHint(requirement="", prompt="one straw hat", instruction="add a hat", box=(1, 1, 90, 90))
    place = await studio.begin(studio.queue.submitted[0].prompt_id)
    studio.judges(place.run.pending.prompt_id, place, TWO_MISSING, more_hints={key: hint})
    await studio.next_prompt(2)
    assert shown_prompt(studio, 2) == "one straw hat"


@played
async def test_wishes_come_in_their_order_and_never_share_a_file(studio):
    run_id = await going_on(studio)
    for words in ("a hat", "a scarf", "a drum"):
        await wish(studio, run_id, words)
    for count, words in enumerate(("a hat", "a scarf", "a drum"), 2):
        await render(studio, count - 1)
        await studio.next_prompt(count)
        assert shown_prompt(studio, count) == words
    await render(studio, 4)
    await studio.next_prompt(5)
    run = studio.driver.live.get(run_id).run
    names = [stem(one) for one in (*(i.plan for i in run.iterations), run.pending.plan)]
    assert len(set(names)) == len(names) == 6
    assert len({i.settings.seed for i in run.iterations[2:]}) == 3


@played
async def test_a_goal_that_is_met_meanwhile_does_not_swallow_the_wish(studio):
    run_id = await going_on(studio)
    await wish(studio, run_id)
    await render(studio, 1, MET, relooks_of=2)
    await studio.next_prompt(2)
    assert shown_prompt(studio, 2) == "a hat"
    await render(studio, 2, MET, relooks_of=3)
    assert (await studio.ended(run_id)).status == "done"


@played
async def test_the_last_render_of_a_run_leaves_room_for_a_wish(studio):
    run_id = await going_on(studio, iterations_per_loop=2, max_loops=1)
    run = await wish(studio, run_id)
    assert (run.renders_allowed, run.renders_left) == (3, 2)
    await render(studio, 1)
    await studio.next_prompt(2)
    await render(studio, 2)
    ended = await studio.ended(run_id)
    assert (ended.status, len(ended.iterations)) == ("limit", 3)


@played
async def test_a_stop_stands_before_a_wish_and_continuing_carries_it_out(studio):
    run_id = await going_on(studio)
    await wish(studio, run_id)
    await studio.actions.stop(run_id, after_this=True)
    with pytest.raises(NotNow, match="about to stop"):
        await wish(studio, run_id)
    await render(studio, 1)
    ended = await studio.ended(run_id)
    assert ended.status == "stopped" and len(ended.wishes) == 1
    await studio.actions.continue_run(run_id)
    await studio.next_prompt(2)
    assert shown_prompt(studio, 2) == "a hat"


@played
async def test_interrupt_ends_the_run_and_keeps_the_wish(studio):
    run_id = await going_on(studio)
    await wish(studio, run_id)
    studio.queue.states[studio.queue.submitted[0].prompt_id] = PromptState("interrupted", started=1.0)
    ended = await studio.ended(run_id)
    assert ended.status == "interrupted" and len(ended.wishes) == 1


@played
async def test_time_that_is_up_stands_before_a_wish(studio):
    run_id = await going_on(studio, limits=Limits(minutes=1000))
    await wish(studio, run_id)
    now = studio.driver.live.get(run_id).run
    slow = [i.model_copy(update={"seconds": {"render": 59_999.0}}) for i in now.iterations]
    late = now.model_copy(update={"iterations": tuple(slow)})
    assert wish_first(late, plan()) == plan() and wish_first(now, plan()).repair.wish == "a hat"


@played
async def test_a_server_that_dies_keeps_the_wish(studio):
    run_id = await going_on(studio)
    await wish(studio, run_id)
    studio.die()
    later = Studio(studio.root)
    found = await later.driver.live.find(run_id)
    assert found.status == "suspended" and [one.repair.wish for one in found.wishes] == ["a hat"]
    await later.actions.resume(run_id)
    await later.next_prompt(1)
    assert not is_repair(later.graph(1)), "first the render that was lost"
    await render(later, 1)
    await later.next_prompt(2)
    assert shown_prompt(later, 2) == "a hat"


@played
async def test_a_wish_that_cannot_be_written_has_not_happened(studio):
    run_id = await going_on(studio)
    write, studio.driver.write = studio.driver.write, failing
    with pytest.raises(OSError, match="full"):
        await wish(studio, run_id)
    studio.driver.write = write
    assert not studio.driver.live.get(run_id).run.wishes
    await render(studio, 1)
    await studio.next_prompt(2)
    assert not is_repair(studio.graph(2))


async def failing(run, iteration=None):
    raise OSError(28, "full")


@played
async def test_a_wish_that_fails_ends_no_run(studio):
    run_id = await going_on(studio)
    await wish(studio, run_id)
    await render(studio, 1)
    await studio.next_prompt(2)
    studio.fails(2, "no such model")
    await studio.next_prompt(3)
    assert not is_repair(studio.graph(3)) and studio.driver.live.get(run_id).run.status == "running"


@played
async def test_a_wish_that_comes_while_the_end_is_being_decided_is_carried_out(studio):
    """The next step is thought through in a thread, on a copy of the run."""
    run_id = await going_on(studio, iterations_per_loop=2, max_loops=1)
    live = studio.driver.live.get(run_id)
    joined, asked = live.joined, []

    def late(run):  # the wish of a user whose action had the lock before this step
        if not asked:
            asked.append(True)
            now = with_wish(live.run, wished)
            live.run = now
        return joined(run)

    wished = (await wish(studio, run_id)).wishes[0]
    live.run = live.run.model_copy(update={"wishes": (), "renders_granted": 0})
    live.joined = late
    await render(studio, 1)
    await studio.next_prompt(2)
    assert shown_prompt(studio, 2) == "a hat"


def test_a_wish_has_a_place_of_its_own_whatever_waits_from_before():
    """One that waited through a stop has an earlier place than what is rendered since."""
    now = started(0.1, 0.9, 0.9, 0.9, iterations_per_loop=2)
    kept = plan().model_copy(update={"loop": 2, "index": 1})
    pending = Pending(prompt_id="p", plan=plan().model_copy(update={"loop": 3, "index": 1}))
    now = now.model_copy(update={"wishes": (kept,), "pending": pending})
    assert wish_place(now) == (3, 2) and wish_place(now.model_copy(update={"pending": None})) == (2, 2)


def test_so_many_wishes_and_no_more():
    now = started(0.1, 0.9, 0.9, 0.9)
    for _ in range(MOST_WAITING):
        now = with_wish(now, plan())
    with pytest.raises(ValueError, match="wait already"):
        with_wish(now, plan())


class PointingJudge:
    looks = True

    def __init__(self):
        self.asked = []

    async def point_at(self, picture, goal, requirement, wrong, asks, seed):
        self.asked.append((requirement, wrong, asks))
        return RegionHint(requirement=requirement, prompt="a straw hat", region="the head")


@played
async def test_the_judge_is_asked_about_the_wish_before_anything_else(studio):
    run_id = await going_on(studio)
    run, judge = await wish(studio, run_id), PointingJudge()
    later = run.model_copy(update={"iterations": run.iterations * 2})  # so the picture is read from the folder
    hints = await ask_hints(judge, Journal(studio.root), later, [], 0)
    assert judge.asked == [("", "the marked region: a hat", "thing")]
    assert [one.prompt for one in hints.values()] == ["a straw hat"]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_users_do_no_picture_is_written_over_and_no_wish_is_done_twice(tmp_path, seed):
    draw = random.Random(seed)

    async def story(studio):
        run_id = await going_on(studio, iterations_per_loop=2, max_loops=2)
        over, asked = asyncio.Event(), []

        async def renders():
            while not over.is_set():
                for submission in list(studio.queue.submitted):
                    state = studio.queue.states.get(submission.prompt_id)
                    if state is not None and state.kind == "pending":
                        with suppress(RunIsOver):
                            place = await studio.begin(submission.prompt_id)
                            studio.judges(submission.prompt_id, place, TWO_MISSING)
                await asyncio.sleep(0.001)

        async def user(name):
            for count in range(8):
                words = f"wish {name} {count}"
                action = draw.choice(
                    [
                        lambda words=words: wish(studio, run_id, words, draw.randint(1, 2)),
                        lambda: studio.actions.stop(run_id, draw.random() < 0.5),
                        lambda: studio.actions.continue_run(run_id, draw.choice(["", "at night"])),
                        lambda: studio.actions.resume(run_id),
                    ]
                )
                with suppress(NotNow, ValueError):
                    run = await asyncio.wait_for(action(), 20)
                    pending = [run.pending.plan] if run.pending is not None else []
                    if any(one.repair and one.repair.wish == words for one in (*run.wishes, *pending)):
                        asked.append(words)
                await asyncio.sleep(draw.random() / 100)

        rendering = asyncio.ensure_future(renders())
        await asyncio.gather(*(user(name) for name in "abc"))
        for _ in range(40):  # what still waits is carried out, once
            run = await studio.driver.live.wait(run_id, 20)
            if not run.wishes:
                break
            with suppress(NotNow):
                await studio.actions.continue_run(run_id)
            await asyncio.sleep(0.01)
        with suppress(NotNow):
            await studio.actions.stop(run_id)
        run = await studio.driver.live.wait(run_id, 20)
        over.set()
        await rendering
        names = [stem(i.plan) for i in run.iterations]
        assert len(set(names)) == len(names), names
        assert not run.wishes and run.ended
        done = [i.plan.repair.wish for i in run.iterations if i.plan.repair is not None and i.plan.repair.wish]
        assert len(set(done)) == len(done) and set(done) <= set(asked)

    asyncio.run(story(Studio(tmp_path)))


@played
async def test_a_page_is_told_of_a_wish_at_once(studio):
    run_id = await going_on(studio)
    before = len(studio.pages.published)
    await wish(studio, run_id)
    await until(lambda: len(studio.pages.published) > before)
    assert studio.pages.published[-1].wishes and time.time() - studio.pages.published[-1].updated < 60
