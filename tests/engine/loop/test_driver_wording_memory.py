"""The driver and what past runs taught: asked once for each run, told at its end, and never a reason to end one."""

from __future__ import annotations

import asyncio
import json

from pack.engine.loop.run import MEASURING, Run
from pack.engine.loop.view import run_view
from pack.engine.loop.wording_memory import RememberedWordings, learn_wordings, recall_wordings

from .runs import critique, itemised
from .stage import Stage
from .test_wording_memory import FOX, NOW, TOLD


class MemoryTeacher:
    def __init__(self, broken=False):
        self.memory, self.broken, self.recalls, self.learns = RememberedWordings(), broken, 0, 0

    def recall(self, family, asked):
        self.recalls += 1
        if self.broken:
            raise OSError("unreadable")
        return recall_wordings(self.memory, family, asked, NOW)

    def learn(self, past):
        self.learns += 1
        if self.broken:
            raise OSError("full")
        self.memory = learn_wordings(self.memory, past, NOW)


async def two_looks(stage, name, clause, client_id="page"):
    """A run of two pictures: the first lacks the ducks, the second has them. (its second render's prompt, the run)

    Another page attaches after the first.
    """
    begun = len(stage.queue.submitted)
    place = await stage.begin(name, client_id=client_id, settings=TOLD)
    await stage.actions.attach(place.run.id, "another page")
    stage.judged(name, itemised(0.9, 0.1, edits={"r2": clause}), checklist=FOX)
    second = await stage.next_prompt(begun + 1)
    await stage.begin(second)
    stage.judged(second, itemised(0.9, 0.95, passed=True), checklist=FOX)
    ended = await stage.ended(place.run.id)
    return stage.queue.submitted[begun].graph["10"]["inputs"]["prompt"], ended


def test_a_second_run_uses_the_clause_that_worked_in_the_first(tmp_path):
    async def story():
        stage = Stage(tmp_path, MemoryTeacher())
        prompt, first = await two_looks(stage, "p1", "a trio of ducks")
        assert prompt.endswith("a trio of ducks") and first.past_wordings == {}
        prompt, second = await two_looks(stage, "p2", "exactly 3 ducks")
        assert prompt.endswith("a trio of ducks"), "not what the editor proposes this time"
        (known,) = second.past_wordings["r2"]
        assert known.clause == "a trio of ducks" and known.met > 0.8 * known.shown == 0.8
        assert (stage.wording_store.recalls, stage.wording_store.learns) == (2, 2), "once for each run"
        again = await stage.actions.continue_run(second.id, "make it night")
        assert again.past_wordings == {}, "ids of the earlier checklist"

    asyncio.run(story())


def test_a_run_of_an_experiment_neither_learns_nor_teaches_whoever_follows_it(tmp_path):
    async def story():
        stage = Stage(tmp_path, MemoryTeacher())
        await two_looks(stage, "p1", "a trio of ducks")
        prompt, run = await two_looks(stage, "p2", "exactly 3 ducks", f"{MEASURING}1")
        assert prompt.endswith("exactly 3 ducks") and run.past_wordings == {}
        assert (stage.wording_store.recalls, stage.wording_store.learns) == (1, 1)
        assert run.client_id == "another page" and run_view(run).measured
        kept = json.loads(run.model_dump_json())
        assert Run.model_validate(kept).measured
        older = {name: value for name, value in kept.items() if name != "measured"}
        assert not Run.model_validate(older).measured
        assert Run.model_validate({**older, "client_id": f"{MEASURING}1"}).measured, "as it was told before"

    asyncio.run(story())


def test_a_memory_that_cannot_be_used_ends_no_run(tmp_path, caplog):
    async def story():
        stage = Stage(tmp_path, MemoryTeacher(broken=True))
        prompt, ended = await two_looks(stage, "p1", "a trio of ducks")
        assert prompt.endswith("a trio of ducks") and ended.status == "done"

    asyncio.run(story())
    assert "could not be read" in caplog.text and "could not be kept" in caplog.text


def test_a_run_without_a_checklist_neither_asks_nor_teaches(tmp_path):
    async def story():
        stage = Stage(tmp_path, MemoryTeacher())
        place = await stage.begin()
        stage.judged("p1", critique(0.9, passed=True))
        await stage.ended(place.run.id)
        assert (stage.wording_store.recalls, stage.wording_store.learns) == (0, 0)

    asyncio.run(story())
