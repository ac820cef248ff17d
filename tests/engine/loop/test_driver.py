"""The driver with an in-memory queue: every way a prompt can end, and every way a user can interfere."""

from __future__ import annotations

import asyncio
import errno

import pytest
from pack.engine.graph.finding import Finding
from pack.engine.loop.journal import Journal
from pack.engine.loop.live_runs import REMEMBERED_RUNS, NotNow, RunNotFound
from pack.engine.loop.ports import PromptState, Queued
from pack.engine.settings import Limits

from .runs import SETTINGS, critique
from .stage import MemoryQueue, Stage, played_on, until


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


played = played_on(Stage)


@played
async def test_one_run_to_done(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.5, prompt_append="deep snow"))
    second = await stage.next_prompt(1)
    sent = stage.queue.submitted[0]
    assert "is_changed" not in sent.graph["10"]
    assert sent.graph["10"]["inputs"]["prompt"] == "a red fox, deep snow"
    assert sent.client_id == "page"
    assert sent.extra_pnginfo["other"] == 1
    on_disk = Journal(stage.root).load(place.run.id)
    assert on_disk.pending.prompt_id == second, "the journal knows of the render before the queue does"
    assert (await stage.begin(second)).number == 2
    stage.judged(second, critique(0.9, passed=True))
    run = await stage.ended(place.run.id)
    assert (run.status, run.phase, run.best.number) == ("done", "waiting", 2)
    assert run.iterations[0].seconds["render"] == pytest.approx(2, abs=0.5)
    assert Journal(stage.root).load(place.run.id).status == "done"
    revisions = [r.revision for r in stage.pages.published]
    assert revisions == sorted(set(revisions))
    for told in stage.pages.published:
        recorded = {i.prompt_id for i in told.iterations}
        assert told.pending is None or told.pending.prompt_id not in recorded, "what is recorded is no longer pending"


@played
async def test_an_unchanged_graph_queued_again_is_a_new_run(stage):
    first, second = await stage.begin("p1"), await stage.begin("p2")
    assert first.run.id != second.run.id


@played
async def test_runs_at_the_same_time_do_not_mix(stage):
    a, b = await stage.begin("a"), await stage.begin("b", goal="two ducks")
    stage.judged("b", critique(0.3, prompt_append="ducks"))
    after_b = await stage.next_prompt(1)
    stage.judged("a", critique(0.6, prompt_append="snow"))
    after_a = await stage.next_prompt(2)
    assert (await stage.begin(after_a)).run.id == a.run.id
    assert (await stage.begin(after_b)).run.id == b.run.id
    assert stage.queue.submitted[0].graph["10"]["inputs"]["goal"] == "two ducks"
    stage.judged(after_a, critique(0.9, passed=True))
    stage.judged(after_b, critique(0.95, passed=True))
    assert (await stage.ended(a.run.id)).best.critique.score == 0.9
    assert (await stage.ended(b.run.id)).best.critique.score == 0.95


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        (PromptState("error", "KSampler (node 5) failed: out of memory"), "failed", "KSampler"),
        (PromptState("interrupted"), "interrupted", "Interrupt"),
        (PromptState("gone"), "deleted", "removed"),
        (PromptState("success"), "failed", "VLM Critique"),
    ],
)
def test_how_a_prompt_ends_names_the_runs_end_and_keeps_the_best(stage, state, status, word):
    async def story():
        place = await stage.begin()
        stage.judged("p1", critique(0.5))
        second = await stage.next_prompt(1)
        stage.queue.states[second] = state
        run = await stage.ended(place.run.id)
        assert run.status == status
        assert word in run.reason
        assert run.best.number == 1

    asyncio.run(story())


@played
async def test_history_wiped_after_a_good_end_is_not_taken_for_a_deletion(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.9, passed=True))
    del stage.queue.states["p1"]
    assert (await stage.ended(place.run.id)).status == "done"


@played
async def test_stop_now_takes_the_pending_prompt_out(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.5))
    second = await stage.next_prompt(1)
    await stage.actions.stop(place.run.id)
    run = await stage.ended(place.run.id)
    assert (run.status, stage.queue.cancelled) == ("stopped", [second])
    with pytest.raises(NotNow):
        await stage.actions.stop(place.run.id)


@played
async def test_stop_between_two_prompts_is_not_lost(stage):
    place = await stage.begin()
    submit = stage.queue.submit

    async def slow(submission):
        await stage.actions.stop(place.run.id)
        await submit(submission)

    stage.queue.submit = slow
    stage.judged("p1", critique(0.5))
    run = await stage.ended(place.run.id)
    assert run.status == "stopped"
    assert not stage.queue.states.get(stage.queue.submitted[0].prompt_id)


@played
async def test_stop_after_this_one_lets_it_finish(stage):
    place = await stage.begin()
    await stage.actions.stop(place.run.id, after_this=True)
    stage.judged("p1", critique(0.5))
    run = await stage.ended(place.run.id)
    assert (run.status, len(run.iterations), stage.queue.cancelled) == ("stopped", 1, [])


@played
async def test_stop_after_a_picture_that_meets_the_goal_is_done(stage):
    place = await stage.begin()
    await stage.actions.stop(place.run.id, after_this=True)
    stage.judged("p1", critique(0.9, passed=True))
    assert (await stage.ended(place.run.id)).status == "done"


@played
async def test_continue_with_an_instruction(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.9, passed=True))
    await stage.ended(place.run.id)
    with pytest.raises(NotNow):
        await stage.actions.resume(place.run.id)
    run = await stage.actions.continue_run(place.run.id, "make it night", client_id="other page")
    assert not run.ended
    with pytest.raises(NotNow):
        await stage.actions.continue_run(place.run.id, "again")
    second = await stage.next_prompt(1)
    sent = stage.queue.submitted[0]
    assert sent.client_id == "other page"
    assert sent.graph["10"]["inputs"]["goal"] == "a red fox in snow. make it night"
    assert sent.graph["10"]["inputs"]["prompt"] == "a red fox, make it night"
    assert sent.graph["10"]["inputs"]["seed"] == SETTINGS.seed
    assert (await stage.begin(second)).run.start.goal == "a red fox in snow. make it night"
    stage.judged(second, critique(0.7))
    await stage.next_prompt(2)
    assert (await stage.driver.live.find(place.run.id)).best.number == 2


@played
async def test_continue_after_the_limit_goes_on_from_the_best(stage):
    place = await stage.begin(iterations_per_loop=1, max_loops=1)
    stage.judged("p1", critique(0.5, prompt_append="deep snow"))
    assert (await stage.ended(place.run.id)).status == "limit"
    await stage.actions.continue_run(place.run.id)
    await stage.next_prompt(1)
    assert stage.queue.submitted[0].graph["10"]["inputs"]["prompt"] == "a red fox, deep snow"


@played
async def test_a_killed_server_loses_nothing(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.5, prompt_append="deep snow"), fingerprint="mark")
    await stage.next_prompt(1)
    lost = stage.queue.submitted[0]
    stage.die()
    again = Stage(stage.root)  # a new server, the same disk
    run = await again.driver.live.find(place.run.id)
    assert (run.status, len(run.iterations)) == ("suspended", 1)
    assert [r.status for r in again.driver.live.listed()] == ["suspended"]
    run = await again.actions.resume(place.run.id, client_id="reloaded page")
    second = await again.next_prompt(1)
    sent = again.queue.submitted[0]
    assert sent.graph == lost.graph
    assert sent.prompt_id != lost.prompt_id
    at = await again.begin(second)
    assert (at.number, [s.fingerprint for s in at.seen]) == (2, ["mark"])
    again.judged(second, critique(0.9, passed=True))
    assert (await again.ended(place.run.id)).status == "done"


@played
async def test_a_refused_graph_ends_the_run_with_the_servers_words(stage):
    place = await stage.begin()
    stage.queue.refuse = "KSampler (node 5): Value not in list"
    stage.judged("p1", critique(0.5))
    run = await stage.ended(place.run.id)
    assert run.status == "failed"
    assert "Value not in list" in run.reason


@played
async def test_a_folder_that_cannot_be_written_ends_the_run_in_a_named_state(stage):
    stage.root.joinpath("blocked").write_text("a file where the folder should be")
    stage.root = stage.root / "blocked" / "runs"
    place = await stage.begin()
    stage.judged("p1", critique(0.5))
    run = await stage.ended(place.run.id)
    assert run.status == "unsaved"
    assert run.best.number == 1
    assert stage.queue.submitted == []


def test_a_disk_that_fills_up_ends_the_run_in_a_named_state(stage, monkeypatch):
    async def story():
        place = await stage.begin()

        def full(self, run):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Journal, "save", full)
        stage.judged("p1", critique(0.5))
        run = await stage.ended(place.run.id)
        assert run.status == "unsaved"
        assert "No space left" in run.reason

    asyncio.run(story())


@played
async def test_our_own_mistake_does_not_leave_a_run_hanging(stage):
    place = await stage.begin()

    def broken(prompt_id):
        raise RuntimeError("mistake")

    stage.queue.state = broken
    run = await stage.ended(place.run.id)
    assert run.status == "failed"


@played
async def test_a_page_that_cannot_be_told_does_not_end_the_run(stage):
    def broken(run):
        raise RuntimeError("socket")

    stage.pages.publish = broken
    place = await stage.begin()
    stage.judged("p1", critique(0.9, passed=True))
    assert (await stage.ended(place.run.id)).status == "done"


@played
async def test_waiting_ends_with_its_time(stage):
    place = await stage.begin()
    assert not (await stage.driver.live.wait(place.run.id, 0.05)).ended


@played
async def test_unknown_runs(stage):
    with pytest.raises(RunNotFound):
        await stage.driver.live.find("20260101-000000-00000000")
    with pytest.raises(ValueError, match="not a run id"):
        await stage.driver.live.find("../../etc")
    assert (await stage.driver.live.find_by_prompt("p9")) is None


@played
async def test_a_lost_graph_is_said_not_raised_bare(stage):
    place = await stage.begin()
    stage.judged("p1", critique(0.9, passed=True))
    await stage.ended(place.run.id)
    (stage.root / place.run.id / "graph.json").write_text("{")
    again = Stage(stage.root)
    with pytest.raises(NotNow, match="graph"):
        await again.actions.continue_run(place.run.id)


@played
async def test_nobody_sees_an_iteration_that_is_not_on_disk(stage):
    place = await stage.begin()
    journal, unsaved = Journal(stage.root), []

    def look(run):
        on_disk = journal.load(place.run.id)
        if on_disk is None or len(on_disk.iterations) < len(run.iterations):
            unsaved.append(run)

    stage.pages.publish = look
    stage.judged("p1", critique(0.5))
    second = await stage.next_prompt(1)
    await stage.begin(second)
    stage.judged(second, critique(0.9, passed=True))
    await stage.ended(place.run.id)
    assert unsaved == []


@played
async def test_old_runs_leave_memory_but_not_the_disk(stage):
    for n in range(REMEMBERED_RUNS + 5):
        place = await stage.begin(f"p{n}")
        stage.judged(f"p{n}", critique(0.9, passed=True))
        await stage.ended(place.run.id)
    assert len(stage.driver.live._runs) == REMEMBERED_RUNS
    assert len(stage.driver.live.listed()) == REMEMBERED_RUNS + 5
    assert (await stage.driver.live.find_by_prompt("p0")).status == "done"
    first = (await stage.driver.live.find_by_prompt("p0")).id
    assert (await stage.driver.live.wait(first, 1)).status == "done"
    assert (await stage.actions.continue_run(first, "make it night")).status == "running"


class OnCards(MemoryQueue):
    """A queue that gives prompts ids of its own, as ComfyUI-Distributed's does."""

    async def submit(self, submission):
        await super().submit(submission)
        own = f"theirs {len(self.submitted)}"
        self.states[own] = self.states.pop(submission.prompt_id)
        return Queued(own, (Finding(kind="cards", severity="suspicious", what="Painted on one card: x.", fix=""),))


def test_a_queue_may_name_prompts_itself_and_says_what_it_has_to_say_once(tmp_path):
    async def story():
        stage = Stage(tmp_path, queue=OnCards())
        place = await stage.begin(iterations_per_loop=3, max_loops=1)
        stage.judged("p1", critique(0.4))
        for number in (1, 2):
            await until(lambda number=number: f"theirs {number}" in stage.queue.states)
            found = await stage.driver.begin(stage.prompt_context(f"theirs {number}"))
            assert (found.run.id, found.number) == (place.run.id, number + 1), "its critic is known by that name"
            stage.judged(f"theirs {number}", critique(0.4))
        run = await stage.ended(place.run.id)
        assert [i.prompt_id for i in run.iterations] == ["p1", "theirs 1", "theirs 2"]
        assert [note.what for note in run.warnings if note.kind == "cards"] == ["Painted on one card: x."]
        assert stage.driver.live.run_id_of("theirs 2") == run.id
        await stage.actions.delete(run.id)

    asyncio.run(story())


def test_what_costs_money_or_runs_in_part_stays_on_one_card(tmp_path):
    async def story(**fields):
        stage = Stage(tmp_path / str(len(fields)))
        context = stage.prompt_context("p1", iterations_per_loop=3, limits=Limits(paid_renders=9))
        await stage.begin_as(type(context)(**{**vars(context), **fields}))
        stage.judged("p1", critique(0.4))
        await stage.next_prompt(1)
        return stage.queue.submitted[0].one_card

    assert asyncio.run(story()) == ""
    assert "would pay for node 4" in asyncio.run(story(paid_nodes=("node 4",)))
