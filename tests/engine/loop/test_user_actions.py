"""Users who act at the same moment, servers that die at the wrong one, and what was answered all the same."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress

import pytest
import torch
from pack.engine.loop.belief.run_belief import RunBelief
from pack.engine.loop.journal import Journal
from pack.engine.loop.ports import PromptState
from pack.engine.loop.refusals import NotNow, RunIsOver, RunNotFound

from .runs import checklist, critique, itemised
from .stage import Stage, played_on, until

played = played_on(Stage)


async def judged_once(stage, prompt_id, score=0.5, **fields):
    """An iteration with its picture; the run's id."""
    place = await stage.begin(prompt_id, **fields)
    picture = torch.full((4, 4, 3), len(place.run.iterations) / 10)
    name = Journal(stage.root).save_picture(place.run.id, place.plan, picture, {})
    stage.judged(prompt_id, critique(score, passed=score > 0.8), picture=name)
    return place.run.id


async def ended_run(stage):
    """A run of two iterations that the user stopped in its third."""
    run_id = await judged_once(stage, "p1", 0.6)
    await judged_once(stage, await stage.next_prompt(1))
    await stage.next_prompt(2)
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    return run_id


class Gate:
    """Holds a method of Journal up, in its thread, until it is opened; for one run, or for all."""

    def __init__(self, monkeypatch, name, run_id=""):
        self.open, self.reached = threading.Event(), threading.Event()
        real = getattr(Journal, name)

        def held(journal, run, *arguments):
            if run_id in ("", run.id):
                self.reached.set()
                assert self.open.wait(10)
            return real(journal, run, *arguments)

        monkeypatch.setattr(Journal, name, held)

    async def is_reached(self):
        await until(self.reached.is_set)


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def test_whoever_comes_while_a_run_ends_is_told_so(stage, monkeypatch):
    async def story():
        run_id = await judged_once(stage, "p1", 0.6)
        await stage.next_prompt(1)
        gate = Gate(monkeypatch, "close")
        await stage.actions.stop(run_id)
        await gate.is_reached()
        actions = stage.actions
        for action in (
            actions.take(run_id, 1),
            actions.stop(run_id),
            actions.continue_run(run_id),
            actions.resume(run_id),
            actions.attach(run_id, "page"),
            actions.delete(run_id),
        ):
            with pytest.raises(NotNow, match="ending at this moment"):
                await action
        assert Journal(stage.root).load(run_id).status == "running", "best.png and the sheet come first"
        gate.open.set()
        assert (await stage.ended(run_id)).status == "stopped"
        assert (await stage.actions.take(run_id, 1)).taken.iteration == 1

    asyncio.run(story())


def test_a_run_is_not_continued_while_an_iteration_of_it_is_taken(stage, monkeypatch):
    async def story():
        run_id = await ended_run(stage)
        gate = Gate(monkeypatch, "close")
        taking = asyncio.ensure_future(stage.actions.take(run_id, 2))
        await gate.is_reached()
        with pytest.raises(NotNow, match="being changed at this moment"):
            await stage.actions.continue_run(run_id)
        gate.open.set()
        assert (await taking).best.number == 2
        await stage.actions.continue_run(run_id)
        third = await stage.next_prompt(3)
        assert (await stage.begin(third)).run.id == run_id
        assert Journal(stage.root).run_ids() == [run_id], "no second run began by itself"

    asyncio.run(story())


def test_a_run_that_is_looked_at_while_it_is_being_continued_goes_on(stage, monkeypatch):
    """Its run.json is newer then than what is remembered of it, and that is nobody else's doing."""

    async def story():
        run_id = await ended_run(stage)
        gate = Gate(monkeypatch, "record")
        going = asyncio.ensure_future(stage.actions.continue_run(run_id, "at night"))
        await gate.is_reached()
        (stage.root / run_id / "run.json").write_text((stage.root / run_id / "run.json").read_text())
        assert (await stage.driver.live.find(run_id)).status == "stopped"
        gate.open.set()
        assert (await going).status == "running"
        assert (await stage.begin(await stage.next_prompt(3))).run.id == run_id

    asyncio.run(story())


def test_a_run_that_is_being_continued_is_not_forgotten_for_its_age(stage, monkeypatch):
    async def story():
        monkeypatch.setattr("pack.engine.loop.live_runs.REMEMBERED_RUNS", 1)
        old = await ended_run(stage)
        gate = Gate(monkeypatch, "record", old)
        going = asyncio.ensure_future(stage.actions.continue_run(old))
        await gate.is_reached()
        for name in ("p2", "p3"):
            await stage.ended(await judged_once(stage, name, 0.9))
        gate.open.set()
        assert (await going).status == "running"
        assert (await stage.driver.live.find(old)).status == "running"
        assert (await stage.begin(await stage.next_prompt(3))).run.id == old

    asyncio.run(story())


def test_a_critic_that_is_cut_off_as_its_run_begins_leaves_no_run_without_an_end(stage, monkeypatch):
    """As ComfyUI cuts off the nodes that wait when another one fails."""

    async def story():
        gate = Gate(monkeypatch, "open")
        beginning = asyncio.ensure_future(stage.begin("p1"))
        await gate.is_reached()
        beginning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await beginning
        run_id = stage.driver.live.run_id_of("p1")
        gate.open.set()
        stage.queue.states["p1"] = PromptState("interrupted")
        assert (await stage.ended(run_id)).status == "interrupted"
        assert Journal(stage.root).load(run_id).status == "interrupted"

    asyncio.run(story())


@played
async def test_a_prompt_of_a_run_that_is_over_starts_no_other(stage):
    run_id = await judged_once(stage, "p1", 0.9)
    await stage.ended(run_id)
    for call in (stage.begin("p1"), stage.driver.expect(stage.prompt_context("p1"))):
        with pytest.raises(RunIsOver, match=run_id):
            await call
    assert Journal(stage.root).run_ids() == [run_id]


@played
async def test_an_action_that_comes_right_after_a_deletion_finds_no_run(stage):
    run_id = await ended_run(stage)
    await stage.actions.delete(run_id)
    for action in (
        stage.actions.star(run_id, True),
        stage.actions.judge(run_id, 1, None),
        stage.actions.take(run_id, 1),
        stage.actions.correct(run_id, 1, "r1", True),
        stage.actions.continue_run(run_id),
        stage.actions.resume(run_id),
        stage.actions.delete(run_id),
    ):
        with pytest.raises(RunNotFound):
            await action
    assert not (stage.root / run_id).exists()


def test_what_a_run_believes_is_thought_through_in_threads(stage, monkeypatch):
    """Of a run of 300 iterations that takes longer than a server's event loop may be held up."""
    thinkers = set()
    real = RunBelief.__init__
    monkeypatch.setattr(
        RunBelief, "__init__", lambda belief, run: thinkers.add(threading.get_ident()) or real(belief, run)
    )

    async def story():
        asked = checklist("a red fox", "snow", "a hat")
        place = await stage.begin("p1")
        run_id = place.run.id
        stage.judged("p1", itemised(0.9, 0.1, 0.9, score=0.4), checklist=asked)
        second = await stage.next_prompt(1)
        await stage.actions.correct(run_id, 1, "r2", True)
        await stage.begin(second)
        stage.judged(second, itemised(0.9, 0.5, 0.1, score=0.5))
        await stage.next_prompt(2)
        await stage.actions.stop(run_id)
        await stage.ended(run_id)
        await stage.actions.correct(run_id, 2, "r2", True)
        await stage.actions.continue_run(run_id)

    asyncio.run(story())
    assert thinkers and threading.get_ident() not in thinkers


HALF = "\ud83e"
"""The first half of an emoji, as a page sends it that cuts text by length."""


@pytest.mark.parametrize("where", ["goal", "checklist", "prompt", "client_id", "workflow", "critique"])
def test_half_an_emoji_anywhere_ends_no_run_and_keeps_none_going(stage, where):
    async def story():
        fields = {where: f"a red fox {HALF} in snow"} if where in ("goal", "checklist") else {}
        extra = {"workflow": {"id": HALF, "nodes": [], "links": []}} if where == "workflow" else None
        client_id = HALF if where == "client_id" else "page"
        context = stage.prompt_context("p1", client_id=client_id, extra_pnginfo=extra, **fields)
        if where == "prompt":
            settings = context.handle.settings.model_copy(update={"prompt": HALF})
            context = stage.prompt_context("p1", settings=settings)
        place = await stage.begin_as(context)
        verdict = critique(0.9, passed=True)
        if where == "critique":
            verdict = verdict.model_copy(update={"reason": HALF})
        stage.judged("p1", verdict)
        assert (await stage.ended(place.run.id)).status == "done"
        assert Journal(stage.root).load(place.run.id).status == "done"
        run = await stage.actions.continue_run(place.run.id, f"and {HALF} snow", client_id=HALF)
        assert "and \ufffd snow" in run.start.goal
        await stage.next_prompt(1)
        assert Journal(stage.root).load(place.run.id).instructions == run.instructions
        await stage.actions.stop(place.run.id)
        await stage.ended(place.run.id)
        await stage.actions.delete(place.run.id)

    asyncio.run(story())


@pytest.mark.parametrize("name", ["open", "record", "close"])
def test_whatever_goes_wrong_with_its_folder_a_run_comes_to_an_end(stage, monkeypatch, name):
    async def story():
        def broken(journal, *arguments):
            raise RuntimeError("mistake")

        if name == "open":
            monkeypatch.setattr(Journal, name, broken)
        place = await stage.begin()
        monkeypatch.setattr(Journal, name, broken)
        stage.judged("p1", critique(0.9, passed=True))
        run = await stage.ended(place.run.id)
        assert run.status in ("failed", "unsaved")
        assert "error inside Imitatoes" in run.reason
        monkeypatch.undo()
        await stage.actions.continue_run(place.run.id)

    asyncio.run(story())


@pytest.mark.parametrize("problem", [OSError("no room"), RuntimeError("mistake"), MemoryError()], ids=repr)
def test_a_contact_sheet_that_cannot_be_made_decides_nothing(stage, monkeypatch, problem):
    def broken(tiles, folder):
        raise problem

    async def story():
        monkeypatch.setattr("pack.engine.loop.journal.save_contact_sheets", broken)
        run_id = await judged_once(stage, "p1", 0.4)
        second = await stage.next_prompt(1)
        (stage.root / run_id / "loop_01_iter_01.png").write_bytes(b"no picture")
        await judged_once(stage, second, 0.9)
        run = await stage.ended(run_id)
        assert (run.status, run.best.number) == ("done", 2)
        assert (stage.root / run_id / "best.png").read_bytes() == (stage.root / run_id / run.best.picture).read_bytes()
        assert (await stage.actions.take(run_id, 1)).best.number == 1
        assert (await stage.actions.read(run_id)).status == "done"
        monkeypatch.undo()
        await stage.actions.continue_run(run_id)

    asyncio.run(story())


@played
async def test_what_was_taken_survives_a_kill(stage):
    run_id = await judged_once(stage, "p1", 0.6)
    await judged_once(stage, await stage.next_prompt(1))
    await stage.next_prompt(2)
    stage.queue.cancel = nothing  # the server dies before the render has ended
    await stage.actions.take(run_id, 2)
    stage.die()
    run = await Stage(stage.root).driver.live.find(run_id)
    assert (run.status, run.taken.iteration, run.best.number) == ("stopped", 2, 2)
    assert "took iteration 2" in run.reason


@played
async def test_a_wish_survives_a_kill(stage):
    run_id = await ended_run(stage)
    stage.queue.submit = never  # it never gets as far as the queue
    await stage.actions.continue_run(run_id, "make it night")
    stage.die()
    again = Stage(stage.root)
    run = await again.driver.live.find(run_id)
    assert (run.status, run.instructions) == ("suspended", ("make it night",))
    await again.actions.resume(run_id)
    await again.next_prompt(1)
    assert again.queue.submitted[0].graph["10"]["inputs"]["goal"] == "a red fox in snow. make it night"


@played
async def test_a_stop_survives_a_kill(stage):
    run_id = await judged_once(stage, "p1", 0.6)
    await stage.next_prompt(1)
    stage.queue.cancel = nothing
    await stage.actions.stop(run_id)
    stage.die()
    run = await Stage(stage.root).driver.live.find(run_id)
    assert (run.status, run.pending) == ("stopped", None)


async def nothing(*_):
    pass


async def never(*_):
    await asyncio.Event().wait()


def test_an_action_that_cannot_be_written_has_not_happened(stage, monkeypatch):
    async def story():
        run_id = await ended_run(stage)
        before = await stage.driver.live.find(run_id)

        def full(journal, *arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Journal, "record", full)
        with pytest.raises(OSError, match="No space"):
            await stage.actions.continue_run(run_id, "make it night")
        with pytest.raises(OSError, match="No space"):
            await stage.actions.take(run_id, 2)
        assert (await stage.driver.live.find(run_id)) == before
        monkeypatch.undo()
        assert (await stage.actions.continue_run(run_id, "make it night")).instructions == ("make it night",)

    asyncio.run(story())


@played
async def test_an_unsaved_run_goes_on_once_its_folder_can_be_written(stage):
    folder, wrong = stage.root / "runs", stage.root / "wrong"
    wrong.write_text("a file where the folder should be")
    stage.root = wrong
    run_id = await judged_once_unsaved(stage)
    with pytest.raises(OSError):
        await stage.actions.continue_run(run_id)
    assert (await stage.driver.live.find(run_id)).status == "unsaved"
    stage.root = folder
    await stage.actions.continue_run(run_id)
    second = await stage.next_prompt(1)
    assert Journal(folder).load_graph(run_id)[0]["10"]["inputs"]["goal"] == "a red fox in snow"
    await judged_once(stage, second, 0.9)
    run = await stage.ended(run_id)
    assert (run.status, len(run.iterations)) == ("done", 2)
    journal = Journal(folder)
    assert journal.load(run_id).status == "done"
    assert journal.load_fingerprint(run_id, run.iterations[0].plan) == "mark", "what was not written then is now"
    assert (folder / run_id / "best.png").is_file()


async def judged_once_unsaved(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.5), save_error="The picture could not be written.", fingerprint="mark")
    assert (await stage.ended(place.run.id)).status == "unsaved"
    return place.run.id


@played
async def test_continuing_grants_as_many_renders_as_the_run_first_had(stage):
    run_id = await judged_once(stage, "p1", iterations_per_loop=4, max_loops=3)
    await stage.next_prompt(1)
    await stage.actions.stop(run_id)
    ended = await stage.ended(run_id)
    assert (len(ended.iterations), ended.renders_allowed, ended.renders_to_grant) == (1, 12, 12)
    run = await stage.actions.continue_run(run_id)
    assert (run.renders_allowed, run.renders_left) == (13, 12)
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    run = await stage.actions.continue_run(run_id)
    assert run.renders_left == 12, "what was left is not added to it"


@pytest.mark.parametrize("seed", range(8))
def test_users_who_do_anything_at_any_time_leave_one_run_in_a_named_state(tmp_path, seed):
    """Five users, one run: whatever they do, the run ends once, nothing starts by itself, and nobody waits for ever."""
    draw = random.Random(seed)

    async def story(stage):
        run_id = await judged_once(stage, "p1", 0.6)
        await stage.next_prompt(1)
        over = asyncio.Event()

        async def renders():
            while not over.is_set():
                for submission in list(stage.queue.submitted):
                    state = stage.queue.states.get(submission.prompt_id)
                    if state is not None and state.kind == "pending":
                        with suppress(RunIsOver):
                            await judged_once(stage, submission.prompt_id, draw.choice([0.4, 0.5, 0.6, 0.9]))
                await asyncio.sleep(0.001)

        async def user():
            actions = stage.actions
            for _ in range(12):
                action = draw.choice(
                    [
                        lambda: actions.stop(run_id, draw.random() < 0.5),
                        lambda: actions.take(run_id, draw.randint(1, 4)),
                        lambda: actions.continue_run(run_id, draw.choice(["", "at night"])),
                        lambda: actions.resume(run_id),
                        lambda: actions.attach(run_id, "page"),
                    ]
                )
                with suppress(NotNow, ValueError):
                    await asyncio.wait_for(action(), 20)
                await asyncio.sleep(draw.random() / 100)

        rendering = asyncio.ensure_future(renders())
        await asyncio.gather(*(user() for _ in range(5)))
        with suppress(NotNow):
            await stage.actions.stop(run_id)
        run = await stage.driver.live.wait(run_id, 20)
        over.set()
        await rendering
        assert run.ended and run.status in ("stopped", "done", "limit", "no_progress"), run.reason
        on_disk = Journal(stage.root).load(run_id)
        assert (on_disk.status, on_disk.taken, len(on_disk.iterations)) == (run.status, run.taken, len(run.iterations))
        assert Journal(stage.root).is_closed(run)
        assert Journal(stage.root).run_ids() == [run_id]
        await stage.actions.delete(run_id)
        with pytest.raises(RunNotFound):
            await stage.driver.live.find(run_id)

    asyncio.run(story(Stage(tmp_path)))


@played
async def test_an_action_that_is_refused_leaves_a_running_run_its_owner(stage):
    run_id = await judged_once(stage, "p1", 0.6)
    await stage.next_prompt(1)
    for action in (stage.actions.judge(run_id, 1, None), stage.actions.delete(run_id), stage.actions.resume(run_id)):
        with pytest.raises(NotNow):
            await action
    other = Stage(stage.root)
    assert (await other.driver.live.find(run_id)).elsewhere
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    assert (await other.actions.take(run_id, 1)).taken.iteration == 1
